"""Checksums the standard library lacks: CRC-32 of other polynomials, FNV-1, xxHash64."""

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


_MASK = 2**64 - 1
_PRIMES = (
    11400714785074694791, 14029467366897019727, 1609587929392839161, 9650029242287828579, 2870177450012600261,
)  # fmt: skip


def _rotate(value: int, bits: int) -> int:
    return ((value << bits) | (value >> (64 - bits))) & _MASK


def _round(accumulator: int, lane: int) -> int:
    return _rotate((accumulator + lane * _PRIMES[1]) & _MASK, 31) * _PRIMES[0] & _MASK


def xxhash64(data: bytes) -> int:
    """The xxHash64 with seed 0 (https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md)."""
    position = 0
    if len(data) >= 32:
        accumulators = [(_PRIMES[0] + _PRIMES[1]) & _MASK, _PRIMES[1], 0, -_PRIMES[0] & _MASK]
        while position + 32 <= len(data):
            for lane in range(4):
                word = int.from_bytes(data[position : position + 8], "little")
                accumulators[lane] = _round(accumulators[lane], word)
                position += 8
        value = sum(_rotate(a, bits) for a, bits in zip(accumulators, (1, 7, 12, 18), strict=True)) & _MASK
        for accumulator in accumulators:
            value = ((value ^ _round(0, accumulator)) * _PRIMES[0] + _PRIMES[3]) & _MASK
    else:
        value = _PRIMES[4]
    return _finish((value + len(data)) & _MASK, data[position:])


def _finish(value: int, rest: bytes) -> int:
    while len(rest) >= 8:
        value ^= _round(0, int.from_bytes(rest[:8], "little"))
        value = (_rotate(value, 27) * _PRIMES[0] + _PRIMES[3]) & _MASK
        rest = rest[8:]
    if len(rest) >= 4:
        value ^= int.from_bytes(rest[:4], "little") * _PRIMES[0] & _MASK
        value = (_rotate(value, 23) * _PRIMES[1] + _PRIMES[2]) & _MASK
        rest = rest[4:]
    for byte in rest:
        value ^= byte * _PRIMES[4] & _MASK
        value = _rotate(value, 11) * _PRIMES[0] & _MASK
    for shift, prime in ((33, _PRIMES[1]), (29, _PRIMES[2])):
        value = (value ^ value >> shift) * prime & _MASK
    return value ^ value >> 32
