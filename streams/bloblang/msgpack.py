"""MessagePack (https://github.com/msgpack/msgpack/blob/master/spec.md)."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any

from streams.bloblang.errors import Fault
from streams.bloblang.values import bytes_string, string_bytes, to_string
from streams.jsontext import Float
from streams.timestamp import NANOSECONDS, Timestamp

_MAX_DEPTH = 200


def pack(value: Any) -> bytes:
    """The value in MessagePack, keys sorted."""
    parts: list[bytes] = []
    _pack(value, parts, 0)
    return b"".join(parts)


def _pack(value: Any, parts: list[bytes], depth: int) -> None:
    if depth > _MAX_DEPTH:
        raise Fault(f"the value nests deeper than {_MAX_DEPTH} levels")
    if isinstance(value, dict):
        parts.append(_sized(len(value), 0x80, 16, (0xDE, 0xDF)))
        for key in sorted(value):
            _pack(key, parts, depth + 1)
            _pack(value[key], parts, depth + 1)
    elif isinstance(value, list):
        parts.append(_sized(len(value), 0x90, 16, (0xDC, 0xDD)))
        for item in value:
            _pack(item, parts, depth + 1)
    else:
        parts.append(_scalar(value))


def _sized(length: int, fixed: int, limit: int, codes: tuple[int, int]) -> bytes:
    if length < limit:
        return bytes([fixed | length])
    return struct.pack(">BH", codes[0], length) if length < 2**16 else struct.pack(">BI", codes[1], length)


def _scalar(value: Any) -> bytes:
    if value is None or isinstance(value, bool):
        return {None: b"\xc0", False: b"\xc2", True: b"\xc3"}[value]
    if isinstance(value, (int, float)):
        return struct.pack(">Bd", 0xCB, value) if isinstance(value, float) else _integer(value)
    return (
        _blob(value)
        if isinstance(value, bytes)
        else _string(value if isinstance(value, str) else to_string(value))
    )


def _blob(data: bytes) -> bytes:
    if len(data) < 2**8:
        return struct.pack(">BB", 0xC4, len(data)) + data
    return _sized(len(data), 0, 0, (0xC5, 0xC6)) + data


def _string(text: str) -> bytes:
    data = string_bytes(text)
    if 32 <= len(data) < 2**8:
        return struct.pack(">BB", 0xD9, len(data)) + data
    return _sized(len(data), 0xA0, 32, (0xDA, 0xDB)) + data


def _integer(value: int) -> bytes:
    if -32 <= value < 128:
        return struct.pack("b", value) if value < 0 else bytes([value])
    for code, form, high in ((0xCC, "B", 2**8), (0xCD, "H", 2**16), (0xCE, "I", 2**32), (0xCF, "Q", 2**64)):
        if 0 <= value < high:
            return struct.pack(f">B{form}", code, value)
    for code, form, low in (
        (0xD0, "b", -(2**7)),
        (0xD1, "h", -(2**15)),
        (0xD2, "i", -(2**31)),
        (0xD3, "q", -(2**63)),
    ):
        if value >= low:
            return struct.pack(f">B{form}", code, value)
    raise Fault("the integer does not fit into 64 bits")


def unpack(data: bytes, charge: Callable[[int], None]) -> Any:
    """The value of MessagePack bytes. Raises Fault when they are malformed."""
    reader = _Reader(data, charge)
    value = reader.value(0)
    if reader.position < len(data):
        raise Fault("msgpack: trailing data")
    return value


_NUMBERS = {
    0xCA: "f", 0xCB: "d", 0xCC: "B", 0xCD: "H", 0xCE: "I", 0xCF: "Q", 0xD0: "b", 0xD1: "h", 0xD2: "i", 0xD3: "q",
}  # fmt: skip
_CONSTANTS = {0xC0: None, 0xC2: False, 0xC3: True}
_LENGTHS = {
    0xC4: "B", 0xC5: "H", 0xC6: "I", 0xD9: "B", 0xDA: "H", 0xDB: "I", 0xDC: "H", 0xDD: "I", 0xDE: "H", 0xDF: "I",
    0xC7: "B", 0xC8: "H", 0xC9: "I",
}  # fmt: skip
_FIXED_EXTENSIONS = {0xD4: 1, 0xD5: 2, 0xD6: 4, 0xD7: 8, 0xD8: 16}


class _Reader:
    """Reads values one after the other."""

    def __init__(self, data: bytes, charge: Callable[[int], None]) -> None:
        self.position = 0
        self._data = data
        self._charge = charge

    def _take(self, length: int) -> bytes:
        part = self._data[self.position : self.position + length]
        if len(part) < length:
            raise Fault("unexpected EOF")
        self.position += length
        return part

    def _number(self, form: str) -> Any:
        return struct.unpack(f">{form}", self._take(struct.calcsize(form)))[0]

    def value(self, depth: int) -> Any:
        self._charge(4)
        if depth > _MAX_DEPTH:
            raise Fault(f"msgpack: the value nests deeper than {_MAX_DEPTH} levels")
        code = self._take(1)[0]
        if code < 0x80 or code >= 0xE0:
            return code if code < 0x80 else code - 256
        if code < 0xC0:
            return self._fixed(code, depth)
        if code in _CONSTANTS:
            return _CONSTANTS[code]
        if code in _NUMBERS:
            number = self._number(_NUMBERS[code])
            return Float(number) if isinstance(number, float) else number
        if code in _FIXED_EXTENSIONS:
            return self._extension(_FIXED_EXTENSIONS[code])
        if code not in _LENGTHS:
            raise Fault(f"msgpack: unknown code {code:x}")
        return self._of_length(code, self._number(_LENGTHS[code]), depth)

    def _fixed(self, code: int, depth: int) -> Any:
        if code >= 0xA0:
            return bytes_string(self._take(code & 31))
        return self._list(code & 15, depth) if code >= 0x90 else self._dict(code & 15, depth)

    def _of_length(self, code: int, length: int, depth: int) -> Any:
        if code <= 0xC6:
            return self._take(length)
        if code <= 0xC9:
            return self._extension(length)
        if code <= 0xDB:
            return bytes_string(self._take(length))
        return self._list(length, depth) if code <= 0xDD else self._dict(length, depth)

    def _list(self, length: int, depth: int) -> list[Any]:
        return [self.value(depth + 1) for _ in range(length)]

    def _dict(self, length: int, depth: int) -> dict[str, Any]:
        made = {}
        for _ in range(length):
            key = self.value(depth + 1)
            made[key if isinstance(key, str) else to_string(key)] = self.value(depth + 1)
        return made

    def _extension(self, length: int) -> Any:
        kind = self._number("b")
        data = self._take(length)
        if kind != -1 or length not in {4, 8, 12}:
            raise Fault(f"msgpack: unknown extension {kind}")
        if length == 4:
            return Timestamp(int.from_bytes(data, "big") * NANOSECONDS)
        if length == 8:
            packed = int.from_bytes(data, "big")
            return Timestamp((packed & (1 << 34) - 1) * NANOSECONDS + (packed >> 34))
        nanoseconds, seconds = struct.unpack(">Iq", data)
        return Timestamp(seconds * NANOSECONDS + nanoseconds)
