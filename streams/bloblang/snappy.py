"""Snappy blocks (https://github.com/google/snappy/blob/main/format_description.txt)."""

from __future__ import annotations

from collections.abc import Callable

from streams.bloblang.errors import Fault
from streams.bloblang.lz4 import repeat

_LITERAL_CHUNK = 65536


def compress(data: bytes) -> bytes:
    """A block of the data as literals, which every reader accepts and which costs no search."""
    output = bytearray(_varint(len(data)))
    for start in range(0, len(data), _LITERAL_CHUNK):
        chunk = data[start : start + _LITERAL_CHUNK]
        size = len(chunk) - 1
        output += bytes([size << 2]) if size < 60 else bytes([61 << 2]) + size.to_bytes(2, "little")
        output += chunk
    return bytes(output)


def _varint(number: int) -> bytes:
    output = bytearray()
    while number > 0x7F:
        output.append(number & 0x7F | 0x80)
        number >>= 7
    output.append(number)
    return bytes(output)


def decompress(data: bytes, charge: Callable[[int], None]) -> bytes:
    """The content of a block; `charge` is called before each part of it is made. Raises Fault."""
    length, position = _read_varint(data)
    output = bytearray()
    while position < len(data):
        tag = data[position]
        position += 1
        if tag & 3 == 0:
            position = _literal(data, position, tag >> 2, output, charge)
        else:
            position = _copy(data, position, tag, output, charge)
    if len(output) != length:
        raise Fault("snappy: corrupt input")
    return bytes(output)


def _read_varint(data: bytes) -> tuple[int, int]:
    number = 0
    for position, byte in enumerate(data[:5]):
        number |= (byte & 0x7F) << 7 * position
        if byte < 0x80:
            return number, position + 1
    raise Fault("snappy: corrupt input")


def _literal(data: bytes, position: int, size: int, output: bytearray, charge: Callable[[int], None]) -> int:
    if size >= 60:
        width = size - 59
        size = int.from_bytes(data[position : position + width], "little")
        position += width
    part = data[position : position + size + 1]
    if len(part) <= size:
        raise Fault("snappy: corrupt input")
    charge(len(part))
    output += part
    return position + size + 1


def _copy(data: bytes, position: int, tag: int, output: bytearray, charge: Callable[[int], None]) -> int:
    if tag & 3 == 1:
        length, offset, width = (
            4 + (tag >> 2 & 7),
            tag >> 5 << 8 | int.from_bytes(data[position : position + 1], "little"),
            1,
        )
    else:
        width = 2 if tag & 3 == 2 else 4
        length, offset = 1 + (tag >> 2), int.from_bytes(data[position : position + width], "little")
    charge(length)
    repeat(output, offset, length)
    return position + width
