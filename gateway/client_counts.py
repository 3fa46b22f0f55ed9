"""How many streams callers have open at other gateway processes: a plan's number is of all of them together.

Each process says what has changed at once, and all of it each second. Who has not been heard for three seconds is taken
to be gone, so that without Valkey each process counts for itself.
"""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from gateway.process_channel import ProcessChannel
from gateway.routes import ActiveApi
from streams.stopping import end_tasks

CHANNEL: Final = "sluice:open"
TELL_SECONDS: Final = 1.0
GONE_SECONDS: Final = 3.0
_GATHER_SECONDS: Final = 0.02
"""Changes within it are told together."""
_ALL: Final = "all"
_CHANGED: Final = "changed"


@dataclass(slots=True)
class OpenElsewhere:
    """What other processes have said. Times are given, never read."""

    _told: dict[str, tuple[float, dict[str, int]]] = field(default_factory=dict)
    """By process: when it was heard last, and what it has open."""

    def hear(self, process: str, counts: Mapping[str, int], now: float, *, everything: bool) -> bool:
        """Take in what a process says; tell whether it was heard for the first time."""
        known = self._told.get(process)
        before = known[1] if known is not None and not everything else {}
        self._told[process] = now, {key: count for key, count in {**before, **counts}.items() if count > 0}
        return known is None

    def forget(self, now: float) -> None:
        """Take who has not been heard for long to be gone."""
        self._told = {process: told for process, told in self._told.items() if now - told[0] <= GONE_SECONDS}

    def total(self, key: str) -> int:
        """What a caller has open at all of them."""
        return sum(counts.get(key, 0) for _, counts in self._told.values())

    def earlier(self, key: str, process: str) -> int:
        """What a caller has open at those whose id is before a process's."""
        return sum(counts.get(key, 0) for name, (_, counts) in self._told.items() if name < process)


class ClientCounts:
    """Counts streams that are limited in number. It lives on the event loop it is started on."""

    def __init__(self, valkey_url: str, process: str) -> None:
        """process: this process's own id, unlike any other."""
        self._channel = ProcessChannel(valkey_url, CHANNEL, process, self._hear)
        self._process = process
        self._elsewhere = OpenElsewhere()
        self._own: Counter[str] = Counter()
        self._changed: set[str] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._telling: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Listen, and tell."""
        await self._channel.start()
        self._telling = asyncio.create_task(self._tell_forever())

    def apply(self, apis: Sequence[ActiveApi]) -> None:
        """Nothing: what is counted is no matter of definitions."""

    async def stop(self) -> None:
        """Say no more; the others take this process to be gone."""
        if self._timer is not None:
            self._timer.cancel()
        if self._telling is not None:
            await end_tasks([self._telling])
        await self._channel.stop()

    def add(self, key: str, count: int) -> None:
        """Streams of a caller were opened here or, below zero, closed; key: `Caller.budget_key`."""
        self._own[key] += count
        if not self._own[key]:
            del self._own[key]
        self._changed.add(key)
        if self._timer is None and self._telling is not None:
            self._timer = asyncio.get_running_loop().call_later(_GATHER_SECONDS, self._tell_changes)

    def elsewhere(self, key: str) -> int:
        """What a caller has open at other processes."""
        return self._elsewhere.total(key)

    def first(self, key: str) -> int:
        """What a caller has open at those processes that may keep theirs, where all together have too many."""
        return self._elsewhere.earlier(key, self._process)

    def leave(self) -> None:
        """This process is about to end: its callers will come to others, who need not wait for that."""
        if self._telling is not None:
            self._telling.cancel()
            self._telling = None
            self._channel.tell(_ALL, {})

    def _tell_changes(self) -> None:
        self._timer = None
        changed, self._changed = self._changed, set()
        if self._telling is not None:
            self._channel.tell(_CHANGED, {key: self._own[key] for key in changed})

    async def _tell_forever(self) -> None:
        while True:
            self._channel.tell(_ALL, dict(self._own))
            await asyncio.sleep(TELL_SECONDS)
            self._elsewhere.forget(asyncio.get_running_loop().time())

    def _hear(self, process: str, words: list[Any]) -> None:
        kind, counts = words
        now = asyncio.get_running_loop().time()
        is_new = self._elsewhere.hear(process, dict(counts), now, everything=kind == _ALL)
        if is_new and self._telling is not None:  # it has heard nothing of this one either
            self._channel.tell(_ALL, dict(self._own))
