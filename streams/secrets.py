"""Secrets at rest: a rotatable key ring for what is read again, digests for what is only recognised.

A ciphertext is one version byte, the 8-byte id of its key, a 12-byte random nonce, and AES-256-GCM's output.
The purpose and the row it belongs to are authenticated with it, so that a ciphertext copied to another row or
column does not decrypt there.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from collections.abc import Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from streams.errors import SluiceError

KEY_BYTES = 32
_VERSION = b"\x01"
_KEY_ID_BYTES = 8
_NONCE_BYTES = 12
_HEADER_BYTES = len(_VERSION) + _KEY_ID_BYTES
_TAG_BYTES = 16


class KeyRingError(SluiceError):
    """The key ring cannot be built of these keys; the operator can mend it."""


class DecryptionError(SluiceError):
    """A stored secret cannot be read: its key is not on the ring, or it was altered or moved."""


class KeyRing:
    """Keys that encrypt secrets at rest. The newest encrypts; every one decrypts.

    keys: 32 bytes each, newest first. To rotate, put a new key first, re-encrypt what `needs_rotation`, and
    only then take the old one off.
    """

    def __init__(self, keys: Sequence[bytes]) -> None:
        if not keys:
            raise KeyRingError(
                "the key ring is empty: set SLUICE_KEY_RING to at least one base64 key of 32 bytes"
            )
        for place, key in enumerate(keys, start=1):
            if len(key) != KEY_BYTES:
                raise KeyRingError(f"key {place} of SLUICE_KEY_RING is {len(key)} bytes, not {KEY_BYTES}")
        self._ciphers = {_key_id(key): AESGCM(key) for key in keys}
        if len(self._ciphers) != len(keys):
            raise KeyRingError("a key stands twice on SLUICE_KEY_RING")
        self._newest = _key_id(keys[0])

    def encrypt(self, plaintext: bytes, *, purpose: str, row: str | int) -> bytes:
        """Return the ciphertext of a secret, readable only with the same purpose and row.

        purpose: the column it is kept in, such as `webhooks.endpoint_secret`. row: what names its row,
        constant.
        """
        header = _VERSION + self._newest
        nonce = os.urandom(_NONCE_BYTES)
        sealed = self._ciphers[self._newest].encrypt(nonce, plaintext, _bound(header, purpose, row))
        return header + nonce + sealed

    def decrypt(self, ciphertext: bytes, *, purpose: str, row: str | int) -> bytes:
        """Return the secret that was encrypted for this purpose and row. Raises DecryptionError."""
        header = self._header(ciphertext)
        key_id = header[len(_VERSION) :]
        cipher = self._ciphers.get(key_id)
        if cipher is None:
            raise DecryptionError(
                f"the {purpose} of {row} was encrypted with key {key_id.hex()}, which is not on "
                "SLUICE_KEY_RING: put that key back (last) until everything is re-encrypted"
            )
        nonce = ciphertext[_HEADER_BYTES : _HEADER_BYTES + _NONCE_BYTES]
        sealed = ciphertext[_HEADER_BYTES + _NONCE_BYTES :]
        try:
            return cipher.decrypt(nonce, sealed, _bound(header, purpose, row))
        except InvalidTag as error:
            raise DecryptionError(f"the {purpose} of {row} was altered, or belongs to another row") from error

    def needs_rotation(self, ciphertext: bytes) -> bool:
        """Tell whether an older key than the newest encrypted this. Raises DecryptionError if none did."""
        return self._header(ciphertext)[len(_VERSION) :] != self._newest

    @staticmethod
    def _header(ciphertext: bytes) -> bytes:
        if ciphertext[:1] != _VERSION or len(ciphertext) < _HEADER_BYTES + _NONCE_BYTES + _TAG_BYTES:
            raise DecryptionError("this is not a ciphertext of the key ring")
        return ciphertext[:_HEADER_BYTES]


def _key_id(key: bytes) -> bytes:
    return hmac.digest(key, b"sluice key id", "sha256")[:_KEY_ID_BYTES]


def _bound(header: bytes, purpose: str, row: str | int) -> bytes:
    """Lengths stand before the parts, so that no two pairs spell the same bytes."""
    parts = [header, purpose.encode(), str(row).encode()]
    return b"".join(len(part).to_bytes(4, "big") + part for part in parts)


def generate_api_key(prefix: str) -> str:
    """Return a new key: the prefix, `_`, and 32 random bytes in URL-safe base64. Keep only its digest.

    The prefix lets people and secret scanners know what they found.
    """
    return f"{prefix}_{secrets.token_urlsafe(KEY_BYTES)}"


def api_key_digest(key: str) -> bytes:
    """Return the 32 bytes to store and look a key up by.

    One round of SHA-256 is enough, and salt is needless, because the key has 256 random bits; never use this
    for a password.
    """
    return hashlib.sha256(key.encode()).digest()


def api_key_matches(key: str, digest: bytes) -> bool:
    """Tell, in constant time, whether this is the key with that digest."""
    return hmac.compare_digest(api_key_digest(key), digest)
