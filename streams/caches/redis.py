"""`redis`: a cache that processes, and streams, have in common."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Final, TypeVar

from redis.asyncio import Redis
from redis.exceptions import RedisError

from streams.caches.cache import CacheError, KeyMissingError, KeyTakenError
from streams.errors import ConnectError
from streams.redis.connection import CONNECTION, RedisLink, check_redis, make_link, redis_servers
from streams.servers import Server, topic_refusal
from streams.spec import BuildContext, ComponentSpec, Config, Field, FieldType, Kind, Problem, Rules

_Answer = TypeVar("_Answer")


class RedisCache:
    """Keeps entries on a server."""

    def __init__(self, servers: tuple[Server, ...], link: RedisLink, config: Config) -> None:
        self._servers = servers
        self._link = link
        self._prefix = config["prefix"] or ""
        self._ttl: float = config["default_ttl"] or 0.0
        self._retries = config["retries"]

    async def get(self, key: str) -> bytes:
        """Return the value. Raises KeyMissingError, CacheError."""
        name = self._name(key)
        value = await self._asked(lambda client: client.get(name))
        if not isinstance(value, bytes):
            raise KeyMissingError
        return value

    async def set(self, key: str, value: bytes, ttl: float | None = None) -> None:
        """Keep a value. Raises CacheError."""
        name, milliseconds = self._name(key), self._milliseconds(ttl)
        await self._asked(lambda client: client.set(name, value, px=milliseconds))

    async def add(self, key: str, value: bytes, ttl: float | None = None) -> None:
        """Keep a value where there is none. Raises KeyTakenError, CacheError."""
        name, milliseconds = self._name(key), self._milliseconds(ttl)
        if not await self._asked(lambda client: client.set(name, value, px=milliseconds, nx=True)):
            raise KeyTakenError

    async def delete(self, key: str) -> None:
        """Forget a key, if it is there. Raises CacheError."""
        name = self._name(key)
        await self._asked(lambda client: client.delete(name))

    async def close(self) -> None:
        """Disconnect."""
        await self._link.close()

    def _name(self, key: str) -> str:
        name = self._prefix + key
        if refusal := topic_refusal(self._servers, name):
            raise CacheError(refusal)
        return name

    def _milliseconds(self, ttl: float | None) -> int | None:
        """None: for good, as Bento has it for an end of zero."""
        seconds = self._ttl if ttl is None else ttl
        return max(1, round(seconds * 1000)) if seconds > 0 else None

    async def _asked(self, ask: Callable[[Redis], Awaitable[_Answer]]) -> _Answer:
        """Ask until there is an answer, or the time for it is over."""
        loop = asyncio.get_running_loop()
        until, wait = loop.time() + self._retries["max_elapsed_time"], self._retries["initial_interval"]
        while True:
            try:
                return await ask(await self._link.client())
            except (RedisError, ConnectError, OSError) as error:
                if loop.time() + wait > until:
                    raise CacheError(f"the cache does not answer: {error}") from error
            await asyncio.sleep(wait)
            wait = min(wait * 2, self._retries["max_interval"])


def _build(config: Config, context: BuildContext) -> RedisCache:
    servers = redis_servers(config, context)
    return RedisCache(servers, make_link(servers, config, context), config)


def _check(config: Config, rules: Rules) -> Iterable[Problem]:
    yield from check_redis(config, rules, {})


REDIS: Final = ComponentSpec(
    Kind.CACHE,
    "redis",
    "Keeps entries in Redis or Valkey, for all processes and streams that use the same keys.",
    _build,
    fields=(
        *CONNECTION,
        Field("prefix", FieldType.STRING, "What every key begins with.", default=None),
        Field(
            "default_ttl",
            FieldType.DURATION,
            "How long, unless told otherwise; empty: for good.",
            default=None,
        ),
        Field(
            "retries",
            FieldType.OBJECT,
            "For how long a server that does not answer is asked again.",
            children=(
                Field("initial_interval", FieldType.DURATION, "The first wait.", default="500ms"),
                Field("max_interval", FieldType.DURATION, "The longest wait.", default="1s"),
                Field("max_elapsed_time", FieldType.DURATION, "All together.", default="5s"),
            ),
        ),
    ),
    check=_check,
    examples=({"url": "redis://cache.example.com:6379/0", "prefix": "orders:", "default_ttl": "1h"},),
)
