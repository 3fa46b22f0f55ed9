"""What a cache of a stream can do."""

from __future__ import annotations

from typing import Protocol

from streams.errors import SluiceError


class CacheError(SluiceError):
    """A cache could not do what was asked."""


class KeyMissingError(CacheError):
    """The cache has no such key, or no longer."""

    def __init__(self) -> None:
        super().__init__("key does not exist")


class KeyTakenError(CacheError):
    """The key to be added is there already."""

    def __init__(self) -> None:
        super().__init__("key already exists")


class Cache(Protocol):
    """Keys with values that are kept for a time. Every method raises CacheError."""

    async def get(self, key: str) -> bytes:
        """Return the value. Raises KeyMissingError."""

    async def set(self, key: str, value: bytes, ttl: float | None = None) -> None:
        """Keep a value, for `ttl` seconds or as long as the cache does."""

    async def add(self, key: str, value: bytes, ttl: float | None = None) -> None:
        """As `set`, but only where there is none. Raises KeyTakenError."""

    async def delete(self, key: str) -> None:
        """Forget a key, if it is there."""
