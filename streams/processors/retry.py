"""`retry`: processors that are tried again when they fail."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from streams.message import Message
from streams.processors.flags import cleared
from streams.processors.nested import PROCESSORS, joined, one_batch, run_nested
from streams.spec import BuildContext, ComponentSpec, Config, DryRun, Field, FieldType, Kind, Processor
from streams.stages import build_stages

_GROWTH: Final = 1.5
_SPREAD: Final = 0.5
"""Waits are longer or shorter by up to this part, so that many do not try at once."""


@dataclass(frozen=True, slots=True)
class Backoff:
    """How long to wait between tries, in seconds."""

    initial_interval: float
    max_interval: float
    max_elapsed_time: float
    """No try begins later than this after the first; 0: at any time."""

    def wait(self, tries: int) -> float:
        """The wait after so many tries, before it is spread."""
        growth = _GROWTH ** min(tries - 1, 64)
        return min(self.initial_interval * growth, self.max_interval)


class Retry:
    """Runs its processors on each message until none fails, or it has tried enough."""

    def __init__(
        self, stages: Sequence[Processor], backoff: Backoff, *, parallel: bool, max_retries: int
    ) -> None:
        """max_retries: 0 for any number."""
        self._stages = stages
        self._backoff = backoff
        self._parallel = parallel
        self._max_retries = max_retries

    async def process(self, messages: list[Message]) -> list[list[Message]]:
        """One batch of what the last tries made, in the order of the messages."""
        if self._parallel:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(self._tried(message)) for message in messages]
            return one_batch(joined(task.result() for task in tasks))
        return one_batch(joined([await self._tried(message) for message in messages]))

    async def _tried(self, message: Message) -> list[Message]:
        waited = 0.0
        began = asyncio.get_running_loop().time()
        tries = 1
        while True:
            made = joined(await run_nested(self._stages, [cleared(message.copy())]))
            pause = self._backoff.wait(tries) * random.uniform(1 - _SPREAD, 1 + _SPREAD)  # noqa: S311 - no secret
            if all(one.error is None for one in made) or self._gives_up(tries, began, pause):
                return [_described(one, tries - 1, waited) for one in made]
            await asyncio.sleep(pause)
            waited += pause
            tries += 1

    def _gives_up(self, tries: int, began: float, pause: float) -> bool:
        elapsed = asyncio.get_running_loop().time() - began
        longest = self._backoff.max_elapsed_time
        return 0 < self._max_retries < tries or 0 < longest < elapsed + pause


def _described(message: Message, retries: int, waited: float) -> Message:
    twin = message.copy()
    twin.metadata |= {"retry_count": retries, "backoff_duration": f"{waited:.3f}s"}
    return twin


def _build(config: Config, context: BuildContext) -> Retry:
    backoff: dict[str, Any] = config["backoff"]
    return Retry(
        build_stages(config["processors"], context),
        Backoff(**backoff),
        parallel=config["parallel"],
        max_retries=config["max_retries"],
    )


RETRY: Final = ComponentSpec(
    Kind.PROCESSOR,
    "retry",
    "Runs processors on each message, and again when they fail on it.",
    _build,
    fields=(
        Field(
            "backoff",
            FieldType.OBJECT,
            "How long to wait between tries.",
            default={},
            children=(
                Field("initial_interval", FieldType.DURATION, "The first wait.", default="500ms"),
                Field("max_interval", FieldType.DURATION, "The longest wait.", default="10s"),
                Field("max_elapsed_time", FieldType.DURATION, "When to stop; `0s`: never.", default="1m"),
            ),
        ),
        PROCESSORS,
        Field("parallel", FieldType.BOOL, "Messages of a batch at the same time.", default=False),
        Field("max_retries", FieldType.INT, "The most further tries; 0: any number.", default=0),
    ),
    description="Each try begins with the message as it was, without error. A message that is given up carries "
    "the last failure. Metadata: `retry_count`, and `backoff_duration`, the sum of all waits.",
    examples=({"max_retries": 2, "processors": [{"mapping": "root = this"}]},),
    per_message=False,
    dry_run=DryRun.RUN,
)
