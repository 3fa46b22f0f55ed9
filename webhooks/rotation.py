"""Encrypt secrets anew with the newest key of the ring."""

from django.conf import settings
from django.db import transaction

from streams.secrets import KeyRing
from webhooks.endpoints import HEADERS_PURPOSE, SECRET_PURPOSE
from webhooks.models import Endpoint, EndpointSecret


@transaction.atomic
def rotate_endpoint_secrets() -> int:
    """Re-encrypt signing secrets and headers that an older key encrypted; returns how many. Raises DecryptionError."""
    return _rotate_signing_secrets(KeyRing(settings.KEY_RING)) + _rotate_headers(KeyRing(settings.KEY_RING))


def _rotate_signing_secrets(ring: KeyRing) -> int:
    rotated = 0
    for secret in (
        EndpointSecret.objects.select_related("endpoint").select_for_update(of=("self",)).iterator()
    ):
        if ring.needs_rotation(bytes(secret.ciphertext)):
            secret.ciphertext = _again(ring, secret.ciphertext, SECRET_PURPOSE, secret.endpoint)
            secret.save(update_fields=["ciphertext"])
            rotated += 1
    return rotated


def _rotate_headers(ring: KeyRing) -> int:
    rotated = 0
    for endpoint in Endpoint.objects.exclude(headers=None).select_for_update().iterator():
        if endpoint.headers and ring.needs_rotation(bytes(endpoint.headers)):
            endpoint.headers = _again(ring, endpoint.headers, HEADERS_PURPOSE, endpoint)
            endpoint.save(update_fields=["headers"])
            rotated += 1
    return rotated


def _again(ring: KeyRing, ciphertext: bytes | memoryview, purpose: str, endpoint: Endpoint) -> bytes:
    plaintext = ring.decrypt(bytes(ciphertext), purpose=purpose, row=endpoint.public_id)
    return ring.encrypt(plaintext, purpose=purpose, row=endpoint.public_id)
