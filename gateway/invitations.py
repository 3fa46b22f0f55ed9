"""Invitations: somebody is asked by e-mail to join an organization, and joins with the token in that mail."""

import datetime as dt
import secrets
from dataclasses import dataclass
from typing import Final

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from gateway import audit
from gateway.actor import Actor
from gateway.errors import RefusedError
from gateway.models import Invitation, Membership, Organization, Role, User
from gateway.organizations import check_rank
from gateway.records import save_checked
from streams.secrets import api_key_digest

TOKEN_BYTES: Final = 32
LIFETIME: Final = dt.timedelta(days=7)
MOST_OPEN: Final = 100
"""In one organization: who may invite may have this many mails sent, not any number."""


@dataclass(frozen=True, slots=True)
class IssuedInvitation:
    """A new invitation with its token, which only the mail to the invited has."""

    invitation: Invitation
    token: str


@transaction.atomic
def invite(actor: Actor, *, email: str, role: Role) -> IssuedInvitation:
    """Ask somebody to join the actor's organization; an open invitation to the same address ends.

    Raises InputError, RefusedError.
    """
    check_rank(actor, role)
    members = Membership.objects.filter(organization=actor.organization)
    if members.filter(user__email__iexact=email).exists():
        raise RefusedError(f"{email} is a member already", code="already_member")
    # Locked, so that two invitations at the same moment see each other.
    Organization.objects.select_for_update().get(pk=actor.organization.pk)
    _end_earlier(actor, email)
    token = secrets.token_urlsafe(TOKEN_BYTES)
    invitation = Invitation(
        organization=actor.organization,
        email=email.lower(),
        role=role,
        digest=api_key_digest(token),
        invited_by=actor.user,
        expires_at=timezone.now() + LIFETIME,
    )
    save_checked(invitation)
    audit.record(actor, "invitation.issue", invitation, {"role": [None, str(role)]})
    return IssuedInvitation(invitation, token)


@transaction.atomic
def revoke_invitation(actor: Actor, invitation: Invitation) -> Invitation:
    """End an invitation before it is accepted. Raises InputError, RefusedError."""
    check_rank(actor, Role(invitation.role), pointer="")
    invitation = Invitation.objects.select_for_update().get(pk=invitation.pk)
    _check_unused(invitation)
    invitation.revoked_at = timezone.now()
    invitation.save(update_fields=("revoked_at",))
    audit.record(actor, "invitation.revoke", invitation)
    return invitation


@transaction.atomic
def accept_invitation(user: User, token: str) -> Membership:
    """Make the invited user a member; the token works once.

    Raises Invitation.DoesNotExist for a token that nobody issued, RefusedError for one that opens nothing now.
    """
    found = invitation_of(token)
    invitation = Invitation.objects.select_for_update().get(pk=found.pk)
    check_acceptable(invitation)
    if user.email.lower() != invitation.email.lower():
        raise RefusedError(
            f"the invitation is for {invitation.email}",
            code="other_address",
            remedy="sign in with that address, or ask for an invitation to yours",
        )
    membership, is_new = Membership.objects.get_or_create(
        user=user, organization=invitation.organization, defaults={"role": invitation.role}
    )
    if not is_new:
        raise RefusedError(f"you are a member of {invitation.organization} already", code="already_member")
    invitation.accepted_at = timezone.now()
    invitation.save(update_fields=("accepted_at",))
    actor = Actor(user, invitation.organization, Role(membership.role))
    audit.record(actor, "invitation.accept", invitation, {"role": [None, membership.role]})
    return membership


def invitation_of(token: str) -> Invitation:
    """The invitation whose mail has this token. Raises Invitation.DoesNotExist."""
    related = Invitation.objects.select_related("organization", "invited_by")
    return related.get(digest=api_key_digest(token))


def check_acceptable(invitation: Invitation) -> None:
    """Raise RefusedError unless the invitation can be accepted now."""
    _check_unused(invitation)
    if invitation.has_expired:
        remedy = f"ask an owner of {invitation.organization} for a new one"
        raise RefusedError("the invitation has expired", code="expired", remedy=remedy)
    if not invitation.organization.is_active:
        raise RefusedError(f"{invitation.organization} is suspended", code="suspended")


def open_invitations(organization: Organization) -> "QuerySet[Invitation]":
    """Those that were neither accepted nor revoked, the newest first; expired ones, too."""
    unused = Invitation.objects.filter(organization=organization, accepted_at=None, revoked_at=None)
    return unused.select_related("invited_by", "organization").order_by("-pk")


def _check_unused(invitation: Invitation) -> None:
    if invitation.accepted_at is not None:
        raise RefusedError("the invitation was used", code="used", remedy="sign in")
    if invitation.revoked_at is not None:
        remedy = f"ask an owner of {invitation.organization} for a new one"
        raise RefusedError("the invitation was taken back", code="revoked", remedy=remedy)


def _end_earlier(actor: Actor, email: str) -> None:
    """End what is open to an address, as far as the actor may. Raises InputError, RefusedError."""
    unused = open_invitations(actor.organization)
    for earlier in unused.filter(email__iexact=email):
        revoke_invitation(actor, earlier)
    if unused.filter(expires_at__gt=timezone.now()).count() >= MOST_OPEN:
        remedy = "revoke those that nobody will accept"
        raise RefusedError(f"{MOST_OPEN} invitations are open", code="too_many", remedy=remedy)
