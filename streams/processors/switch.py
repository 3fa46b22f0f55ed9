"""`switch`: processors that depend on what a message is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from streams.bloblang import Mapping
from streams.message import Failure, Message
from streams.processors.conditions import CHECK, ask, compile_condition, is_repeatable, looks_at_one
from streams.processors.flags import flagged
from streams.processors.nested import are_per_message, are_replayable, joined, one_batch, run_nested
from streams.spec import (
    BuildContext,
    ComponentSpec,
    Config,
    DryRun,
    Field,
    FieldType,
    Kind,
    Processor,
    Shape,
)
from streams.stages import build_stages
from streams.turns import Turns


@dataclass(frozen=True, slots=True)
class _Case:
    """Processors for the messages that pass a condition."""

    check: Mapping | None
    """None: every message passes."""
    stages: Sequence[Processor]
    falls_through: bool


@dataclass(slots=True)
class _Sorted:
    """Messages after the conditions of one case."""

    passed: list[Message]
    left: list[Message]
    failed: list[Message]


class Switch:
    """Gives each message to the first case whose condition it passes."""

    def __init__(self, cases: Sequence[_Case]) -> None:
        self._cases = cases
        self._turns = Turns()

    async def process(self, messages: list[Message]) -> list[list[Message]]:
        """One batch in the order of the messages, however the cases divided it."""
        ordinals = [message.ordinal for message in messages]
        done = await self._cases_in_turn(_numbered(messages))
        done.sort(key=lambda message: message.ordinal)
        for message in done:
            message.ordinal = ordinals[message.ordinal]
        return one_batch(done)

    async def _cases_in_turn(self, left: list[Message]) -> list[Message]:
        done: list[Message] = []
        fallen: list[Message] = []
        for case in self._cases:
            divided = _divide(left, await self._answers(case.check, left))
            done += divided.failed
            left = divided.left
            passed = sorted([*fallen, *divided.passed], key=lambda message: message.ordinal)
            made = joined(await run_nested(case.stages, passed))
            fallen = made if case.falls_through else []
            done += [] if case.falls_through else made
        return [*done, *fallen, *left]

    async def _answers(self, check: Mapping | None, messages: list[Message]) -> list[bool | Failure]:
        if check is None:
            return [True] * len(messages)
        return await self._turns.each(partial(ask, check, messages), range(len(messages)))


def _numbered(messages: list[Message]) -> list[Message]:
    """Copies whose ordinal is their place: processors pass it on, so that the order can be restored."""
    copies = [message.copy() for message in messages]
    for place, message in enumerate(copies):
        message.ordinal = place
    return copies


def _divide(messages: list[Message], answers: list[bool | Failure]) -> _Sorted:
    divided = _Sorted([], [], [])
    for message, answer in zip(messages, answers, strict=True):
        if isinstance(answer, Failure):
            divided.failed.append(flagged(message, answer.text, answer.line))
        else:
            (divided.passed if answer else divided.left).append(message)
    return divided


def _build(config: Config, context: BuildContext) -> Switch:
    return Switch(
        [
            _Case(
                compile_condition(case["check"]),
                build_stages(case["processors"], context),
                case["fallthrough"],
            )
            for case in config["cases"]
        ]
    )


_CASE: Final = Field(
    "cases",
    FieldType.OBJECT,
    "Cases, tried in order.",
    shape=Shape.LIST,
    children=(
        CHECK,
        Field("processors", FieldType.PROCESSOR, "For messages that pass.", default=[], shape=Shape.LIST),
        Field(
            "fallthrough", FieldType.BOOL, "Go on to the next case, whose query is not asked.", default=False
        ),
    ),
)
SWITCH: Final = ComponentSpec(
    Kind.PROCESSOR,
    "switch",
    "Runs the processors of the first case whose query is true for the message.",
    _build,
    fields=(_CASE,),
    value_form=True,
    description="A case without `check` takes every message. Messages that no case takes are passed on. "
    "A query that fails flags its message, which no further case sees.",
    examples=(
        [
            {"check": 'this.type == "a"', "processors": [{"mapping": "root.kind = 1"}]},
            {"processors": [{"mapping": "root.kind = 2"}]},
        ],
    ),
    replayable=lambda config: (
        are_replayable(config) and all(is_repeatable(c["check"]) for c in config["cases"])
    ),
    per_message=lambda config: (
        are_per_message(config) and all(looks_at_one(c["check"]) for c in config["cases"])
    ),
    dry_run=DryRun.RUN,
)
