"""An endpoint's signing secret is replaced while receivers still know the old one."""

import datetime as dt
from typing import Final

from django.db import transaction
from django.utils import timezone

from gateway import audit
from gateway.actor import Actor
from gateway.announcements import announce
from gateway.errors import Fault, InputError, RefusedError
from webhooks.endpoints import CreatedEndpoint, encrypt_key, read_secret
from webhooks.models import Endpoint, EndpointSecret
from webhooks.signing import generate_secret

LONGEST_OVERLAP: Final = dt.timedelta(days=7)
MOST_AT_ONCE: Final = 4
"""Secrets that sign at the same time: each adds its signature to every request."""


@transaction.atomic
def rotate_endpoint_secret(
    actor: Actor, endpoint: Endpoint, overlap: dt.timedelta, secret: str = ""
) -> CreatedEndpoint:
    """Sign with a new secret from now on, and with the present ones too for `overlap` (up to 7 days).

    secret: as in `create_endpoint`; empty: one is generated. Raises InputError, RefusedError.
    """
    if not dt.timedelta() <= overlap <= LONGEST_OVERLAP:
        raise InputError(
            Fault(f"the overlap is 0 to {LONGEST_OVERLAP.days} days", "/overlap_seconds", "range")
        )
    secret = secret or generate_secret()
    key = read_secret(secret)
    now = timezone.now()
    Endpoint.objects.select_for_update().get(pk=endpoint.pk)
    EndpointSecret.objects.filter(endpoint=endpoint, expires_at__lte=now).delete()
    present = EndpointSecret.objects.filter(endpoint=endpoint)
    if present.count() >= MOST_AT_ONCE and overlap:
        raise RefusedError(
            f"{MOST_AT_ONCE} secrets sign already",
            code="too_many_secrets",
            remedy="wait until one expires, or rotate with an overlap of 0",
        )
    end = now + overlap
    present.filter(expires_at=None).update(expires_at=end)
    present.filter(expires_at__gt=end).update(expires_at=end)
    EndpointSecret.objects.create(endpoint=endpoint, ciphertext=encrypt_key(endpoint, key))
    audit.record(actor, "endpoint.rotate_secret", endpoint, {"old_until": [None, end.isoformat()]})
    announce()
    return CreatedEndpoint(endpoint, secret)
