"""`insert_part`: puts a new message into a batch."""

from __future__ import annotations

from typing import Final

from streams import bloblang
from streams.bloblang import Interpolation, MappingError
from streams.message import Message
from streams.processors.flags import all_flagged
from streams.spec import BuildContext, ComponentSpec, Config, DryRun, Field, FieldType, Kind


class InsertPart:
    """Adds a message of a given content."""

    def __init__(self, index: int, content: Interpolation) -> None:
        """index: its place from 0; from -1 for the last."""
        self._index = index
        self._content = content

    async def process(self, messages: list[Message]) -> list[list[Message]]:
        """The batch with the message, which comes from where the first of the batch does."""
        try:
            content = self._content.resolve_bytes(messages)
        except MappingError as error:
            return [all_flagged(messages, error.text)]
        added = messages[0].replaced(content, metadata={})
        added.error = None
        place = self._index if self._index >= 0 else max(0, len(messages) + 1 + self._index)
        return [[*messages[:place], added, *messages[place:]]]


def _build(config: Config, _context: BuildContext) -> InsertPart:
    return InsertPart(config["index"], bloblang.interpolate(config["content"]))


INSERT_PART: Final = ComponentSpec(
    Kind.PROCESSOR,
    "insert_part",
    "Puts a new message into the batch.",
    _build,
    fields=(
        Field("index", FieldType.INT, "Its place from 0; -1 is the end.", default=-1),
        Field("content", FieldType.STRING, "Its payload.", default="", interpolated=True),
    ),
    description="It has no metadata. Interpolations read the first message of the batch.",
    examples=({"index": 0, "content": '{"batch":${! batch_size() }}'},),
    replayable=lambda config: bloblang.interpolate(config["content"]).is_pure,
    dry_run=DryRun.RUN,
)
