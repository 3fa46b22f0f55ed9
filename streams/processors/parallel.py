"""`parallel`: processors that work on the messages of a batch at the same time."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final

from streams.message import Message
from streams.processors.nested import (
    PROCESSORS,
    are_per_message,
    are_replayable,
    joined,
    one_batch,
    run_nested,
)
from streams.spec import BuildContext, ComponentSpec, Config, DryRun, Field, FieldType, Kind, Processor
from streams.stages import build_stages


class Parallel:
    """Runs its processors on each message as a batch of its own, on several at a time."""

    def __init__(self, stages: Sequence[Processor], cap: int) -> None:
        """cap: messages at a time; 0: all of a batch."""
        self._stages = stages
        self._cap = cap

    async def process(self, messages: list[Message]) -> list[list[Message]]:
        """One batch of what was made of the messages, in their order."""
        room = asyncio.Semaphore(self._cap or len(messages) or 1)

        async def processed(message: Message) -> list[Message]:
            async with room:
                return joined(await run_nested(self._stages, [message]))

        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(processed(message)) for message in messages]
        return one_batch(joined(task.result() for task in tasks))


def _build(config: Config, context: BuildContext) -> Parallel:
    return Parallel(build_stages(config["processors"], context), max(0, config["cap"]))


PARALLEL: Final = ComponentSpec(
    Kind.PROCESSOR,
    "parallel",
    "Runs processors on the messages of a batch at the same time.",
    _build,
    fields=(
        Field("cap", FieldType.INT, "How many messages at a time; 0: all of the batch.", default=0),
        PROCESSORS,
    ),
    description="Worth it for processors that wait for others, such as `http`. The order of messages is kept.",
    examples=({"cap": 8, "processors": [{"mapping": "root = this"}]},),
    replayable=are_replayable,
    per_message=are_per_message,
    dry_run=DryRun.RUN,
)
