"""Rows of the portal's models."""

# factory_boy's own annotations export no names and leave its generics open.
# mypy: disable-error-code="attr-defined, type-arg"

import factory
from allauth.account.models import EmailAddress
from factory.django import DjangoModelFactory

from portal import models as portal
from tests.factories.gateway import ProductFactory, UserFactory


class CatalogueFactory(DjangoModelFactory):
    class Meta:
        model = portal.Catalogue

    name = factory.Sequence(lambda n: f"Catalogue {n}")
    slug = factory.Sequence(lambda n: f"catalogue-{n}")


class EmailAddressFactory(DjangoModelFactory):
    """A user's address, not confirmed."""

    class Meta:
        model = EmailAddress

    user = factory.SubFactory(UserFactory)
    email = factory.SelfAttribute("user.email")


class PageFactory(DjangoModelFactory):
    class Meta:
        model = portal.Page

    product = factory.SubFactory(ProductFactory)
    title = factory.Sequence(lambda n: f"Page {n}")
    slug = factory.Sequence(lambda n: f"page-{n}")
