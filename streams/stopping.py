"""How what runs is brought to its end: a signal for whatever waits inside a stream, and tasks that are over."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any, Final

_AGAIN_SECONDS: Final = 0.1


async def end_tasks(tasks: Iterable[asyncio.Task[Any]]) -> None:
    """Cancel tasks until they have ended, and keep what they raise to themselves.

    Once is not enough: the Valkey client swallows a cancellation that comes while it opens a connection, and goes on.
    """
    given = tuple(tasks)
    left = {task for task in given if not task.done()}
    while left:
        for task in left:
            task.cancel()
        _, left = await asyncio.wait(left, timeout=_AGAIN_SECONDS)
    await asyncio.gather(*given, return_exceptions=True)


class StopSignal:
    """Set once, when its stream is to stop."""

    def __init__(self) -> None:
        self._stopping = asyncio.Event()

    def set(self) -> None:
        """Tell everybody."""
        self._stopping.set()

    def is_set(self) -> bool:
        """Tell whether the stream is to stop."""
        return self._stopping.is_set()

    async def wait(self) -> None:
        """Return when the stream is to stop."""
        await self._stopping.wait()

    async def within(self, seconds: float) -> bool:
        """Wait this long, or until the stream is to stop. Returns whether it is."""
        try:
            async with asyncio.timeout(seconds):
                await self._stopping.wait()
        except TimeoutError:
            return False
        return True
