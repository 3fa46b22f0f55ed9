"""Checksums the standard library lacks: CRC-32 of other polynomials and FNV-1."""

from __future__ import annotations

import binascii
from functools import lru_cache

from streams.bloblang.errors import Fault

# Reversed polynomials, as https://pkg.go.dev/hash/crc32 names them.
_POLYNOMIALS = {"Castagnoli": 0x82F63B78, "Koopman": 0xEB31D82E}


@lru_cache(maxsize=4)
def _table(polynomial: int) -> tuple[int, ...]:
    table = []
    for byte in range(256):
        value = byte
        for _ in range(8):
            value = (value >> 1) ^ (polynomial if value & 1 else 0)
        table.append(value)
    return tuple(table)


def crc32(data: bytes, polynomial: str) -> int:
    """The CRC-32 of the data. Raises Fault for a polynomial nobody named."""
    if polynomial == "IEEE":
        return binascii.crc32(data)
    if polynomial not in _POLYNOMIALS:
        raise Fault(f'unsupported crc32 hash key "{polynomial}"')
    table = _table(_POLYNOMIALS[polynomial])
    value = 0xFFFFFFFF
    for byte in data:
        value = (value >> 8) ^ table[(value ^ byte) & 0xFF]
    return value ^ 0xFFFFFFFF


def fnv32(data: bytes) -> int:
    """The 32-bit FNV-1 hash."""
    value = 0x811C9DC5
    for byte in data:
        value = (value * 0x01000193) & 0xFFFFFFFF ^ byte
    return value
