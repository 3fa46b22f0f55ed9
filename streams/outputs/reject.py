"""The `reject` output: takes nothing, and says why."""

from __future__ import annotations

from typing import Final

from streams.bloblang import Interpolation, MappingError, interpolate
from streams.errors import BatchError, OutputError
from streams.message import Message
from streams.spec import BuildContext, ComponentSpec, Config, DryRun, Field, FieldType, Kind


class Reject:
    """Gives every message back to its input."""

    def __init__(self, reason: Interpolation) -> None:
        self._reason = reason

    async def connect(self) -> None:
        """Nothing to connect to."""

    async def write(self, messages: list[Message]) -> None:
        """Raises BatchError with the reason of each message."""
        raise BatchError({at: OutputError(self._text(messages, at)) for at in range(len(messages))})

    async def close(self) -> None:
        """Nothing to let go of."""

    def _text(self, messages: list[Message], at: int) -> str:
        try:
            return self._reason.resolve(messages, at)
        except MappingError as error:
            return str(error)


def _build(config: Config, _context: BuildContext) -> Reject:
    return Reject(interpolate(config["reason"]))


REJECT: Final = ComponentSpec(
    Kind.OUTPUT,
    "reject",
    "Rejects every message, with a reason.",
    _build,
    fields=(Field("reason", FieldType.STRING, "Why.", interpolated=True),),
    value_form=True,
    description=(
        "The input does what it does with messages that no output took: it offers them again, or tells the sender."
    ),
    examples=("no place for ${! content() }",),
    dry_run=DryRun.RUN,
)
