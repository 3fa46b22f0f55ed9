"""Where a request for one message gets it: from its stream's queue, or from the log that everybody reads."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from gateway.broadcast import Broadcast, BroadcastFeed
from gateway.call import Call
from gateway.feed import FeedEndedError
from gateway.message_log import Form
from gateway.round_robin import QueueReader, RoundRobin
from streams.message import Message

Header = tuple[bytes, bytes]


@dataclass(frozen=True, slots=True)
class Given:
    """What a request is answered with."""

    contents: Sequence[bytes]
    """Messages; more than one where they were made together."""
    headers: Sequence[Header] = ()


class PollSource(Protocol):
    """Gives one request its message."""

    async def next(self) -> Given | None:
        """Wait for it; None when the stream has ended. Raises SluiceError, CursorError, IngestRefusedError."""

    async def handed_over(self) -> None:
        """The client has it."""

    def headers(self) -> Sequence[Header]:
        """What a client without a message is told."""

    async def close(self) -> None:
        """Let go of what the client did not get."""


class QueuedMessage:
    """The next message of a stream whose every message goes to one client."""

    def __init__(self, call: Call, round_robin: RoundRobin) -> None:
        self._call = call
        self._round_robin = round_robin
        self._reader: QueueReader | None = None
        self._batch: list[Message] = []

    async def next(self) -> Given | None:
        """Wait for the client's turn."""
        self._reader = await self._round_robin.join(self._call, lingering=True)
        self._batch = await anext(self._reader, [])
        return Given([message.content for message in self._batch]) if self._batch else None

    async def handed_over(self) -> None:
        """Its offset may be committed."""
        if self._reader is not None:
            await self._reader.handed_over(self._batch)

    def headers(self) -> Sequence[Header]:
        """Nothing."""
        return ()

    async def close(self) -> None:
        """Give back what the client did not get."""
        if self._reader is not None:
            await self._reader.close()


class LoggedMessage:
    """The message behind a cursor, or the next that comes, of a stream that everybody reads."""

    def __init__(self, call: Call, broadcast: Broadcast) -> None:
        self._call = call
        self._broadcast = broadcast
        self._cursor = ""
        """Empty until what was asked for has proved to be a cursor: what somebody sent is no header of an answer."""
        self._gap = ""
        self._feed: BroadcastFeed | None = None

    async def next(self) -> Given | None:
        """Wait for it."""
        feed = self._feed = await self._broadcast.open(self._call, Form.FIRST)
        self._cursor = feed.cursor
        try:
            while True:
                portion = await feed.take()
                if portion is None:
                    waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
                    feed.watch(waiter)
                    await waiter
                    continue
                self._gap = portion.gap or self._gap
                self._cursor = portion.cursor or self._cursor
                if portion.count:
                    return Given(portion.frames, self.headers())
        except FeedEndedError:
            return None

    async def handed_over(self) -> None:
        """Nothing is owed to anybody: the topic keeps what it keeps."""

    def headers(self) -> Sequence[Header]:
        """Where to go on, and whether something is missing before it."""
        cursor = [(b"sluice-cursor", self._cursor.encode())] if self._cursor else []
        return [*cursor, (b"sluice-gap", self._gap.encode("ascii", "replace"))] if self._gap else cursor

    async def close(self) -> None:
        """Leave the log."""
        if self._feed is not None:
            await self._feed.close()
