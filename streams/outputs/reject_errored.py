"""The `reject_errored` output: takes what was processed well, and rejects the rest."""

from __future__ import annotations

from typing import Final

from streams.errors import OutputError
from streams.message import Message
from streams.outputs.attempt import Errors, attempt_some, raise_for
from streams.processed import build_output
from streams.spec import BuildContext, ComponentSpec, Config, DryRun, Field, FieldType, Kind, Output


class RejectErrored:
    """Writes messages without a failure, and gives the others back."""

    def __init__(self, output: Output) -> None:
        self._output = output

    async def connect(self) -> None:
        """Connect the output. Raises ConnectError."""
        await self._output.connect()

    async def write(self, messages: list[Message]) -> None:
        """Raises BatchError for messages that failed before or that the output did not take."""
        errors: Errors = {
            at: OutputError(f"rejecting due to failed processing: {message.error.text}")
            for at, message in enumerate(messages)
            if message.error is not None
        }
        sound = [at for at in range(len(messages)) if at not in errors]
        if sound:
            errors |= await attempt_some(self._output, messages, sound)
        raise_for(errors)

    async def close(self) -> None:
        """Close the output."""
        await self._output.close()


def _build(config: Config, context: BuildContext) -> RejectErrored:
    return RejectErrored(build_output(config["output"], context))


REJECT_ERRORED: Final = ComponentSpec(
    Kind.OUTPUT,
    "reject_errored",
    "Rejects messages that failed, and writes the others.",
    _build,
    fields=(Field("output", FieldType.OUTPUT, "Where the others go."),),
    value_form=True,
    description="In the dialect `sluice` what failed is in quarantine before it comes to an output.",
    examples=({"drop": {}},),
    dry_run=DryRun.RUN,
)
