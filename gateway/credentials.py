"""How an app proves itself: keys are issued, shown once, rotated with overlap, revoked."""

import datetime as dt
from dataclasses import dataclass
from typing import Final

from django.db import transaction
from django.utils import timezone

from gateway import audit
from gateway.actor import Actor
from gateway.announcements import announce
from gateway.errors import Fault, InputError, RefusedError
from gateway.models import App, Credential
from streams.secrets import api_key_digest, generate_api_key

KEY_PREFIX: Final = "slk"
PREFIX_CHARACTERS: Final = 12
"""How much of a key is kept readable, to recognise it by."""
LONGEST_OVERLAP: Final = dt.timedelta(days=30)


@dataclass(frozen=True, slots=True)
class IssuedCredential:
    """A new credential with its key, which nobody can read again."""

    credential: Credential
    key: str


@transaction.atomic
def issue_credential(
    actor: Actor, app: App, *, name: str = "", expires_at: dt.datetime | None = None
) -> IssuedCredential:
    """Make an API key of an app. Raises InputError when it would have expired already."""
    if expires_at is not None and expires_at <= timezone.now():
        raise InputError(Fault("it would have expired already", "/expires_at", "past"))
    issued = _issue(app, name, expires_at)
    audit.record(actor, "credential.issue", issued.credential)
    announce()
    return issued


@transaction.atomic
def revoke_credential(actor: Actor, credential: Credential) -> Credential:
    """End a credential now. Raises RefusedError when it is revoked already."""
    credential = _live(credential)
    credential.revoked_at = timezone.now()
    credential.save(update_fields=("revoked_at",))
    audit.record(actor, "credential.revoke", credential)
    announce()
    return credential


@transaction.atomic
def rotate_credential(actor: Actor, credential: Credential, overlap: dt.timedelta) -> IssuedCredential:
    """Issue a new key in the place of an old one, which still works for `overlap`.

    Raises InputError, RefusedError.
    """
    if not dt.timedelta() <= overlap <= LONGEST_OVERLAP:
        raise InputError(
            Fault(f"the overlap is 0 to {LONGEST_OVERLAP.days} days", "/overlap_seconds", "range")
        )
    credential = _live(credential)
    issued = _issue(credential.app, credential.name, credential.expires_at)
    end = timezone.now() + overlap
    credential.expires_at = min(end, credential.expires_at or end)
    credential.save(update_fields=("expires_at",))
    audit.record(actor, "credential.rotate", credential, {"replaced_by": [None, issued.credential.prefix]})
    announce()
    return issued


def _issue(app: App, name: str, expires_at: dt.datetime | None) -> IssuedCredential:
    key = generate_api_key(KEY_PREFIX)
    credential = Credential.objects.create(
        app=app, name=name, prefix=key[:PREFIX_CHARACTERS], digest=api_key_digest(key), expires_at=expires_at
    )
    return IssuedCredential(credential, key)


def _live(credential: Credential) -> Credential:
    """The credential as it is now, kept from being revoked meanwhile. Raises RefusedError when it has ended."""
    credential = Credential.objects.select_for_update().get(pk=credential.pk)
    if credential.revoked_at is not None:
        raise RefusedError(f"{credential} is revoked already", code="already_revoked")
    if credential.expires_at is not None and credential.expires_at <= timezone.now():
        raise RefusedError(f"{credential} has expired", code="expired", remedy="issue a new one")
    return credential
