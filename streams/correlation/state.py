"""Where the state of keys is kept, and a store that a cache of the stream is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from streams.caches.cache import Cache, CacheError, KeyMissingError
from streams.errors import ConnectError
from streams.jsontext import parse, serialise
from streams.spec import StreamIdentity

_KEPT_SECONDS: Final = 30 * 86_400.0


class StateError(ConnectError):
    """The state could not be read or written; trying again later may help."""


@dataclass(frozen=True, slots=True)
class Record:
    """What is kept of one key."""

    value: bytes
    due: int | None
    """The moment at which it is to be looked at again; None: when an event comes."""
    owing: bool
    """It has matches that nobody has taken over yet."""


class CorrelationState(Protocol):
    """The keys of one component. One process at a time writes them. Every method raises StateError."""

    async def begin(self) -> bytes | None:
        """Take the state over from whoever wrote it before. Returns what is kept of all keys together, if anything."""

    async def load(self, keys: Sequence[str]) -> dict[str, bytes]:
        """What is kept of these keys; those of which nothing is are left out."""

    async def due(self, moment: int, limit: int) -> list[str]:
        """Some of the keys that are due at a moment, those first that are so for longest."""

    async def next_due(self) -> int | None:
        """The first moment at which a key is due."""

    async def owing(self) -> list[str]:
        """Keys with matches that nobody has taken over yet."""

    async def save(self, common: bytes, records: Mapping[str, Record | None]) -> None:
        """Keep all of this, or nothing. None: nothing is kept of a key any more."""


class CorrelationStates(Protocol):
    """Where every stream's state is kept."""

    def state(self, stream: StreamIdentity, component: str, rules: str) -> CorrelationState:
        """The state of one component. rules: what it decides by; what was kept under others is forgotten."""


class CacheState:
    """Keeps the state in a cache, which does one thing at a time.

    Keys are written before the list of them. A crash between the two reads the events again, finds them among their
    keys, and makes the list right. So nothing is lost or counted twice, as long as the cache keeps what it has.
    """

    def __init__(self, cache: Cache, name: str) -> None:
        self._cache = cache
        self._name = name
        self._keys: dict[str, tuple[int | None, bool]] = {}

    async def begin(self) -> bytes | None:
        """Read the list of keys."""
        content = await self._get("all")
        if content is None:
            return None
        value: dict[str, Any] = parse(content)
        self._keys = {key: (due, owing) for key, (due, owing) in value["keys"].items()}
        return serialise(value["common"])

    async def load(self, keys: Sequence[str]) -> dict[str, bytes]:
        """Read these keys, one after the other."""
        found = {key: await self._get(f"key/{key}") for key in keys}
        return {key: content for key, content in found.items() if content is not None}

    async def due(self, moment: int, limit: int) -> list[str]:
        """Look at the list."""
        over = [(due, key) for key, (due, _) in self._keys.items() if due is not None and due <= moment]
        return [key for _, key in sorted(over)[:limit]]

    async def next_due(self) -> int | None:
        """Look at the list."""
        return min((due for due, _ in self._keys.values() if due is not None), default=None)

    async def owing(self) -> list[str]:
        """Look at the list."""
        return [key for key, (_, owing) in self._keys.items() if owing]

    async def save(self, common: bytes, records: Mapping[str, Record | None]) -> None:
        """Write keys, then the list, and only then forget keys."""
        try:
            for key, record in records.items():
                if record is not None:
                    await self._cache.set(f"{self._name}/key/{key}", record.value, _KEPT_SECONDS)
            gone = [key for key, record in records.items() if record is None]
            self._list(records)
            content = serialise({"common": parse(common), "keys": self._keys})
            await self._cache.set(f"{self._name}/all", content, _KEPT_SECONDS)
            for key in gone:
                await self._cache.delete(f"{self._name}/key/{key}")
        except CacheError as error:
            raise StateError(f"the state cannot be kept: {error}") from error

    def _list(self, records: Mapping[str, Record | None]) -> None:
        for key, record in records.items():
            if record is None:
                self._keys.pop(key, None)
            else:
                self._keys[key] = (record.due, record.owing)

    async def _get(self, key: str) -> bytes | None:
        try:
            return await self._cache.get(f"{self._name}/{key}")
        except KeyMissingError:
            return None
        except CacheError as error:
            raise StateError(f"the state cannot be read: {error}") from error
