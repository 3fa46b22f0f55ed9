"""What one stream may ask for and hold, so that its neighbours in a process have room: the operator's figures."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Final

from streams.message import Message


class Limit(Enum):
    """A figure that fields are bounded by; the value is its name in StreamLimits."""

    BATCH_MESSAGES = "batch_messages"
    IN_FLIGHT = "in_flight"
    HELD_BYTES = "held_bytes"


SETTINGS: Final = {
    Limit.BATCH_MESSAGES: "SLUICE_STREAM_BATCH_MESSAGES",
    Limit.IN_FLIGHT: "SLUICE_STREAM_IN_FLIGHT",
    Limit.HELD_BYTES: "SLUICE_STREAM_HELD_BYTES",
}
"""What the operator sets each by."""


@dataclass(frozen=True, slots=True)
class StreamLimits:
    """Limits of each stream."""

    batch_messages: int = 10_000
    """Messages in one batch that a policy makes."""
    message_bytes: int = 16 * 1024 * 1024
    """Bytes of one message, as read and as written."""
    in_flight: int = 1024
    """Writes of one output that may wait for its server."""
    held_bytes: int = 512 * 1024 * 1024
    """Bytes of messages that were read and that no output has yet; one batch may always be held."""

    def of(self, limit: Limit) -> int:
        """The figure of a limit."""
        return int(getattr(self, limit.value))


DEFAULT_LIMITS: Final = StreamLimits()


def is_too_large(message: Message, most: int) -> bool:
    """Tell whether a message has more bytes than `most`; it is serialised only where that is not known before."""
    size = message.size
    return (size is None or size > most) and len(message.content) > most


def bytes_of(messages: Iterable[Message]) -> int:
    """Bytes of messages as they were read."""
    return sum(len(one.content) if one.size is None else one.size for one in messages)


class Holding:
    """How many bytes a stream holds. It lives on one event loop."""

    def __init__(self, most: int) -> None:
        """most: bytes from which on nothing more is read."""
        self._most = most
        self._bytes = 0
        self._room = asyncio.Event()
        self._room.set()

    @property
    def is_full(self) -> bool:
        """Nothing more should be read now."""
        return self._bytes >= self._most

    async def room(self) -> None:
        """Return when something more may be read."""
        await self._room.wait()

    def take(self, size: int) -> None:
        """Hold so many bytes more."""
        self._bytes += size
        if self.is_full:
            self._room.clear()

    def release(self, size: int) -> None:
        """Hold so many bytes less."""
        self._bytes -= size
        if not self.is_full:
            self._room.set()
