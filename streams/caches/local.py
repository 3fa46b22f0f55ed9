"""The caches of one process: entries with an end, and what goes when there is no room."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from streams.caches.cache import CacheError, KeyMissingError, KeyTakenError

MAX_BYTES: Final = 64 << 20
"""What keys and values of one cache may take."""
_ENTRY_BYTES: Final = 200
"""About what an entry takes besides."""


@dataclass(slots=True)
class _Entry:
    """A value and when it ends."""

    value: bytes
    ends: float
    """On the cache's clock; infinite: never."""


class LocalCache:
    """Keeps entries in memory, those used last at the end."""

    def __init__(
        self,
        *,
        ttl: float | None = None,
        capacity: int | None = None,
        evicting: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """ttl: seconds an entry is kept unless told otherwise. capacity: entries. evicting: a new entry makes room
        by taking that of the one unused for longest; else a full cache refuses it."""
        self._ttl = ttl
        self._capacity = capacity
        self._evicting = evicting
        self._clock = clock
        self._entries: OrderedDict[str, _Entry] = OrderedDict()
        self._bytes = 0

    async def get(self, key: str) -> bytes:
        """Return the value. Raises KeyMissingError."""
        entry = self._live(key)
        if entry is None:
            raise KeyMissingError
        self._entries.move_to_end(key)
        return entry.value

    async def set(self, key: str, value: bytes, ttl: float | None = None) -> None:
        """Keep a value. Raises CacheError when there is no room."""
        self.keep(key, value, ttl)

    async def add(self, key: str, value: bytes, ttl: float | None = None) -> None:
        """Keep a value where there is none. Raises KeyTakenError, and CacheError when there is no room."""
        if self._live(key) is not None:
            raise KeyTakenError
        self.keep(key, value, ttl)

    async def delete(self, key: str) -> None:
        """Forget a key, if it is there."""
        self._forget(key)

    def keep(self, key: str, value: bytes, ttl: float | None = None) -> None:
        """Keep a value at once. Raises CacheError when there is no room."""
        self._forget(key)
        self._make_room(_size(key, value))
        seconds = self._ttl if ttl is None else ttl
        ends = float("inf") if seconds is None else self._clock() + seconds
        self._entries[key] = _Entry(value, ends)
        self._bytes += _size(key, value)

    def fill(self, values: Mapping[str, str]) -> None:
        """Keep what the configuration puts there, without an end."""
        for key, value in values.items():
            self.keep(key, value.encode(), float("inf"))

    def remove_ended(self) -> None:
        """Forget every entry whose time is over."""
        now = self._clock()
        for key in [key for key, entry in self._entries.items() if entry.ends <= now]:
            self._forget(key)

    def _live(self, key: str) -> _Entry | None:
        entry = self._entries.get(key)
        if entry is not None and entry.ends <= self._clock():
            self._forget(key)
            return None
        return entry

    def _forget(self, key: str) -> None:
        entry = self._entries.pop(key, None)
        if entry is not None:
            self._bytes -= _size(key, entry.value)

    def _make_room(self, size: int) -> None:
        if size > MAX_BYTES:
            raise CacheError(f"the value is larger than {MAX_BYTES} bytes, which is all that the cache holds")
        if self._is_full(size):
            self.remove_ended()
        while self._is_full(size):
            if not self._evicting:
                raise CacheError("the cache is full")
            self._forget(next(iter(self._entries)))

    def _is_full(self, size: int) -> bool:
        crowded = self._capacity is not None and len(self._entries) >= self._capacity
        return crowded or self._bytes + size > MAX_BYTES


def _size(key: str, value: bytes) -> int:
    return len(key) + len(value) + _ENTRY_BYTES
