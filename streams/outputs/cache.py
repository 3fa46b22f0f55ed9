"""The `cache` output: keeps each message in a cache."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from streams.bloblang import Interpolation, MappingError, interpolate
from streams.caches.cache import Cache, CacheError
from streams.config import parse_duration
from streams.errors import OutputError, RejectedMessageError
from streams.message import Message
from streams.outputs.attempt import raise_for
from streams.outputs.fields import MAX_IN_FLIGHT, check_in_flight
from streams.spec import BuildContext, ComponentSpec, Config, Field, FieldType, Kind, Problem, Rules


@dataclass(frozen=True, slots=True)
class CacheOutput:
    """Sets a key for each message."""

    cache: Cache
    key: Interpolation
    ttl: Interpolation
    room: asyncio.Semaphore

    async def connect(self) -> None:
        """The cache connects when it must."""

    async def close(self) -> None:
        """The cache is the stream's."""

    async def write(self, messages: list[Message]) -> None:
        """Return when all are kept. Raises BatchError for the others."""
        found = await asyncio.gather(*(self._keep(messages, at) for at in range(len(messages))))
        raise_for({at: error for at, error in enumerate(found) if error is not None})

    async def _keep(self, messages: list[Message], at: int) -> Exception | None:
        try:
            key, ttl = self.key.resolve(messages, at), self.ttl.resolve(messages, at)
            seconds = parse_duration(ttl) if ttl else None
        except (MappingError, ValueError) as error:
            return RejectedMessageError(str(error))
        try:
            async with self.room:
                await self.cache.set(key, messages[at].content, seconds)
        except CacheError as error:
            return OutputError(f"the cache did not keep {key!r}: {error}")
        return None


def _build(config: Config, context: BuildContext) -> CacheOutput:
    return CacheOutput(
        context.resource(config["target"]),
        interpolate(config["key"]),
        interpolate(config["ttl"]),
        asyncio.Semaphore(config["max_in_flight"]),
    )


def _check(config: Config, _rules: Rules) -> Iterable[Problem]:
    yield from check_in_flight(config)


CACHE: Final = ComponentSpec(
    Kind.OUTPUT,
    "cache",
    "Keeps each message in a cache of the stream.",
    _build,
    fields=(
        Field("target", FieldType.CACHE, "The label of the cache."),
        Field(
            "key",
            FieldType.STRING,
            "The key of a message.",
            default='${!count("items")}-${!timestamp_unix_nano()}',
            interpolated=True,
        ),
        Field(
            "ttl", FieldType.STRING, "For how long; empty: as the cache does.", default="", interpolated=True
        ),
        MAX_IN_FLIGHT,
    ),
    description="A message whose key cannot be worked out goes to quarantine.",
    check=_check,
    examples=({"target": "cache", "key": "${! this.id }", "ttl": "60s"},),
)
