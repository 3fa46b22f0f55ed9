"""`sleep`: waits before it passes messages on."""

from __future__ import annotations

import asyncio
from typing import Final

from streams import bloblang
from streams.bloblang import Interpolation, MappingError
from streams.config import parse_duration
from streams.message import Message
from streams.processors.flags import flagged
from streams.spec import BuildContext, ComponentSpec, Config, DryRun, Field, FieldType, Kind


class Sleep:
    """Waits for each message as long as it says."""

    def __init__(self, duration: Interpolation) -> None:
        self._duration = duration

    async def process(self, messages: list[Message]) -> list[list[Message]]:
        """The batch after all waits; a message without a duration is flagged."""
        return [[await self._waited(messages, index) for index in range(len(messages))]]

    async def _waited(self, messages: list[Message], index: int) -> Message:
        try:
            seconds = parse_duration(self._duration.resolve(messages, index))
        except MappingError as error:
            return flagged(messages[index], f"period interpolation error: {error.text}")
        except ValueError as error:
            return flagged(messages[index], f"failed to parse sleep duration: {error}")
        await asyncio.sleep(max(0.0, seconds))
        return messages[index]


def _build(config: Config, _context: BuildContext) -> Sleep:
    return Sleep(bloblang.interpolate(config["duration"]))


SLEEP: Final = ComponentSpec(
    Kind.PROCESSOR,
    "sleep",
    "Waits for each message before the batch goes on.",
    _build,
    fields=(Field("duration", FieldType.STRING, "How long, such as `500ms`.", interpolated=True),),
    examples=({"duration": "100ms"}, {"duration": "${! @wait }"}),
    dry_run=DryRun.WAIT,
)
