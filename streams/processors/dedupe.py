"""`dedupe`: drops messages that were there before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from streams import bloblang
from streams.bloblang import Interpolation, MappingError
from streams.caches.cache import Cache, CacheError, KeyTakenError
from streams.message import Message
from streams.processors.flags import flagged
from streams.processors.nested import one_batch
from streams.spec import BuildContext, ComponentSpec, Config, DryRun, Field, FieldType, Kind

_SEEN: Final = b"t"


@dataclass(frozen=True, slots=True)
class Dedupe:
    """Keeps the first or last message of each key."""

    cache: Cache
    key: Interpolation
    drops_on_error: bool
    keeps_last: bool

    async def process(self, messages: list[Message]) -> list[list[Message]]:
        """One batch of what is left, in order."""
        places = range(len(messages))
        kept = [
            await self._kept(messages, place) for place in (reversed(places) if self.keeps_last else places)
        ]
        left = [message for message in kept if message is not None]
        return one_batch(left[::-1] if self.keeps_last else left)

    async def _kept(self, messages: list[Message], place: int) -> Message | None:
        try:
            await self.cache.add(self.key.resolve(messages, place), _SEEN)
        except (KeyTakenError, MappingError):
            return None
        except CacheError as error:
            return None if self.drops_on_error else flagged(messages[place], str(error))
        return messages[place]


def _build(config: Config, context: BuildContext) -> Dedupe:
    return Dedupe(
        context.resource(config["cache"]),
        bloblang.interpolate(config["key"]),
        drops_on_error=config["drop_on_err"],
        keeps_last=config["strategy"] == "LIFO",
    )


DEDUPE: Final = ComponentSpec(
    Kind.PROCESSOR,
    "dedupe",
    "Drops messages whose key was seen before.",
    _build,
    fields=(
        Field("cache", FieldType.CACHE, "The label of the cache that remembers keys."),
        Field("key", FieldType.STRING, "What makes a message the same as another.", interpolated=True),
        Field("drop_on_err", FieldType.BOOL, "Drop messages when the cache fails.", default=True),
        Field(
            "strategy",
            FieldType.STRING,
            "FIFO keeps the first of each key; LIFO the last of those in one batch.",
            default="FIFO",
            options=("FIFO", "LIFO"),
        ),
    ),
    description="A message without a key is dropped. A message that an output rejects comes again, and is then "
    "dropped as seen: put what must not be lost before an output that retries.",
    examples=({"cache": "cache", "key": "${! this.id }"},),
    per_message=lambda config: config["strategy"] == "FIFO",
    dry_run=DryRun.RUN,
)
