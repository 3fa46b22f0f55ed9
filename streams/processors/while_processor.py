"""`while`: processors that are repeated as long as a condition holds."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from functools import partial
from typing import Final

from streams.bloblang import Mapping
from streams.message import Failure, Message
from streams.processors.conditions import CHECK, ask, compile_condition, is_repeatable
from streams.processors.flags import flagged
from streams.processors.nested import PROCESSORS, are_replayable, joined, run_nested
from streams.spec import (
    BuildContext,
    ComponentSpec,
    Config,
    DryRun,
    Field,
    FieldType,
    Kind,
    Problem,
    Processor,
    Rules,
)
from streams.stages import build_stages
from streams.turns import Turns


class While:
    """Repeats its processors while the condition holds for the first message."""

    def __init__(
        self, stages: Sequence[Processor], check: Mapping | None, *, at_least_once: bool, max_loops: int
    ) -> None:
        """max_loops: 0 for no limit."""
        self._stages = stages
        self._check = check
        self._at_least_once = at_least_once
        self._max_loops = max_loops
        self._turns = Turns()

    async def process(self, messages: list[Message]) -> list[list[Message]]:
        """The batches the last round left."""
        batches = [list(messages)]
        rounds = 0
        while batches and not (0 < self._max_loops <= rounds):
            asks = rounds > 0 or not self._at_least_once
            if asks and not await self._turns.run(partial(self._holds, batches[0])):
                break
            batches = joined([await run_nested(self._stages, batch) for batch in batches])
            rounds += 1
            # However long this takes, others get their turn.
            await asyncio.sleep(0)
        return batches

    def _holds(self, batch: list[Message]) -> bool:
        """Ask of the first message; a condition that fails flags it and ends the loop."""
        answer = True if self._check is None else ask(self._check, batch, 0)
        if isinstance(answer, Failure):
            batch[0] = flagged(batch[0], answer.text, answer.line)
        return answer is True


def _check_end(config: Config, _rules: Rules) -> Iterable[Problem]:
    if not config["check"] and config["max_loops"] <= 0:
        yield Problem((), "endless_loop", "without `check` and `max_loops` it would never end", "give one")


def _build(config: Config, context: BuildContext) -> While:
    return While(
        build_stages(config["processors"], context),
        compile_condition(config["check"]),
        at_least_once=config["at_least_once"],
        max_loops=config["max_loops"],
    )


WHILE: Final = ComponentSpec(
    Kind.PROCESSOR,
    "while",
    "Repeats processors as long as a query is true for the first message of the batch.",
    _build,
    fields=(
        Field("at_least_once", FieldType.BOOL, "Run once before the query is asked.", default=False),
        Field("max_loops", FieldType.INT, "The most rounds; 0: any number.", default=0),
        CHECK,
        PROCESSORS,
    ),
    check=_check_end,
    examples=({"check": "this.n < 5", "max_loops": 10, "processors": [{"mutation": "root.n = this.n + 1"}]},),
    replayable=lambda config: is_repeatable(config["check"]) and are_replayable(config),
    dry_run=DryRun.RUN,
)
