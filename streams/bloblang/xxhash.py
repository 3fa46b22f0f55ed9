"""xxHash of 32 and 64 bits with seed 0 (https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class _Variant:
    """The numbers that tell one width from the other."""

    bits: int
    primes: tuple[int, int, int, int, int]
    round_rotation: int
    lane_rotations: tuple[int, int, int, int] = (1, 7, 12, 18)

    @property
    def mask(self) -> int:
        return (1 << self.bits) - 1

    def rotate(self, value: int, count: int) -> int:
        return (value << count | value >> self.bits - count) & self.mask

    def round(self, accumulator: int, lane: int) -> int:
        mixed = self.rotate((accumulator + lane * self.primes[1]) & self.mask, self.round_rotation)
        return mixed * self.primes[0] & self.mask


_WIDE = _Variant(
    64,
    (
        11400714785074694791,
        14029467366897019727,
        1609587929392839161,
        9650029242287828579,
        2870177450012600261,
    ),
    31,
)
_NARROW = _Variant(32, (2654435761, 2246822519, 3266489917, 668265263, 374761393), 13)


def _stripes(variant: _Variant, data: bytes) -> tuple[list[int], int]:
    width = variant.bits // 8
    first, second = variant.primes[:2]
    accumulators = [(first + second) & variant.mask, second, 0, -first & variant.mask]
    position = 0
    while position + 4 * width <= len(data):
        for lane in range(4):
            word = int.from_bytes(data[position : position + width], "little")
            accumulators[lane] = variant.round(accumulators[lane], word)
            position += width
    return accumulators, position


def _merged(variant: _Variant, accumulators: list[int]) -> int:
    rotated = (
        variant.rotate(a, count) for a, count in zip(accumulators, variant.lane_rotations, strict=True)
    )
    return sum(rotated) & variant.mask


def _avalanche(value: int, mask: int, steps: tuple[tuple[int, int], tuple[int, int]], last: int) -> int:
    for shift, prime in steps:
        value = (value ^ value >> shift) * prime & mask
    return value ^ value >> last


def xxhash64(data: bytes) -> int:
    """The 64-bit hash."""
    primes, mask = _WIDE.primes, _WIDE.mask
    position = 0
    value = primes[4]
    if len(data) >= 32:
        accumulators, position = _stripes(_WIDE, data)
        value = _merged(_WIDE, accumulators)
        for accumulator in accumulators:
            value = ((value ^ _WIDE.round(0, accumulator)) * primes[0] + primes[3]) & mask
    value = _tail64((value + len(data)) & mask, data[position:])
    return _avalanche(value, mask, ((33, primes[1]), (29, primes[2])), 32)


def _tail64(value: int, rest: bytes) -> int:
    primes, mask = _WIDE.primes, _WIDE.mask
    while len(rest) >= 8:
        value ^= _WIDE.round(0, int.from_bytes(rest[:8], "little"))
        value = (_WIDE.rotate(value, 27) * primes[0] + primes[3]) & mask
        rest = rest[8:]
    if len(rest) >= 4:
        value ^= int.from_bytes(rest[:4], "little") * primes[0] & mask
        value = (_WIDE.rotate(value, 23) * primes[1] + primes[2]) & mask
        rest = rest[4:]
    for byte in rest:
        value = _WIDE.rotate(value ^ byte * primes[4] & mask, 11) * primes[0] & mask
    return value


def xxhash32(data: bytes) -> int:
    """The 32-bit hash."""
    primes, mask = _NARROW.primes, _NARROW.mask
    position = 0
    value = primes[4]
    if len(data) >= 16:
        accumulators, position = _stripes(_NARROW, data)
        value = _merged(_NARROW, accumulators)
    value = (value + len(data)) & mask
    rest = data[position:]
    while len(rest) >= 4:
        value = (value + int.from_bytes(rest[:4], "little") * primes[2]) & mask
        value = _NARROW.rotate(value, 17) * primes[3] & mask
        rest = rest[4:]
    for byte in rest:
        value = _NARROW.rotate((value + byte * primes[4]) & mask, 11) * primes[0] & mask
    return _avalanche(value, mask, ((15, primes[1]), (13, primes[2])), 16)
