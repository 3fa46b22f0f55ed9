"""`group_by_value`: divides a batch by a text made of each message."""

from __future__ import annotations

from typing import Final

from streams import bloblang
from streams.bloblang import Interpolation, MappingError
from streams.message import Message
from streams.processors.flags import flagged
from streams.spec import BuildContext, ComponentSpec, Config, DryRun, Field, FieldType, Kind


class GroupByValue:
    """Makes a batch of the messages with the same value."""

    def __init__(self, value: Interpolation) -> None:
        self._value = value

    async def process(self, messages: list[Message]) -> list[list[Message]]:
        """The batches in the order in which their values are first seen; messages without one are a batch too."""
        groups: dict[str | None, list[Message]] = {}
        for index, message in enumerate(messages):
            try:
                groups.setdefault(self._value.resolve(messages, index), []).append(message)
            except MappingError as error:
                groups.setdefault(None, []).append(flagged(message, error.text))
        return list(groups.values())


def _build(config: Config, _context: BuildContext) -> GroupByValue:
    return GroupByValue(bloblang.interpolate(config["value"]))


GROUP_BY_VALUE: Final = ComponentSpec(
    Kind.PROCESSOR,
    "group_by_value",
    "Divides a batch into batches of messages with the same value.",
    _build,
    fields=(Field("value", FieldType.STRING, "The text to group by.", interpolated=True),),
    examples=({"value": '${! json("user.id") }'}, {"value": "${! @kafka_key }"}),
    replayable=lambda config: bloblang.interpolate(config["value"]).is_pure,
    dry_run=DryRun.RUN,
)
