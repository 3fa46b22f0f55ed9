"""Which windows a moment belongs to, and what waits in them: pure, on a clock that is passed in."""

from __future__ import annotations

from bisect import insort
from dataclasses import dataclass, field
from typing import Final, Generic, TypeVar

from streams.timestamp import NANOSECONDS

Item = TypeVar("Item")

_YEAR_ONE: Final = 62_135_596_800 * NANOSECONDS
"""From the first day of year 1, where Go's windows are aligned, to that of 1970: weeks begin on Mondays."""
SETTLE: Final = 1 * NANOSECONDS
"""How long a window that was over before its first message came waits for others, as after a restart."""


@dataclass(frozen=True, slots=True)
class WindowShape:
    """How time is divided, all in nanoseconds. A window is after its begin and up to its end."""

    size: int
    slide: int = 0
    """From the begin of a window to that of the next; 0: as the size, so that they do not overlap."""
    offset: int = 0
    lateness: int = 0
    """How long a window waits for messages after its end."""

    def ends(self, moment: int) -> list[int]:
        """The ends of the windows that a moment is in, in Unix nanoseconds, the first one first."""
        step = self.slide or self.size
        phase = self.offset + self.size - _YEAR_ONE
        first = moment + (phase - moment) % step
        return list(range(first, moment + self.size, step))


@dataclass(slots=True)
class Window(Generic[Item]):
    """What waits for the end of a window."""

    due: int
    """When it is sent on."""
    settles: bool
    """It was over when it began, and is sent on when nothing came for a moment."""
    items: list[Item] = field(default_factory=list)


class Windows(Generic[Item]):
    """Windows that were not sent on yet."""

    def __init__(self, shape: WindowShape) -> None:
        self._shape = shape
        self._open: dict[int, Window[Item]] = {}
        self._ends: list[int] = []
        self._sent: int | None = None
        """The end of the last window that was sent on."""

    def places(self, moment: int) -> list[int]:
        """The ends of the windows that take a message of this moment; none: it comes too late for all of them."""
        return [end for end in self._shape.ends(moment) if self._sent is None or end > self._sent]

    def put(self, end: int, item: Item, now: int) -> None:
        """Keep something in a window."""
        window = self._open.get(end)
        if window is None:
            due = end + self._shape.lateness
            window = self._open[end] = Window(due, settles=due <= now)
            insort(self._ends, end)
        if window.settles:
            window.due = now + SETTLE
        window.items.append(item)

    def finish(self) -> None:
        """Nothing more comes: those that were only waiting for others are due."""
        for end, window in self._open.items():
            if window.settles:
                window.due = end

    def next_due(self) -> int | None:
        """When the first window is to be sent on; None: nothing waits."""
        return self._open[self._ends[0]].due if self._ends else None

    def take(self) -> tuple[int, list[Item]]:
        """Take the first window, to send it on. Returns its end and what waited in it."""
        end = self._ends.pop(0)
        self._sent = end
        return end, self._open.pop(end).items

    def take_part(self) -> tuple[int, list[Item]]:
        """Take what waits in the first window, which goes on."""
        end = self._ends[0]
        items, self._open[end].items = self._open[end].items, []
        return end, items
