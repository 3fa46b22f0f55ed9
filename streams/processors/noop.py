"""`noop`: does nothing."""

from __future__ import annotations

from typing import Final

from streams.message import Message
from streams.spec import BuildContext, ComponentSpec, Config, DryRun, Kind


class Noop:
    """Passes messages on."""

    async def process(self, messages: list[Message]) -> list[list[Message]]:
        """The batch as it was."""
        return [messages]


def _build(_config: Config, _context: BuildContext) -> Noop:
    return Noop()


NOOP: Final = ComponentSpec(
    Kind.PROCESSOR,
    "noop",
    "Does nothing.",
    _build,
    examples=({},),
    replayable=True,
    per_message=True,
    dry_run=DryRun.RUN,
)
