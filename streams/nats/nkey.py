"""Signatures by which a NATS user proves that a seed is his: nkeys, as NATS' nkeys README has them."""

from __future__ import annotations

import base64
import binascii
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

_SEED: Final = 18 << 3
"""Of the first byte: the letter S in base32."""
_USER: Final = 20 << 3
"""What follows it, spread over two bytes: the letter U."""
_SEED_BYTES: Final = 32
_CHECKSUM_BYTES: Final = 2


def user_key(seed: str) -> Ed25519PrivateKey:
    """Return the key in a user's seed, which begins with SU. Raises ValueError, which does not repeat it."""
    text = seed.strip()
    try:
        raw = base64.b32decode(text + "=" * (-len(text) % 8))
    except (binascii.Error, ValueError) as error:
        raise ValueError("this is no seed: it is not written in base32") from error
    body, checksum = raw[:-_CHECKSUM_BYTES], raw[-_CHECKSUM_BYTES:]
    if len(body) != 2 + _SEED_BYTES or binascii.crc_hqx(body, 0).to_bytes(2, "little") != checksum:
        raise ValueError("this is no seed: it is not whole")
    if body[0] & 0xF8 != _SEED or (body[0] & 0x07) << 5 | (body[1] & 0xF8) >> 3 != _USER:
        raise ValueError("this is no seed of a user: those begin with SU")
    return Ed25519PrivateKey.from_private_bytes(body[2:])


def sign(seed: str, nonce: str) -> bytes:
    """Return the signature of a server's nonce, in base64. Raises ValueError for what is no seed."""
    return base64.b64encode(user_key(seed).sign(nonce.encode()))
