"""The `fallback` output: another output for what the one before did not take."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from streams.message import Message
from streams.outputs.attempt import Errors, attempt_some, raise_for
from streams.outputs.several import Several
from streams.processed import build_output
from streams.spec import (
    BuildContext,
    ComponentSpec,
    Config,
    DryRun,
    Field,
    FieldType,
    Kind,
    Problem,
    Rules,
    Shape,
)


class Fallback(Several):
    """Offers each message to its outputs in turn, until one takes it."""

    async def write(self, messages: list[Message]) -> None:
        """Raises BatchError for messages that the last output did not take either."""
        offered = list(messages)
        errors: Errors = {}
        owed = list(range(len(messages)))
        for output in self._outputs:
            errors = await attempt_some(output, offered, owed)
            owed = list(errors)
            if not owed:
                return
            for at in owed:
                offered[at] = _explained(messages[at], errors[at])
        raise_for(errors)


def _explained(message: Message, error: Exception) -> Message:
    twin = message.copy()
    twin.metadata |= {"fallback_error": str(error)}
    return twin


def _build(config: Config, context: BuildContext) -> Fallback:
    return Fallback([build_output(child, context) for child in config["outputs"]])


def _check(config: Config, _rules: Rules) -> Iterable[Problem]:
    if not config["outputs"]:
        yield Problem((), "missing_field", "a fallback needs at least one output")


FALLBACK: Final = ComponentSpec(
    Kind.OUTPUT,
    "fallback",
    "Writes to the first of several outputs that takes the message.",
    _build,
    fields=(Field("outputs", FieldType.OUTPUT, "The outputs, in turn.", shape=Shape.LIST),),
    value_form=True,
    description="Only what an output did not take goes to the next, with the metadata `fallback_error`.",
    examples=([{"reject": "full"}, {"drop": {}}],),
    check=_check,
    dry_run=DryRun.RUN,
)
