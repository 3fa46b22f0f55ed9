"""Who takes part in the demonstration, and how they sign in."""

import secrets
from dataclasses import dataclass
from typing import Final

from gateway.actor import Actor
from gateway.management_keys import actor_of, issue_management_key
from gateway.models import Membership, Organization, Role, Scope, User
from portal.demonstration.issued import Account

SLUG: Final = "demo"
PASSWORD_BYTES: Final = 9


@dataclass(frozen=True, slots=True)
class Person:
    """One account."""

    name: str  # what they are, and their e-mail address before the @
    role: Role
    is_operator: bool = False  # may sign in to Django admin

    @property
    def email(self) -> str:
        """Their address, in a domain that no mail reaches (RFC 2606)."""
        return f"{self.name}@demo.example"


ADMINISTRATOR: Final = Person("administrator", Role.OWNER, is_operator=True)
PUBLISHER: Final = Person("publisher", Role.PUBLISHER)
DEVELOPER: Final = Person("developer", Role.DEVELOPER)


def organization() -> Organization:
    """The organization that all of them belong to."""
    return Organization.objects.get_or_create(slug=SLUG, defaults={"name": "Demo Shop"})[0]


def join(person: Person, organization: Organization, known_password: str) -> Account:
    """See that the person has an account in the organization; a password that does not open it is replaced."""
    user = User.objects.filter(email=person.email).first()
    password = known_password
    if user is None or not known_password or not user.check_password(known_password):
        password = secrets.token_urlsafe(PASSWORD_BYTES)
        user = user or User(email=person.email, name=person.name.capitalize())
        user.is_staff = user.is_superuser = person.is_operator
        user.set_password(password)
        user.save()
    Membership.objects.get_or_create(user=user, organization=organization, defaults={"role": person.role})
    return Account(person.name, person.email, password)


def actor(person: Person, organization: Organization) -> Actor:
    """The person, acting in the organization."""
    return Actor(User.objects.get(email=person.email), organization, person.role)


def management_key(organization: Organization, known_key: str) -> str:
    """A key with every scope that acts as the publisher: the known one while it works, else a new one."""
    if known_key and actor_of(known_key) is not None:
        return known_key
    publisher = actor(PUBLISHER, organization)
    if publisher.user is None:
        raise User.DoesNotExist
    return issue_management_key(publisher, user=publisher.user, name="tutorial", scopes=Scope).key
