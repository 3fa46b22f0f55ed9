"""Management keys: how programs call the management API."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from django.db import transaction
from django.utils import timezone

from gateway import audit
from gateway.actor import Actor
from gateway.credentials import PREFIX_CHARACTERS
from gateway.errors import Fault, InputError, RefusedError
from gateway.models import ManagementKey, Membership, Role, Scope, User
from gateway.records import save_checked
from streams.secrets import api_key_digest, generate_api_key

KEY_PREFIX: Final = "slm"


@dataclass(frozen=True, slots=True)
class IssuedManagementKey:
    """A new management key with its text, which nobody can read again."""

    management_key: ManagementKey
    key: str


@transaction.atomic
def issue_management_key(
    actor: Actor, *, user: User, name: str, scopes: Iterable[Scope], expires_at: dt.datetime | None = None
) -> IssuedManagementKey:
    """Make a key that acts as a member, within scopes that the actor has. Raises InputError."""
    if expires_at is not None and expires_at <= timezone.now():
        raise InputError(Fault("it would have expired already", "/expires_at", "past"))
    wanted = sorted(set(scopes))
    _check_grant(actor, user, wanted)
    key = generate_api_key(KEY_PREFIX)
    management_key = ManagementKey(
        user=user,
        organization=actor.organization,
        name=name,
        prefix=key[:PREFIX_CHARACTERS],
        digest=api_key_digest(key),
        scopes=wanted,
        expires_at=expires_at,
    )
    save_checked(management_key)
    audit.record(actor, "management_key.issue", management_key, {"scopes": [None, wanted]})
    return IssuedManagementKey(management_key, key)


@transaction.atomic
def revoke_management_key(actor: Actor, management_key: ManagementKey) -> ManagementKey:
    """End a management key now. Raises RefusedError when it is revoked already."""
    if management_key.revoked_at is not None:
        raise RefusedError(f"{management_key} is revoked already", code="already_revoked")
    management_key.revoked_at = timezone.now()
    management_key.save(update_fields=("revoked_at",))
    audit.record(actor, "management_key.revoke", management_key)
    return management_key


def actor_of(key: str) -> Actor | None:
    """Return who acts with a key; None: unknown, revoked, expired, or its user has no standing."""
    now = timezone.now()
    management_key = (
        ManagementKey.objects.select_related("user", "organization")
        .filter(digest=api_key_digest(key), user__is_active=True, organization__is_active=True)
        .first()
    )
    if management_key is None or management_key.revoked_at is not None:
        return None
    if management_key.expires_at is not None and management_key.expires_at <= now:
        return None
    membership = Membership.objects.filter(
        user=management_key.user, organization=management_key.organization
    ).first()
    if membership is None:
        return None
    _note_use(management_key, now)
    return Actor(management_key.user, management_key.organization, Role(membership.role), management_key)


def _note_use(management_key: ManagementKey, now: dt.datetime) -> None:
    """Written once a minute at most: a busy program does not rewrite its row at each call."""
    last = management_key.last_used_at
    if last is None or now - last > dt.timedelta(minutes=1):
        ManagementKey.objects.filter(pk=management_key.pk).update(last_used_at=now)


def _check_grant(actor: Actor, user: User, scopes: list[Scope]) -> None:
    """A key gives nobody more than they have."""
    membership = Membership.objects.filter(user=user, organization=actor.organization).first()
    if membership is None:
        raise InputError(Fault(f"{user} is not a member of {actor.organization}", "/user", "unknown"))
    if membership.role == Role.OWNER and actor.role != Role.OWNER:
        raise InputError(Fault("only an owner makes a key that acts as an owner", "/user", "forbidden"))
    for place, scope in enumerate(scopes):
        if scope not in actor.scopes:
            raise InputError(Fault(f"your own key has no scope {scope}", f"/scopes/{place}", "forbidden"))
    if not scopes:
        raise InputError(Fault("choose at least one scope", "/scopes", "required"))
