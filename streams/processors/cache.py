"""`cache`: reads and writes a cache for each message."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from streams import bloblang
from streams.bloblang import Interpolation, MappingError
from streams.caches.cache import Cache, CacheError, KeyMissingError
from streams.config import parse_duration
from streams.message import Message
from streams.processors.flags import flagged
from streams.spec import BuildContext, ComponentSpec, Config, DryRun, Field, FieldType, Kind

OPERATORS: Final = ("set", "add", "get", "exists", "delete")


@dataclass(frozen=True, slots=True)
class CacheProcessor:
    """Does one operation for each message."""

    cache: Cache
    operator: str
    key: Interpolation
    value: Interpolation
    ttl: Interpolation

    async def process(self, messages: list[Message]) -> list[list[Message]]:
        """The batch; messages for which the operation fails are flagged."""
        return [[await self._operated(messages, index) for index in range(len(messages))]]

    async def _operated(self, messages: list[Message], index: int) -> Message:
        message = messages[index]
        try:
            content = await self._operate(messages, index)
        except (CacheError, MappingError) as error:
            return flagged(message, f"operator failed for key '{self._shown_key(messages, index)}': {error}")
        except ValueError as error:
            return flagged(message, f"failed to parse ttl: {error}")
        return message if content is None else message.replaced(content)

    async def _operate(self, messages: list[Message], index: int) -> bytes | None:
        """Returns the new payload, or None when the message keeps its own."""
        key = self.key.resolve(messages, index)
        if self.operator == "get":
            return await self.cache.get(key)
        if self.operator == "exists":
            return b"true" if await _exists(self.cache, key) else b"false"
        if self.operator == "delete":
            await self.cache.delete(key)
            return None
        write = self.cache.set if self.operator == "set" else self.cache.add
        await write(key, self.value.resolve_bytes(messages, index), self._seconds(messages, index))
        return None

    def _seconds(self, messages: list[Message], index: int) -> float | None:
        text = self.ttl.resolve(messages, index)
        return parse_duration(text) if text else None

    def _shown_key(self, messages: list[Message], index: int) -> str:
        try:
            return self.key.resolve(messages, index)
        except MappingError:
            return self.key.text


async def _exists(cache: Cache, key: str) -> bool:
    try:
        await cache.get(key)
    except KeyMissingError:
        return False
    return True


def _build(config: Config, context: BuildContext) -> CacheProcessor:
    return CacheProcessor(
        context.resource(config["resource"]),
        config["operator"],
        bloblang.interpolate(config["key"]),
        bloblang.interpolate(config["value"]),
        bloblang.interpolate(config["ttl"]),
    )


CACHE: Final = ComponentSpec(
    Kind.PROCESSOR,
    "cache",
    "Reads and writes a cache of the stream for each message.",
    _build,
    fields=(
        Field("resource", FieldType.CACHE, "The label of the cache."),
        Field("operator", FieldType.STRING, "What is done.", options=OPERATORS),
        Field("key", FieldType.STRING, "The key.", interpolated=True),
        Field("value", FieldType.STRING, "What `set` and `add` keep.", default="", interpolated=True),
        Field(
            "ttl", FieldType.STRING, "For how long; empty: as the cache does.", default="", interpolated=True
        ),
    ),
    description="`get` replaces the payload by the value and flags the message when there is none; `exists` "
    "replaces it by true or false; `add` flags the message when the key is taken.",
    examples=({"resource": "cache", "operator": "get", "key": "${! this.id }"},),
    per_message=True,
    dry_run=DryRun.RUN,
)
