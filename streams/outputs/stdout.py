"""`stdout`: writes messages to the terminal. Only `streams run` has it: a definition has no terminal."""

from __future__ import annotations

import sys
from typing import Final

from streams.message import Message
from streams.spec import BuildContext, ComponentSpec, Config, Field, FieldType, Kind


class Stdout:
    """Writes each message on a line."""

    async def connect(self) -> None:
        """It is there."""

    async def write(self, messages: list[Message]) -> None:
        """Write a batch."""
        for message in messages:
            sys.stdout.buffer.write(message.content + b"\n")
        sys.stdout.buffer.flush()

    async def close(self) -> None:
        """It stays open."""


def _build(_config: Config, _context: BuildContext) -> Stdout:
    return Stdout()


STDOUT: Final = ComponentSpec(
    Kind.OUTPUT,
    "stdout",
    "Writes each message on a line of the terminal.",
    _build,
    fields=(
        Field("codec", FieldType.STRING, "How messages are divided.", default="lines", options=("lines",)),
    ),
    examples=({},),
)
