"""The `drop_on` output: another output, without which the stream goes on."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Sequence
from typing import Any, Final

from streams.bloblang.errors import Fault
from streams.bloblang.methods.regexp import compiled
from streams.errors import OutputError
from streams.message import Message
from streams.outputs.attempt import Errors, attempt, raise_for
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
from streams.statistics import StageStatistics, Statistics
from streams.stopping import end_tasks

logger = logging.getLogger(__name__)


class DropOn:
    """Writes, and drops what the other output does not take or takes too long for."""

    def __init__(
        self,
        output: Output,
        counts: StageStatistics,
        *,
        any_error: bool,
        patterns: Sequence[Any],
        longest: float | None,
    ) -> None:
        """any_error, patterns: errors whose messages are dropped. longest: seconds that a write may take; None: any."""
        self._output = output
        self._counts = counts
        self._any_error = any_error
        self._patterns = patterns
        self._longest = longest
        self._late: set[asyncio.Task[Errors]] = set()
        """Writes that took too long and are not over yet: while there are some, nothing waits."""

    async def connect(self) -> None:
        """Connect the output. Raises ConnectError."""
        await self._output.connect()

    async def close(self) -> None:
        """Close the output; writes that took too long are given up."""
        await end_tasks(self._late)
        await self._output.close()

    async def write(self, messages: list[Message]) -> None:
        """Raises BatchError for messages that were neither taken nor dropped."""
        errors = (
            await attempt(self._output, messages) if self._longest is None else await self._bounded(messages)
        )
        dropped = [error for error in errors.values() if self._drops(error)]
        if dropped:
            logger.warning("%s messages are dropped, the first because: %s", len(dropped), dropped[0])
            self._counts.failed(len(dropped), f"dropped: {dropped[0]}")
        raise_for({at: error for at, error in errors.items() if not self._drops(error)})

    async def _bounded(self, messages: list[Message]) -> Errors:
        if not self._late:
            writing = asyncio.create_task(attempt(self._output, messages))
            try:
                await asyncio.wait((writing,), timeout=self._longest)
            except asyncio.CancelledError:
                writing.cancel()
                raise
            if writing.done():
                return writing.result()
            # It goes on: what is dropped may arrive all the same.
            self._late.add(writing)
            writing.add_done_callback(self._late.discard)
        late = OutputError(f"experienced back pressure beyond: {self._longest:g}s")
        return dict.fromkeys(range(len(messages)), late)

    def _drops(self, error: Exception) -> bool:
        shown = str(error).encode()
        return self._any_error or any(pattern.search(shown) is not None for pattern in self._patterns)


def _build(config: Config, context: BuildContext) -> DropOn:
    return DropOn(
        build_output(config["output"], context),
        context.service(Statistics).stage(context.stage),
        any_error=config["error"],
        patterns=[compiled(pattern) for pattern in config["error_patterns"]],
        longest=config["back_pressure"],
    )


def _check(config: Config, _rules: Rules) -> Iterable[Problem]:
    for at, pattern in enumerate(config["error_patterns"]):
        try:
            compiled(pattern)
        except Fault as fault:
            yield Problem(("error_patterns", at), "bad_pattern", fault.text)
    if config["error"] and config["error_patterns"]:
        message = "with `error` messages are dropped whatever the error says"
        yield Problem(("error_patterns",), "ineffective", message, "take one of them out")
    if not (config["error"] or config["error_patterns"] or config["back_pressure"]):
        yield Problem((), "nothing_dropped", "nothing is ever dropped", "set `error`, or take `drop_on` out")


DROP_ON: Final = ComponentSpec(
    Kind.OUTPUT,
    "drop_on",
    "Drops messages that another output does not take.",
    _build,
    fields=(
        Field("error", FieldType.BOOL, "Drop what fails, whatever the error.", default=False),
        Field(
            "error_patterns",
            FieldType.STRING,
            "Drop what fails with an error in which one of these (RE2) is found.",
            default=[],
            shape=Shape.LIST,
        ),
        Field(
            "back_pressure",
            FieldType.DURATION,
            "The longest that a write may take. Then it fails, and so does all that comes until it is over.",
            default="",
        ),
        Field("output", FieldType.OUTPUT, "The output."),
    ),
    description="What is dropped is acknowledged, counted as an error of this output, and gone.",
    check=_check,
    examples=({"error": True, "back_pressure": "10s", "output": {"reject": "full"}},),
    dry_run=DryRun.RUN,
)
