"""The `sync_response` output: gives messages back to whoever sent them by HTTP."""

from __future__ import annotations

from typing import Final

from streams.message import Message
from streams.spec import BuildContext, ComponentSpec, Config, Kind


class SyncResponse:
    """Answers requests; messages that came in otherwise are taken, and nobody gets them."""

    async def connect(self) -> None:
        """Nothing to connect to."""

    async def write(self, messages: list[Message]) -> None:
        """Give the messages back."""
        give_back(messages)

    async def close(self) -> None:
        """Nothing to let go of."""


def give_back(messages: list[Message]) -> None:
    """Add messages, as they are now, to the answer of the request they came in by."""
    for message in messages:
        request = None if message.source is None else message.source.request
        if request is not None and request.responses is not None:
            request.responses.append(message.copy())


def _build(_config: Config, _context: BuildContext) -> SyncResponse:
    return SyncResponse()


SYNC_RESPONSE: Final = ComponentSpec(
    kind=Kind.OUTPUT,
    name="sync_response",
    summary="Gives messages back to whoever sent them by HTTP.",
    description=(
        "The request is answered once every output has its messages. Beside another output, in a `broker`, the sender"
        " gets what was processed, and it is kept too."
    ),
    examples=({},),
    build=_build,
    answers=True,
)
