"""What makes messages of a stream of bytes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Protocol

from streams.errors import SluiceError
from streams.message import Message

MAX_MESSAGE: Final = 16 << 20
"""Bytes of one message where a scanner has no limit of its own."""


class ScanError(SluiceError):
    """The bytes are not what the scanner reads; nothing after them can be read."""


class Scanner(Protocol):
    """Decodes one stream of bytes, however it is cut into pieces. Both methods raise ScanError."""

    def feed(self, data: bytes) -> list[Message]:
        """Take the next bytes. Returns the messages that they complete, without a source."""

    def end(self) -> list[Message]:
        """The bytes have ended. Returns what is left."""


MakeScanner = Callable[[str], Scanner]
"""Makes a scanner for the bytes of a source: what a scanner component builds.

Its argument is the name of the source, such as the path of a URL.
"""
