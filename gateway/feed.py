"""What a client's pump takes messages from, be they everybody's or its alone."""

import asyncio
from typing import Protocol

from gateway.call import Call
from gateway.client_queue import QueueReader
from gateway.message_log import Form, Portion, portion_of_messages
from streams.message import Message


class FeedEndedError(Exception):
    """Nothing more comes: the stream was changed or taken away."""


class Feed(Protocol):
    """One client's messages, in order."""

    async def take(self) -> Portion | None:
        """The next messages, or what else is to be sent; None when there is nothing now. Raises FeedEndedError."""

    def watch(self, waiter: asyncio.Future[None]) -> None:
        """Have `waiter` done when `take` may have something."""

    async def delivered(self) -> None:
        """The client has what was taken last."""

    async def close(self) -> None:
        """Let go; call it always."""


class FeedSource(Protocol):
    """Gives clients their feeds."""

    async def open(self, call: Call, form: Form) -> Feed:
        """Open the feed of one client. Raises ConnectError, ConfigError, CursorError."""


class QueueFeed:
    """A client's part of a stream whose every message goes to one client."""

    def __init__(self, reader: QueueReader, form: Form) -> None:
        self._reader = reader
        self._form = form
        self._reading: asyncio.Task[list[Message]] | None = None
        self._taken: list[Message] = []
        self._waiter: asyncio.Future[None] | None = None

    async def take(self) -> Portion | None:
        """The batch that has come, if one has."""
        if self._reading is None or not self._reading.done():
            return None
        self._taken = self._reading.result()
        self._reading = None
        return portion_of_messages([message.content for message in self._taken], self._form)

    def watch(self, waiter: asyncio.Future[None]) -> None:
        """Read on, and tell when a batch has come."""
        self._waiter = waiter
        if self._reading is None:
            # Told once: a client that waits for long watches again with each of its heartbeats.
            self._reading = asyncio.create_task(self._next())
            self._reading.add_done_callback(self._tell)
        elif self._reading.done():
            self._tell(self._reading)

    async def delivered(self) -> None:
        """Its offsets may be committed."""
        await self._reader.handed_over(self._taken)

    async def close(self) -> None:
        """Give back what the client did not get."""
        if self._reading is not None:
            self._reading.cancel()
            await asyncio.gather(self._reading, return_exceptions=True)
        await self._reader.close()

    async def _next(self) -> list[Message]:
        batch = await anext(self._reader, None)
        if batch is None:
            raise FeedEndedError
        return batch

    def _tell(self, _reading: object) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
