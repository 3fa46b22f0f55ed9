"""Pages of a product: in order, with an address each, every change written down."""

import pytest

from gateway.errors import InputError
from gateway.models import Role
from portal.models import Page
from portal.product_pages import change_page, create_page, delete_page
from tests.changes import actor_in, changes
from tests.factories import OrganizationFactory, ProductFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def actor():
    return actor_in(OrganizationFactory(), Role.PUBLISHER)


@pytest.fixture
def product(actor):
    return ProductFactory(organization=actor.organization)


def test_pages_stand_in_the_order_they_were_written(actor, product):
    with changes() as left:
        pages = [create_page(actor, product, title=title, body="*") for title in ("First steps", "Limits")]
    assert [page.slug for page in pages] == ["first-steps", "limits"]
    assert list(product.pages.all()) == pages
    assert left.verbs == ["page.create", "page.create"]
    change_page(actor, pages[1], {"position": 0})
    change_page(actor, pages[0], {"position": 1})
    assert list(product.pages.all()) == pages[::-1]


def test_an_address_is_taken_once_in_a_product(actor, product):
    create_page(actor, product, title="Limits")
    with changes() as left, pytest.raises(InputError):
        create_page(actor, product, title="Limits!")
    assert (left.audit, Page.objects.count()) == ([], 1)


def test_a_title_without_letters_has_an_address_all_the_same(actor, product):
    assert create_page(actor, product, title="…").slug == "page"


def test_a_page_is_changed_and_deleted_with_a_trace(actor, product):
    page = create_page(actor, product, title="Limits")
    with changes() as left:
        change_page(actor, page, {"body": "None."})
        delete_page(actor, page)
    assert left.verbs == ["page.change", "page.delete"]
    assert left.audit[0].changes == {"body": ["", "None."]}
