"""The `broker` output: several outputs as one, by a pattern."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from streams.batching import batching_field, check_policy, is_on
from streams.batching_output import with_batching
from streams.errors import BatchError
from streams.inputs.broker import MAX_COPIES
from streams.message import Message
from streams.outputs.attempt import Errors, attempt, write_until_taken
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
    Output,
    Problem,
    Rules,
    Shape,
)
from streams.stopping import StopSignal


class FanOut(Several):
    """Every message to every output."""

    def __init__(
        self, outputs: Sequence[Output], stopping: StopSignal, *, sequential: bool, fail_fast: bool
    ) -> None:
        super().__init__(outputs)
        self._stopping = stopping
        self._sequential = sequential
        self._fail_fast = fail_fast

    async def write(self, messages: list[Message]) -> None:
        """Return when every output has them.

        An output that fails is tried again alone, so that the others get nothing twice; with `fail_fast` the
        whole batch goes back. Raises BatchError.
        """
        write = attempt if self._fail_fast else self._write_until_taken
        errors: Errors = {}
        if self._sequential:
            for output in self._outputs:
                errors |= await write(output, messages)
                if errors and self._fail_fast:
                    break
        else:
            for found in await asyncio.gather(*(write(output, messages) for output in self._outputs)):
                errors |= found
        if errors:
            raise BatchError(errors)

    async def _write_until_taken(self, output: Output, messages: list[Message]) -> Errors:
        return await write_until_taken(output, messages, self._stopping)


class RoundRobin(Several):
    """Each message to one output, in turn."""

    def __init__(self, outputs: Sequence[Output]) -> None:
        super().__init__(outputs)
        self._turn = 0

    async def write(self, messages: list[Message]) -> None:
        """Deal the messages out and return when they are taken. Raises BatchError."""
        count = len(self._outputs)
        hands = [list(range((at - self._turn) % count, len(messages), count)) for at in range(count)]
        self._turn = (self._turn + len(messages)) % count
        results = await asyncio.gather(
            *(
                attempt(output, [messages[at] for at in hand])
                for output, hand in zip(self._outputs, hands, strict=True)
                if hand
            )
        )
        errors: Errors = {}
        for hand, found in zip((hand for hand in hands if hand), results, strict=True):
            errors |= {hand[at]: error for at, error in found.items()}
        if errors:
            raise BatchError(errors)


class Greedy(Several):
    """Each batch to the output that has the least to do."""

    def __init__(self, outputs: Sequence[Output]) -> None:
        super().__init__(outputs)
        self._busy = [0] * len(outputs)

    async def write(self, messages: list[Message]) -> None:
        """Write by the least busy output. Raises OutputError."""
        at = min(range(len(self._outputs)), key=self._busy.__getitem__)
        self._busy[at] += len(messages)
        try:
            await self._outputs[at].write(messages)
        finally:
            self._busy[at] -= len(messages)


def _fan_out(*, sequential: bool, fail_fast: bool) -> Callable[[list[Output], BuildContext], Output]:
    return lambda outputs, context: FanOut(
        outputs, context.service(StopSignal), sequential=sequential, fail_fast=fail_fast
    )


PATTERNS: Final[dict[str, Callable[[list[Output], BuildContext], Output]]] = {
    "fan_out": _fan_out(sequential=False, fail_fast=False),
    "fan_out_fail_fast": _fan_out(sequential=False, fail_fast=True),
    "fan_out_sequential": _fan_out(sequential=True, fail_fast=False),
    "fan_out_sequential_fail_fast": _fan_out(sequential=True, fail_fast=True),
    "round_robin": lambda outputs, _: RoundRobin(outputs),
    "greedy": lambda outputs, _: Greedy(outputs),
}


def _build(config: Config, context: BuildContext) -> Output:
    outputs = [build_output(child, context) for _ in range(config["copies"]) for child in config["outputs"]]
    return with_batching(PATTERNS[config["pattern"]](outputs, context), config["batching"], context)


def _check(config: Config, _rules: Rules) -> Iterable[Problem]:
    if not config["outputs"]:
        yield Problem(("outputs",), "missing_field", "a broker needs at least one output")
    if not 1 <= config["copies"] <= MAX_COPIES:
        yield Problem(("copies",), "wrong_value", f"copies is between 1 and {MAX_COPIES}")
    yield from check_policy(("batching",), config["batching"])


BROKER: Final = ComponentSpec(
    kind=Kind.OUTPUT,
    name="broker",
    summary="Writes to several outputs, by a pattern.",
    description=(
        "`fan_out`: every message to every output at once; `fan_out_sequential`: one output after the other."
        " An output that fails is tried again alone; with `_fail_fast` the whole batch goes back to its input."
        " `round_robin`: each message to one output, in turn. `greedy`: each batch to the least busy output."
    ),
    fields=(
        Field("outputs", FieldType.OUTPUT, "The outputs to write to.", shape=Shape.LIST),
        Field("pattern", FieldType.STRING, "Who gets what.", default="fan_out", options=tuple(PATTERNS)),
        Field("copies", FieldType.INT, "How many of each.", default=1),
        batching_field(),
    ),
    examples=({"pattern": "fan_out", "outputs": [{"drop": {}}, {"drop": {}}]},),
    build=_build,
    check=_check,
    batchwise=lambda config: is_on(config["batching"]),
    dry_run=DryRun.RUN,
)
