"""Fair turns: computing in short pieces on the event loop that streams share, and beside it once it takes long.

Fuel bounds what a mapping may do with one message, yet that much can take seconds, in which an event loop would serve
nobody else. So computing is watched. What nobody has seen yet is done in a thread; what proves quick is done on the
loop from then on, as that costs nothing; what takes long goes to one of two threads that all such streams share, until
it has been quick many times. Python lets threads take turns every few milliseconds, so that the loop goes on meanwhile.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Final, TypeVar

from streams.message import Message
from streams.spec import Processor

LARGEST_PIECE: Final = 16
"""Messages that are computed in one piece, where they may be divided."""
_QUICK: Final = 0.005
"""Seconds of computing after which pieces are made smaller."""
_LONG: Final = 0.05
"""Seconds of computing after which the loop is not held up again."""
_TRIALS: Final = 4
"""Quick pieces after which computing is trusted with the loop."""
_TRIALS_AFTER_LONG: Final = 64
"""As many once it took long; each time twice as many."""
_MOST_TRIALS: Final = 1024
_UNSEEN: Final = ThreadPoolExecutor(16, "unseen")
_SLOW: Final = ThreadPoolExecutor(2, "slow")

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


class Turns:
    """Where one part of a stream computes, and how much at a time. It lives on one event loop."""

    def __init__(self) -> None:
        self.piece = 1
        """Messages to be given at once, where they may be divided."""
        self._trials = _TRIALS
        self._trials_after_long = _TRIALS_AFTER_LONG
        self._slow = False
        # State that a mapping keeps between messages is changed by one thread at a time.
        self._one = asyncio.Lock()

    @property
    def is_slow(self) -> bool:
        """It was seen to take long, and has not been quick for long enough since to be trusted with the loop."""
        return self._slow

    async def run(self, work: Callable[[], _Result]) -> _Result:
        """What some work gives. Raises what it raises."""
        if self._slow or self._trials or self._one.locked():
            async with self._one:
                pool = _SLOW if self._slow else _UNSEEN
                result, seconds = await asyncio.get_running_loop().run_in_executor(pool, _timed, work)
        else:
            result, seconds = _timed(work)
        self._learn(seconds)
        return result

    async def each(self, work: Callable[[_Item], _Result], items: Sequence[_Item]) -> list[_Result]:
        """What some work gives for each item, in pieces that leave others their turn. Raises what it raises."""
        results: list[_Result] = []
        while len(results) < len(items):
            piece = items[len(results) : len(results) + self.piece]
            results += await self.run(partial(_all, work, piece))
        return results

    def _learn(self, seconds: float) -> None:
        if seconds > _LONG:
            # One collection of garbage may look like this too, so that it is not for ever.
            self._slow, self._trials = True, self._trials_after_long
            self._trials_after_long = min(2 * self._trials_after_long, _MOST_TRIALS)
        elif self._trials:
            self._trials -= 1
            self._slow = self._slow and self._trials > 0
        if seconds > _QUICK:
            self.piece = max(1, self.piece // 2)
        elif self.piece < LARGEST_PIECE:
            self.piece *= 2


class ComputingProcessor:
    """A processor whose `process` waits for nothing, computing in turns."""

    def __init__(self, processor: Processor) -> None:
        self.turns = Turns()
        self._processor = processor

    async def process(self, messages: list[Message]) -> list[list[Message]]:
        """What the processor makes of a batch. Raises what it raises."""
        return await self.turns.run(partial(_completed, self._processor, messages))


def _all(work: Callable[[_Item], _Result], items: Sequence[_Item]) -> list[_Result]:
    return [work(item) for item in items]


def _timed(work: Callable[[], _Result]) -> tuple[_Result, float]:
    """What some work gives, and the seconds this thread computed for it."""
    begun = time.thread_time()
    return work(), time.thread_time() - begun


def _completed(processor: Processor, messages: list[Message]) -> list[list[Message]]:
    """What a processor makes of a batch; it waits for nothing, so that it needs no event loop."""
    coroutine = processor.process(messages)
    try:
        coroutine.send(None)
    except StopIteration as end:
        made: list[list[Message]] = end.value
        return made
    coroutine.close()
    raise TypeError(f"{type(processor).__name__} is declared to compute, yet it waits for something")
