"""Time limits for many tasks at little cost: one timer looks at all of them, where a timer each would cost as much as
the rest of a request.
"""

import asyncio
from types import TracebackType
from typing import Final, Self

TICK: Final = 0.05
"""Seconds between looks: how late a limit may be noticed."""


class Deadline:
    """A limit for the task that asks for it, as `asyncio.timeout`. Raises TimeoutError when it is over."""

    __slots__ = ("_at", "_deadlines", "_expired", "_task")

    def __init__(self, deadlines: "Deadlines", seconds: float) -> None:
        self._deadlines = deadlines
        self._at = deadlines.time() + seconds
        self._expired = False
        self._task = asyncio.current_task(deadlines.loop)

    def restart(self, seconds: float) -> None:
        """End so many seconds from now instead."""
        self._at = self._deadlines.time() + seconds

    def expire_before(self, now: float) -> None:
        """End the task's work when it is time."""
        if self._at <= now and not self._expired and self._task is not None:
            self._expired = True
            self._task.cancel()

    def __enter__(self) -> Self:
        self._deadlines.watch(self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._deadlines.open.discard(self)
        if not self._expired or self._task is None:
            return
        # Somebody else may have cancelled the task as well; then it stays cancelled.
        if not self._task.uncancel() and kind is asyncio.CancelledError:
            raise TimeoutError from error


class Deadlines:
    """All limits of one event loop."""

    def __init__(self) -> None:
        loop = asyncio.get_running_loop()
        self.time = loop.time
        self.loop = loop
        self.open: set[Deadline] = set()
        """Those that are looked at."""
        self._ticking = False

    def within(self, seconds: float) -> Deadline:
        """A limit from now on."""
        return Deadline(self, seconds)

    def watch(self, deadline: Deadline) -> None:
        """Look at this one too."""
        self.open.add(deadline)
        if not self._ticking:
            self._ticking = True
            self.loop.call_later(TICK, self._tick)

    def _tick(self) -> None:
        now = self.loop.time()
        for deadline in tuple(self.open):
            deadline.expire_before(now)
        self._ticking = bool(self.open)
        if self._ticking:
            self.loop.call_later(TICK, self._tick)
