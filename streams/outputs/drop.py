"""The `drop` output: takes everything and keeps nothing."""

from __future__ import annotations

from typing import Final

from streams.message import Message
from streams.spec import BuildContext, ComponentSpec, Config, Kind


class Drop:
    """Takes everything."""

    async def connect(self) -> None:
        """Nothing to connect to."""

    async def write(self, messages: list[Message]) -> None:
        """Take the messages."""

    async def close(self) -> None:
        """Nothing to let go of."""


def _build(_config: Config, _context: BuildContext) -> Drop:
    return Drop()


DROP: Final = ComponentSpec(
    kind=Kind.OUTPUT,
    name="drop",
    summary="Takes every message and keeps none.",
    examples=({},),
    build=_build,
)
