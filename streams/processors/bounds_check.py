"""`bounds_check`: drops batches that are too large or too small."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from streams.message import Message
from streams.spec import BuildContext, ComponentSpec, Config, DryRun, Field, FieldType, Kind


@dataclass(frozen=True, slots=True)
class BoundsCheck:
    """Passes on batches within bounds."""

    max_part_size: int
    """Bytes of a message."""
    min_part_size: int
    max_parts: int
    """Messages of a batch."""
    min_parts: int

    async def process(self, messages: list[Message]) -> list[list[Message]]:
        """The batch, or nothing when it, or any of its messages, is out of bounds."""
        if not self.min_parts <= len(messages) <= self.max_parts:
            return []
        sizes = (len(message.content) for message in messages)
        return [messages] if all(self.min_part_size <= size <= self.max_part_size for size in sizes) else []


def _build(config: Config, _context: BuildContext) -> BoundsCheck:
    return BoundsCheck(**config)


BOUNDS_CHECK: Final = ComponentSpec(
    Kind.PROCESSOR,
    "bounds_check",
    "Drops whole batches that are out of bounds, or have a message that is.",
    _build,
    fields=(
        Field("max_part_size", FieldType.INT, "The most bytes of a message.", default=1 << 30),
        Field("min_part_size", FieldType.INT, "The fewest bytes of a message.", default=1),
        Field("max_parts", FieldType.INT, "The most messages of a batch.", default=100),
        Field("min_parts", FieldType.INT, "The fewest messages of a batch.", default=1),
    ),
    examples=({"max_part_size": 100000},),
    replayable=True,
    dry_run=DryRun.RUN,
)
