"""Compressed bytes to what they were, piece by piece. Everything raises ScanError for bytes it cannot read."""

from __future__ import annotations

import bz2
import zlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from typing import Final, Protocol

from streams.bloblang import lz4, snappy
from streams.bloblang.checksums import crc32
from streams.bloblang.errors import Fault
from streams.scanners.scanner import ScanError

_PIECE: Final = 64 * 1024
_CUT_OFF: Final = "unexpected EOF in compressed bytes"


class Inflater(Protocol):
    """Decompresses one stream of bytes."""

    def feed(self, data: bytes) -> Iterator[bytes]:
        """The next bytes of the content."""

    def end(self) -> None:
        """Raises ScanError where the stream was cut off."""


class Deflated:
    """gzip, zlib and raw deflate."""

    def __init__(self, window: int, *, members: bool) -> None:
        """window: as zlib counts it. members: another stream may follow the first, as in gzip."""
        self._window = window
        self._members = members
        self._inflater = zlib.decompressobj(window)
        self._fed = False

    def feed(self, data: bytes) -> Iterator[bytes]:
        """The content, in pieces of a bounded size."""
        self._fed = self._fed or bool(data)
        while data:
            if self._inflater.eof:
                if not self._members:
                    return
                self._inflater = zlib.decompressobj(self._window)
            try:
                yield self._inflater.decompress(data, _PIECE)
            except zlib.error as error:
                raise ScanError(str(error)) from error
            data = self._inflater.unconsumed_tail or self._inflater.unused_data

    def end(self) -> None:
        """A stream that is not whole is an error."""
        if self._fed and not self._inflater.eof:
            raise ScanError(_CUT_OFF)


class Bzip2:
    """bzip2, of which streams may follow each other."""

    def __init__(self) -> None:
        self._inflater = bz2.BZ2Decompressor()
        self._fed = False

    def feed(self, data: bytes) -> Iterator[bytes]:
        """The content, in pieces of a bounded size."""
        self._fed = self._fed or bool(data)
        while data or not (self._inflater.needs_input or self._inflater.eof):
            if self._inflater.eof:
                self._inflater = bz2.BZ2Decompressor()
            try:
                piece = self._inflater.decompress(data, _PIECE)
            except OSError as error:
                raise ScanError(str(error)) from error
            data = self._inflater.unused_data
            yield piece

    def end(self) -> None:
        """A stream that is not whole is an error."""
        if self._fed and not self._inflater.eof:
            raise ScanError(_CUT_OFF)


class _Framed(ABC):
    """Formats of blocks that say how long they are."""

    def __init__(self) -> None:
        self._held = b""

    def feed(self, data: bytes) -> Iterator[bytes]:
        """The content of the blocks that are complete."""
        self._held += data
        while (block := self._block()) is not None:
            yield block

    def end(self) -> None:
        """A block that is not whole is an error."""
        if self._held:
            raise ScanError(_CUT_OFF)

    @abstractmethod
    def _block(self) -> bytes | None:
        """The content of the next block; None where it is not whole."""

    def _take(self, count: int) -> bytes | None:
        if len(self._held) < count:
            return None
        taken, self._held = self._held[:count], self._held[count:]
        return taken


class Snappy(_Framed):
    """Snappy's framing format (https://github.com/google/snappy/blob/main/framing_format.txt)."""

    def _block(self) -> bytes | None:
        if len(self._held) < 4 or len(self._held) < 4 + int.from_bytes(self._held[1:4], "little"):
            return None
        kind = self._held[0]
        body = self._take(4 + int.from_bytes(self._held[1:4], "little"))
        return _snappy_chunk(kind, (body or b"")[4:])


def _snappy_chunk(kind: int, body: bytes) -> bytes:
    if kind not in (0, 1):
        if 2 <= kind < 0x80:
            raise ScanError(f"snappy: a chunk of an unknown kind ({kind})")
        return b""  # the identifier of the stream, or padding
    checksum, content = int.from_bytes(body[:4], "little"), body[4:]
    if kind == 0:
        try:
            content = snappy.decompress(content, _bounded)
        except Fault as fault:
            raise ScanError(fault.text) from fault
    plain = crc32(content, "Castagnoli")
    if ((plain >> 15 | plain << 17) + 0xA282EAD8) & 0xFFFFFFFF != checksum:
        raise ScanError("snappy: a checksum is wrong")
    return content


class Lz4(_Framed):
    """LZ4 frames (https://github.com/lz4/lz4/blob/dev/doc/lz4_Frame_format.md); checksums are not looked at."""

    _MAGIC: Final = b"\x04\x22\x4d\x18"
    _HISTORY: Final = 64 * 1024
    _STORED: Final = 0x80000000

    def __init__(self) -> None:
        super().__init__()
        self._flags: int | None = None
        """Of the frame that is read; None: a frame is to begin."""
        self._history = b""

    def _block(self) -> bytes | None:
        if self._flags is None:
            return self._begin()
        size = int.from_bytes(self._held[:4], "little")
        trailer = 4 if self._flags & 0x10 else 0
        if len(self._held) < 4:
            return None
        if not size:
            return self._finish()
        length = size & ~self._STORED
        whole = self._take(4 + length + trailer)
        return (
            None if whole is None else self._content(whole[4 : 4 + length], stored=bool(size & self._STORED))
        )

    def _begin(self) -> bytes | None:
        if len(self._held) < 7:
            return None
        if self._held[:4] != self._MAGIC:
            raise ScanError("lz4: bad magic number")
        flags = self._held[4]
        if self._take(7 + (8 if flags & 0x08 else 0) + (4 if flags & 0x01 else 0)) is None:
            return None
        self._flags, self._history = flags, b""
        return b""

    def _finish(self) -> bytes | None:
        if self._take(8 if self._flags is not None and self._flags & 0x04 else 4) is None:
            return None
        self._flags = None
        return b""

    def _content(self, block: bytes, *, stored: bool) -> bytes:
        output = bytearray(self._history)
        try:
            if stored:
                output += block
            else:
                lz4.unpack(block, output, _bounded)
        except Fault as fault:
            raise ScanError(fault.text) from fault
        content = bytes(output[len(self._history) :])
        self._history = bytes(output[-self._HISTORY :])
        return content


_LARGEST_PART: Final = 4 << 20


def _bounded(size: int) -> None:
    """No part of a block may say that it is larger than a block can be."""
    if size > _LARGEST_PART:
        raise Fault("corrupt input: a block is too large")


INFLATERS: Final[dict[str, Callable[[], Inflater]]] = {
    "gzip": lambda: Deflated(31, members=True),
    "pgzip": lambda: Deflated(31, members=True),
    "zlib": lambda: Deflated(15, members=False),
    "flate": lambda: Deflated(-15, members=False),
    "bzip2": Bzip2,
    "snappy": Snappy,
    "lz4": Lz4,
}
"""How each algorithm is undone."""
