"""`cached`: keeps what processors made, and uses it again for messages with the same key."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from streams import bloblang
from streams.bloblang import Interpolation, MappingError
from streams.caches.cache import Cache, CacheError, KeyMissingError
from streams.config import parse_duration
from streams.jsontext import NotJsonError, parse, serialise
from streams.message import Failure, Message
from streams.processors.conditions import ask, compile_condition
from streams.processors.flags import flagged
from streams.processors.nested import PROCESSORS, joined, one_batch, run_nested
from streams.spec import BuildContext, ComponentSpec, Config, DryRun, Field, FieldType, Kind, Processor
from streams.stages import build_stages


@dataclass(frozen=True, slots=True)
class Cached:
    """Asks the cache first, and its processors only when it has nothing."""

    cache: Cache
    key: Interpolation
    ttl: Interpolation
    skip_on: bloblang.Mapping | None
    stages: Sequence[Processor]

    async def process(self, messages: list[Message]) -> list[list[Message]]:
        """One batch of what was made of the messages, in order; each is processed alone."""
        return one_batch(joined([await self._one(message) for message in messages]))

    async def _one(self, message: Message) -> list[Message]:
        try:
            key = self.key.resolve([message])
            kept = await self._found(key)
            if kept is None:
                return await self._made(message, key)
            return [_restored(message, part) for part in kept]
        except (MappingError, CacheError) as error:
            return [flagged(message, str(error))]
        except ValueError as error:
            return [flagged(message, f"failed to parse ttl: {error}")]

    async def _found(self, key: str) -> list[dict[str, object]] | None:
        """What is kept under a key; what cannot be read counts as nothing."""
        try:
            kept = parse(await self.cache.get(key))
        except (KeyMissingError, NotJsonError):
            return None
        return kept if isinstance(kept, list) else None

    async def _made(self, message: Message, key: str) -> list[Message]:
        made = joined(await run_nested(self.stages, [message]))
        if not self._is_skipped(made):
            text = self.ttl.resolve([message])
            kept = serialise([_kept(one) for one in made])
            await self.cache.set(key, kept, parse_duration(text) if text else None)
        return made

    def _is_skipped(self, made: list[Message]) -> bool:
        """A result with a failure is not kept, nor one that `skip_on` is true for."""
        if any(one.error is not None for one in made):
            return True
        if self.skip_on is None or not made:
            return False
        answer = ask(self.skip_on, made, 0)
        return isinstance(answer, Failure) or answer


def _kept(message: Message) -> dict[str, object]:
    # A byte is a letter here, for JSON holds text only.
    return {"content": message.content.decode("latin-1"), "metadata": message.metadata}


def _restored(message: Message, part: dict[str, object]) -> Message:
    metadata = part.get("metadata")
    content = str(part.get("content", "")).encode("latin-1", "replace")
    return message.replaced(content, metadata=metadata if isinstance(metadata, dict) else {})


def _build(config: Config, context: BuildContext) -> Cached:
    return Cached(
        context.resource(config["cache"]),
        bloblang.interpolate(config["key"]),
        bloblang.interpolate(config["ttl"]),
        compile_condition(config["skip_on"]),
        build_stages(config["processors"], context),
    )


CACHED: Final = ComponentSpec(
    Kind.PROCESSOR,
    "cached",
    "Keeps what processors make of a message, and gives it again for messages with the same key.",
    _build,
    fields=(
        Field("cache", FieldType.CACHE, "The label of the cache."),
        Field("skip_on", FieldType.BLOBLANG, "A query that is true for results not to be kept.", default=""),
        Field("key", FieldType.STRING, "What makes messages get the same.", interpolated=True),
        Field(
            "ttl", FieldType.STRING, "For how long; empty: as the cache does.", default="", interpolated=True
        ),
        PROCESSORS,
    ),
    description="Payloads and metadata are kept. A result that failed is not.",
    examples=({"cache": "cache", "key": "${! this.id }", "processors": [{"mapping": "root = this"}]},),
    dry_run=DryRun.RUN,
)
