"""`split`: divides a batch into smaller ones."""

from __future__ import annotations

from typing import Final

from streams.message import Message
from streams.spec import BuildContext, ComponentSpec, Config, DryRun, Field, FieldType, Kind


class Split:
    """Makes batches of at most so many messages, or bytes."""

    def __init__(self, size: int, byte_size: int) -> None:
        """size, byte_size: messages and bytes of a batch; 0: no limit."""
        self._size = size
        self._byte_size = byte_size

    async def process(self, messages: list[Message]) -> list[list[Message]]:
        """The batches in order; a message larger than the limit is alone in its own."""
        made: list[list[Message]] = []
        size = 0
        for message in messages:
            length = len(message.content) if self._byte_size > 0 else 0
            if not made or self._is_full(len(made[-1]), size + length):
                made.append([])
                size = 0
            made[-1].append(message)
            size += length
        return made

    def _is_full(self, count: int, size: int) -> bool:
        return 0 < self._size <= count or 0 < self._byte_size < size


def _build(config: Config, _context: BuildContext) -> Split:
    return Split(config["size"], config["byte_size"])


SPLIT: Final = ComponentSpec(
    Kind.PROCESSOR,
    "split",
    "Divides a batch into smaller batches.",
    _build,
    fields=(
        Field("size", FieldType.INT, "Messages of a batch; 0: any number.", default=1),
        Field("byte_size", FieldType.INT, "Bytes of a batch; 0: any number.", default=0),
    ),
    examples=({"size": 10}, {"size": 0, "byte_size": 1000000}),
    replayable=True,
    dry_run=DryRun.RUN,
)
