"""The `retry` output: another output, tried again until it takes the messages."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from streams.errors import RejectedMessageError, StreamStoppedError
from streams.message import Message
from streams.outputs.attempt import Errors, attempt_some, raise_for
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
)
from streams.stopping import StopSignal

_GROWTH: Final = 1.5
"""By how much each wait is longer than the one before, as in Bento."""


@dataclass(frozen=True, slots=True)
class Retry:
    """Offers what was not taken again, and nothing else."""

    output: Output
    stopping: StopSignal
    tries: int
    """After the first; 0: any number."""
    first: float
    longest: float
    elapsed: float
    """Seconds after which it gives up; 0: never."""

    async def connect(self) -> None:
        """Connect the output. Raises ConnectError."""
        await self.output.connect()

    async def close(self) -> None:
        """Close the output."""
        await self.output.close()

    async def write(self, messages: list[Message]) -> None:
        """Raises BatchError for messages that it gave up, or that can never be taken."""
        began, wait, tried = time.monotonic(), self.first, 0
        given_up: Errors = {}
        owed = list(range(len(messages)))
        while True:
            errors = await attempt_some(self.output, messages, owed)
            given_up |= {at: error for at, error in errors.items() if isinstance(error, RejectedMessageError)}
            owed = [at for at in errors if at not in given_up]
            tried += 1
            if not owed or self._is_over(tried, time.monotonic() + wait - began):
                raise_for(given_up | {at: errors[at] for at in owed})
                return
            if await self.stopping.within(wait):
                raise_for(given_up | {at: StreamStoppedError(str(errors[at])) for at in owed})
            wait = min(wait * _GROWTH, self.longest)

    def _is_over(self, tried: int, elapsed: float) -> bool:
        return bool(self.tries and tried > self.tries) or bool(self.elapsed and elapsed > self.elapsed)


def _build(config: Config, context: BuildContext) -> Retry:
    backoff = config["backoff"]
    return Retry(
        build_output(config["output"], context),
        context.service(StopSignal),
        config["max_retries"],
        backoff["initial_interval"],
        backoff["max_interval"],
        backoff["max_elapsed_time"],
    )


def _check(config: Config, _rules: Rules) -> Iterable[Problem]:
    endless = not config["max_retries"] and not config["backoff"]["max_elapsed_time"]
    if endless and config["output"].spec.name in ("reject", "reject_errored"):
        message = "what is rejected would be tried for ever"
        yield Problem(("output",), "endless_retry", message, "give `max_retries`, or take `retry` out")


RETRY: Final = ComponentSpec(
    Kind.OUTPUT,
    "retry",
    "Tries another output again until it takes the messages.",
    _build,
    fields=(
        Field("max_retries", FieldType.INT, "Tries after the first; 0: any number.", default=0),
        Field(
            "backoff",
            FieldType.OBJECT,
            "How long to wait between tries.",
            children=(
                Field("initial_interval", FieldType.DURATION, "The first wait.", default="500ms"),
                Field("max_interval", FieldType.DURATION, "The longest wait.", default="3s"),
                Field("max_elapsed_time", FieldType.DURATION, "When to give up; 0s: never.", default="0s"),
            ),
        ),
        Field("output", FieldType.OUTPUT, "The output."),
    ),
    description=(
        "Messages are not processed again, as they are where an output that fails gives them back to their input. Of a"
        " batch only what was not taken is tried again."
    ),
    check=_check,
    examples=({"max_retries": 3, "output": {"drop": {}}},),
    dry_run=DryRun.RUN,
)
