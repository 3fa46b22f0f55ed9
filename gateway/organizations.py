"""Organizations and who belongs to them."""

import secrets
from collections.abc import Mapping
from typing import Any, Final

from django.db import transaction
from django.utils.text import slugify

from gateway import audit
from gateway.actor import Actor
from gateway.announcements import announce
from gateway.errors import Fault, InputError, RefusedError
from gateway.models import Membership, Organization, Role, User
from gateway.records import save_checked, set_fields

SLUG_CHARACTERS: Final = 50
"""Of a name, in the slug made of it."""


@transaction.atomic
def create_organization(user: User, name: str) -> Organization:
    """Make an organization whose owner is `user`. Raises InputError."""
    # The slug is nobody's choice: with a random end, two of the same name at the same moment do not meet.
    slug = f"{slugify(name)[:SLUG_CHARACTERS] or 'organization'}-{secrets.token_hex(4)}"
    organization = Organization(name=name, slug=slug)
    save_checked(organization)
    membership = Membership.objects.create(user=user, organization=organization, role=Role.OWNER)
    actor = Actor(user, organization, Role.OWNER)
    audit.record(actor, "organization.create", organization)
    audit.record(actor, "member.add", membership, {"role": [None, str(Role.OWNER)]})
    return organization


@transaction.atomic
def change_organization(actor: Actor, values: Mapping[str, Any]) -> Organization:
    """Rename the actor's organization. Raises InputError."""
    organization = Organization.objects.select_for_update().get(pk=actor.organization.pk)
    changes = set_fields(organization, values)
    save_checked(organization)
    audit.record(actor, "organization.change", organization, changes)
    return organization


@transaction.atomic
def set_organization_active(actor: Actor, organization: Organization, *, active: bool) -> Organization:
    """Suspend a whole organization (nothing is delivered, no key works), or let it go on; by operators."""
    changes = set_fields(organization, {"is_active": active})
    organization.save(update_fields=("is_active",))
    verb = "organization.activate" if active else "organization.suspend"
    audit.record(actor, verb, organization, changes, organization=organization)
    announce()
    return organization


@transaction.atomic
def add_member(actor: Actor, *, email: str, role: Role) -> Membership:
    """Add a user by their e-mail address. Raises InputError."""
    user = User.objects.filter(email__iexact=email).first()
    if user is None:
        raise InputError(
            Fault(f"nobody has signed up as {email}", "/email", "unknown", "ask them to sign up first")
        )
    if Membership.objects.filter(user=user, organization=actor.organization).exists():
        raise RefusedError(f"{user} is a member already", code="already_member")
    check_rank(actor, role)
    membership = Membership(user=user, organization=actor.organization, role=role)
    save_checked(membership)
    audit.record(actor, "member.add", membership, {"role": [None, str(role)]})
    return membership


@transaction.atomic
def change_member(actor: Actor, membership: Membership, role: Role) -> Membership:
    """Give a member another role. Raises InputError, RefusedError."""
    before = Role(membership.role)
    check_rank(actor, before)
    check_rank(actor, role)
    if role is not Role.OWNER:
        _check_owner_left(membership)
    membership.role = role
    membership.save(update_fields=("role",))
    audit.record(actor, "member.change", membership, {"role": [str(before), str(role)]})
    return membership


@transaction.atomic
def remove_member(actor: Actor, membership: Membership) -> None:
    """End a membership; management keys that act as this member stop working. Raises RefusedError."""
    check_rank(actor, Role(membership.role), pointer="")
    _check_owner_left(membership)
    audit.record(actor, "member.remove", membership)
    membership.delete()


def check_rank(actor: Actor, role: Role, pointer: str = "/role") -> None:
    """Raise InputError unless the actor may give and take this role: only owners make owners.

    pointer: where in the input the role stands; empty: the input has none.
    """
    if role is Role.OWNER and actor.role is not Role.OWNER:
        raise InputError(Fault("only an owner may make or change an owner", pointer, "forbidden"))


def _check_owner_left(membership: Membership) -> None:
    if membership.role != Role.OWNER:
        return
    # Owners are locked, so that two of them cannot remove each other at the same moment.
    owners = Membership.objects.select_for_update().filter(
        organization=membership.organization, role=Role.OWNER
    )
    if len(owners) < 2:
        raise RefusedError("an organization keeps at least one owner", code="last_owner")
