"""`select_parts`: picks messages of a batch by their place."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from streams.message import Message
from streams.processors.nested import one_batch
from streams.spec import BuildContext, ComponentSpec, Config, DryRun, Field, FieldType, Kind, Shape


class SelectParts:
    """Makes a batch of the messages at some places."""

    def __init__(self, parts: Sequence[int]) -> None:
        """parts: from 0, or from -1 for the last; a place twice gives the message twice."""
        self._parts = parts

    async def process(self, messages: list[Message]) -> list[list[Message]]:
        """The messages in the order of the places; places that the batch does not have are left out."""
        count = len(messages)
        return one_batch([messages[part].copy() for part in self._parts if -count <= part < count])


def _build(config: Config, _context: BuildContext) -> SelectParts:
    return SelectParts(config["parts"])


SELECT_PARTS: Final = ComponentSpec(
    Kind.PROCESSOR,
    "select_parts",
    "Picks messages of a batch by their place, in the order given.",
    _build,
    fields=(
        Field(
            "parts",
            FieldType.INT,
            "Places from 0; negative ones count from the end.",
            default=[],
            shape=Shape.LIST,
        ),
    ),
    description="A batch that has none of the places is dropped.",
    examples=({"parts": [0, -1]},),
    replayable=True,
    dry_run=DryRun.RUN,
)
