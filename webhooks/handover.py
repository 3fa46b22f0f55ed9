"""Events that wait to be written: several hand-overs share a transaction, and a long one may take several."""

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

Item = TypeVar("Item")


@dataclass(slots=True, eq=False)
class _Handover(Generic[Item]):
    items: Sequence[Item]
    settled: asyncio.Future[None]
    taken: int = 0
    """How many of the items are in a group."""
    open_groups: int = 0
    """Groups with items of it that are not written yet."""
    error: Exception | None = None

    def settle(self) -> None:
        """Tell who waits, once nothing of it is open any more."""
        if self.open_groups or (self.taken < len(self.items) and self.error is None) or self.settled.done():
            return
        if self.error is None:
            self.settled.set_result(None)
        else:
            self.settled.set_exception(self.error)


@dataclass(frozen=True, slots=True)
class Group(Generic[Item]):
    """Items for one transaction."""

    items: list[Item]
    parts: tuple[_Handover[Item], ...]

    def finish(self, error: Exception | None = None) -> None:
        """The transaction was committed, or failed: then every hand-over with a part in it has failed."""
        for handover in self.parts:
            handover.open_groups -= 1
            handover.error = handover.error or error
            handover.settle()


class Handovers(Generic[Item]):
    """A queue of hand-overs, taken from in groups of any size."""

    def __init__(self) -> None:
        self._waiting: deque[_Handover[Item]] = deque()

    def __len__(self) -> int:
        return sum(len(handover.items) - handover.taken for handover in self._waiting)

    def add(self, items: Sequence[Item]) -> asyncio.Future[None]:
        """Queue items; the future is done when all are written, and fails when any was not."""
        handover = _Handover(items, asyncio.get_running_loop().create_future())
        if items:
            self._waiting.append(handover)
        handover.settle()
        return handover.settled

    def take(self, limit: int) -> Group[Item]:
        """Up to `limit` items, those that wait longest first. What is left of a failed hand-over is passed over."""
        items: list[Item] = []
        parts: list[_Handover[Item]] = []
        while self._waiting and len(items) < limit:
            handover = self._waiting[0]
            if handover.error is None:
                stop = min(handover.taken + limit - len(items), len(handover.items))
                items += handover.items[handover.taken : stop]
                handover.taken = stop
                handover.open_groups += 1
                parts.append(handover)
            if handover.taken == len(handover.items) or handover.error is not None:
                self._waiting.popleft()
        return Group(items, tuple(parts))
