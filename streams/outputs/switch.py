"""The `switch` output: where a message goes depends on what it is."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from streams.bloblang import Mapping
from streams.errors import OutputError
from streams.message import Failure, Message
from streams.outputs.attempt import Errors, attempt, raise_for, write_until_taken
from streams.outputs.several import Several
from streams.processed import build_output
from streams.processors.conditions import CHECK, ask, compile_condition
from streams.spec import (
    BuildContext,
    ComponentSpec,
    Config,
    DryRun,
    Field,
    FieldType,
    Kind,
    Output,
    Problem,
    Rules,
    Shape,
)
from streams.stopping import StopSignal

logger = logging.getLogger(__name__)

NO_CASE: Final = "no switch output conditions were met by message"


@dataclass(frozen=True, slots=True)
class Case:
    """An output for the messages that pass a condition."""

    check: Mapping | None
    """None: every message passes."""
    output: Output
    goes_on: bool
    """Messages that passed are offered to the cases after it too."""


class Switch(Several):
    """Writes each message to the first case it passes, or to several."""

    def __init__(self, cases: Sequence[Case], *, strict: bool, stopping: StopSignal | None) -> None:
        """strict: a message without a case is an error. stopping: given, a case is tried until it succeeds."""
        super().__init__([case.output for case in cases])
        self._cases = cases
        self._strict = strict
        self._stopping = stopping

    async def write(self, messages: list[Message]) -> None:
        """Raises BatchError for messages that one of their outputs did not take, or that have none."""
        hands = divide(self._cases, messages)
        errors: Errors = {}
        if self._strict:
            taken = {at for hand in hands for at in hand}
            errors = {at: OutputError(NO_CASE) for at in range(len(messages)) if at not in taken}
        writes = [
            self._write(case.output, messages, hand)
            for case, hand in zip(self._cases, hands, strict=True)
            if hand
        ]
        for found in await asyncio.gather(*writes):
            errors |= found
        raise_for(errors)

    async def _write(self, output: Output, messages: list[Message], hand: list[int]) -> Errors:
        dealt = [messages[at] for at in hand]
        if self._stopping is None:
            errors = await attempt(output, dealt)
        else:
            errors = await write_until_taken(output, dealt, self._stopping)
        return {hand[at]: error for at, error in errors.items()}


def divide(cases: Sequence[Case], messages: list[Message]) -> list[list[int]]:
    """The places of the messages that each case gets."""
    hands: list[list[int]] = [[] for _ in cases]
    for at in range(len(messages)):
        for case, hand in zip(cases, hands, strict=True):
            if _passes(case.check, messages, at):
                hand.append(at)
                if not case.goes_on:
                    break
    return hands


def _passes(check: Mapping | None, messages: list[Message], at: int) -> bool:
    if check is None:
        return True
    answer = ask(check, messages, at)
    if isinstance(answer, Failure):
        logger.warning("a check of a switch failed, and counts as false: %s", answer.text)
        return False
    return answer


def _build(config: Config, context: BuildContext) -> Switch:
    cases = [
        Case(compile_condition(case["check"]), build_output(case["output"], context), case["continue"])
        for case in config["cases"]
    ]
    stopping = context.service(StopSignal) if config["retry_until_success"] else None
    return Switch(cases, strict=config["strict_mode"], stopping=stopping)


def _check(config: Config, _rules: Rules) -> Iterable[Problem]:
    if not config["cases"]:
        yield Problem(("cases",), "missing_field", "a switch needs at least one case")
    for at, case in enumerate(config["cases"]):
        if config["retry_until_success"] and case["output"].spec.name in ("reject", "reject_errored"):
            message = "what is rejected would be tried for ever with `retry_until_success`"
            yield Problem(("cases", at, "output"), "endless_retry", message, "take `retry_until_success` out")


SWITCH: Final = ComponentSpec(
    Kind.OUTPUT,
    "switch",
    "Writes each message to the output of the first case whose query is true for it.",
    _build,
    fields=(
        Field("retry_until_success", FieldType.BOOL, "Try each output until it succeeds.", default=False),
        Field("strict_mode", FieldType.BOOL, "Reject messages that no case takes.", default=False),
        Field(
            "cases",
            FieldType.OBJECT,
            "Cases, tried in order.",
            shape=Shape.LIST,
            children=(
                CHECK,
                Field("output", FieldType.OUTPUT, "For messages that pass."),
                Field("continue", FieldType.BOOL, "Offer them to the next cases too.", default=False),
            ),
        ),
    ),
    description=(
        "A case without `check` takes every message; a query that fails counts as false. Messages that no case"
        " takes are dropped, unless `strict_mode` is on."
    ),
    examples=({"cases": [{"check": "this.urgent", "output": {"reject": "busy"}}, {"output": {"drop": {}}}]},),
    check=_check,
    dry_run=DryRun.RUN,
)
