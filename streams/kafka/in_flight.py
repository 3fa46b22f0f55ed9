"""How many batches may wait for the brokers at a time: a semaphore that costs nothing while there is room."""

from __future__ import annotations

import asyncio
from collections import deque


class InFlight:
    """Places, given to those who wait in the order of asking."""

    __slots__ = ("_free", "_waiting")

    def __init__(self, places: int) -> None:
        self._free = places
        self._waiting: deque[asyncio.Future[None]] = deque()

    def enter(self) -> bool:
        """Take a place, if there is one and nobody waits for it."""
        if not self._free or self._waiting:
            return False
        self._free -= 1
        return True

    async def wait(self) -> None:
        """Take a place when it is our turn."""
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            # The place may have been given a moment before; then it is the next one's.
            if turn.done() and not turn.cancelled():
                self.leave()
            raise

    def leave(self) -> None:
        """Give a place back, or on to who waits longest."""
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        self._free += 1
