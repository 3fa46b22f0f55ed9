"""LZ4 frames (https://github.com/lz4/lz4/blob/dev/doc/lz4_Frame_format.md), with blocks stored as they are."""

from __future__ import annotations

from collections.abc import Callable

from streams.bloblang.errors import Fault
from streams.bloblang.xxhash import xxhash32

_MAGIC = b"\x04\x22\x4d\x18"
# Version 1, independent blocks, a checksum of the content; blocks of up to 4 MiB.
_FLAGS = b"\x64\x70"
_BLOCK = 4 * 1024 * 1024
_STORED = 0x80000000


def compress(data: bytes) -> bytes:
    """A frame of the data. Blocks are stored, which every reader accepts and which costs no search."""
    header = _FLAGS + bytes([xxhash32(_FLAGS) >> 8 & 0xFF])
    blocks = b"".join(
        (_STORED | len(data[start : start + _BLOCK])).to_bytes(4, "little") + data[start : start + _BLOCK]
        for start in range(0, len(data), _BLOCK)
    )
    return _MAGIC + header + blocks + bytes(4) + xxhash32(data).to_bytes(4, "little")


def decompress(data: bytes, charge: Callable[[int], None]) -> bytes:
    """The content of a frame; `charge` is called before each part of it is made. Raises Fault."""
    if data[:4] != _MAGIC or len(data) < 7:
        raise Fault("lz4: bad magic number")
    flags = data[4]
    position = 6 + (8 if flags & 0x08 else 0) + (4 if flags & 0x01 else 0) + 1
    output = bytearray()
    while True:
        size = int.from_bytes(_part(data, position, 4), "little")
        position += 4
        if size == 0:
            break
        block = _part(data, position, size & ~_STORED)
        position += len(block) + (4 if flags & 0x10 else 0)
        if size & _STORED:
            charge(len(block))
            output += block
        else:
            unpack(block, output, charge)
    if flags & 0x04 and xxhash32(bytes(output)) != int.from_bytes(_part(data, position, 4), "little"):
        raise Fault("lz4: invalid content checksum")
    return bytes(output)


def _part(data: bytes, start: int, length: int) -> bytes:
    part = data[start : start + length]
    if len(part) < length:
        raise Fault("unexpected EOF")
    return part


def unpack(block: bytes, output: bytearray, charge: Callable[[int], None]) -> None:
    """Appends the content of a compressed block, which may copy what `output` ends with. Raises Fault."""
    position = 0
    while position < len(block):
        token = block[position]
        literals, position = _length(block, position + 1, token >> 4)
        charge(literals)
        output += _part(block, position, literals)
        position += literals
        if position >= len(block):
            return
        offset = int.from_bytes(_part(block, position, 2), "little")
        matched, position = _length(block, position + 2, token & 15)
        charge(matched + 4)
        repeat(output, offset, matched + 4)


def _length(block: bytes, position: int, length: int) -> tuple[int, int]:
    if length < 15:
        return length, position
    while True:
        byte = _part(block, position, 1)[0]
        position += 1
        length += byte
        if byte != 255:
            return length, position


def repeat(output: bytearray, offset: int, length: int) -> None:
    """Appends `length` bytes that begin `offset` bytes before the end, overlapping if need be. Raises Fault."""
    if not 0 < offset <= len(output):
        raise Fault("corrupt input: a copy reaches before the beginning")
    start = len(output) - offset
    pattern = bytes(output[start : start + length])
    output += (pattern * (length // len(pattern) + 1))[:length]
