"""A client's own reader, from a position that the shared log does not hold to where it does."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Final

from gateway.cursor import Position
from gateway.hub import Hub
from gateway.message_log import Form, Portion, further
from streams.kafka.topic_reader import Place, Start

TURN_SECONDS: Final = 10.0
"""How long a client reads by itself while others wait to: one that never catches up shuts nobody out."""


class OwnReaders:
    """Readers of single clients, a few at a time."""

    def __init__(
        self, most: int, open_: Callable[[Hub, Start], Hub], close: Callable[[Hub], asyncio.Task[None]]
    ) -> None:
        """open_: makes a patient hub of the same stream; close: done once nothing of it is left."""
        self._turns = asyncio.Semaphore(most)
        self._waiting = 0
        self._wanted = asyncio.Event()
        self._open = open_
        self._close = close

    @asynccontextmanager
    async def reader(self, shared: Hub, start: Start) -> AsyncIterator[Hub]:
        """A hub for one client, when it has its turn; the turn ends when the hub has let go of its broker."""
        async with self._turn():
            own = self._open(shared, start)
            try:
                yield own
            finally:
                await asyncio.shield(self._close(own))

    async def until_wanted(self) -> None:
        """Return when a turn was long enough and somebody waits for it."""
        await asyncio.sleep(TURN_SECONDS)
        await self._wanted.wait()

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        self._waiting += 1
        if self._turns.locked():
            self._wanted.set()
        try:
            await self._turns.acquire()
        finally:
            self._waiting -= 1
            if not self._waiting:
                self._wanted.clear()
        try:
            yield
        finally:
            self._turns.release()


class CatchUp:
    """A reader for one client, from a position that the log does not hold to where it does."""

    def __init__(
        self, readers: OwnReaders, hub: Hub, position: Position, start: Start, *, tell_gap: bool
    ) -> None:
        """hub: the shared one. tell_gap: say so when records are missing at the beginning."""
        self.position = position
        """What the client has."""
        self._readers = readers
        self._shared = hub
        self._tell_gap = tell_gap
        self._own: Hub | None = None
        self._number = 0
        self._waiter: asyncio.Future[None] | None = None
        self._reading = asyncio.create_task(self._read(start))

    def take(self, form: Form) -> Portion | None:
        """What has been read and was not taken yet."""
        own = self._own
        if own is None or own.beginning is None:
            return None
        if self._tell_gap and (lost := _lost(self.position, own.beginning.offsets)):
            self._tell_gap = False
            return Portion(0, 0, gap=f"the broker has deleted, or the plan does not show, {lost} records")
        log = own.log
        if self._number >= log.head or log.newest is None:
            return None
        self._number, portion = log.portion_behind(max(self._number, log.tail), form, self.position)
        self.position = further(self.position, log.after(self._number))
        while log.tail < self._number - 1:
            log.drop_oldest()
        if self._number >= log.head:
            own.drained()
        return portion

    def watch(self, waiter: asyncio.Future[None]) -> None:
        """Have `waiter` done when there may be more."""
        self._waiter = waiter
        if self._own is not None:
            self._own.watch(self, waiter)

    def end(self) -> None:
        """Read no more, and let another client have the turn."""
        self._reading.cancel()

    async def _read(self, start: Start) -> None:
        while True:
            async with self._readers.reader(self._shared, start) as own:
                self._own, self._number = own, 0
                if self._waiter is not None and not self._waiter.done():
                    self._waiter.set_result(None)
                await self._readers.until_wanted()
                # What was read and not taken is read again, in the next turn.
                self._own = None
            offsets = {place: one.offset for place, one in self.position.items()}
            start, self._tell_gap = replace(start, offsets=offsets), True


def _lost(position: Position, begun: Mapping[Place, int]) -> int:
    """How many records lie between a position and where reading began."""
    return sum(max(0, begun[place] - one.offset) for place, one in position.items() if place in begun)
