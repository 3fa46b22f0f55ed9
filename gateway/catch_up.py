"""A client's own reader, from a position that the shared log does not hold to where it does."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from gateway.cursor import Position
from gateway.hub import Hub
from gateway.message_log import Form, Portion, further
from streams.kafka.topic_reader import Place, Start


@dataclass(frozen=True, slots=True)
class OwnReaders:
    """Readers of single clients, a few at a time."""

    turns: asyncio.Semaphore
    open: Callable[[Hub, Start], Hub]
    """A patient hub of the same stream."""
    close: Callable[[Hub], None]


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
        self._turn = asyncio.create_task(self._read(start))

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
        self._turn.cancel()

    async def _read(self, start: Start) -> None:
        async with self._readers.turns:
            own = self._own = self._readers.open(self._shared, start)
            try:
                if self._waiter is not None and not self._waiter.done():
                    self._waiter.set_result(None)
                await asyncio.Event().wait()
            finally:
                self._readers.close(own)


def _lost(position: Position, begun: Mapping[Place, int]) -> int:
    """How many records lie between a position and where reading began."""
    return sum(max(0, begun[place] - one.offset) for place, one in position.items() if place in begun)
