"""The `sync_response` processor: gives messages, as they are then, back to whoever sent them by HTTP."""

from __future__ import annotations

from typing import Final

from streams.message import Message
from streams.outputs.sync_response import give_back
from streams.spec import BuildContext, ComponentSpec, Config, DryRun, Kind


class SyncResponseProcessor:
    """Keeps a copy of each message for the answer and passes it on."""

    async def process(self, messages: list[Message]) -> list[list[Message]]:
        """The batch as it was."""
        give_back(messages)
        return [messages]


def _build(_config: Config, _context: BuildContext) -> SyncResponseProcessor:
    return SyncResponseProcessor()


SYNC_RESPONSE: Final = ComponentSpec(
    kind=Kind.PROCESSOR,
    name="sync_response",
    summary="Gives messages, as they are at this place, back to whoever sent them by HTTP.",
    description="They are passed on unchanged. The request is answered when the output has them.",
    examples=({},),
    build=_build,
    replayable=True,
    per_message=True,
    answers=True,
    dry_run=DryRun.RUN,
)
