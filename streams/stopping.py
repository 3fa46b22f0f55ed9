"""The signal that a stream is to end, for whatever waits inside it."""

from __future__ import annotations

import asyncio


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
