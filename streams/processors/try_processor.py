"""`try`: processors that stop at the first failure of a message."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from streams.message import Message
from streams.processors.nested import PROCESSORS, are_per_message, are_replayable, joined, one_batch
from streams.spec import BuildContext, ComponentSpec, Config, DryRun, Kind, Processor
from streams.stages import build_stages


class Try:
    """Skips the rest of its processors for a message that one of them, or an earlier one, failed on."""

    def __init__(self, stages: Sequence[Processor]) -> None:
        self._stages = stages

    async def process(self, messages: list[Message]) -> list[list[Message]]:
        """One batch of what was made of all messages, each of which was a batch of its own."""
        return one_batch(joined([await self._tried(message) for message in messages]))

    async def _tried(self, message: Message) -> list[Message]:
        batches = [[message]]
        for stage in self._stages:
            batches = joined([await _step(stage, batch) for batch in batches])
        return joined(batches)


async def _step(stage: Processor, batch: list[Message]) -> list[list[Message]]:
    """Give a stage the messages that have not failed; those that have stay where they are."""
    made: list[list[Message]] = []
    sound: list[Message] = []
    for message in batch:
        if message.error is None:
            sound.append(message)
            continue
        if sound:
            made += await stage.process(sound)
        made.append([message])
        sound = []
    if sound:
        made += await stage.process(sound)
    return made


def _build(config: Config, context: BuildContext) -> Try:
    return Try(build_stages(config["processors"], context))


TRY: Final = ComponentSpec(
    Kind.PROCESSOR,
    "try",
    "Runs processors on each message until one fails on it.",
    _build,
    fields=(PROCESSORS,),
    value_form=True,
    description="A message that had failed before is not processed. Follow it with `catch` to deal with failures.",
    examples=([{"mapping": "root = this.a.number()"}, {"mapping": "root = this + 1"}],),
    replayable=are_replayable,
    per_message=are_per_message,
    dry_run=DryRun.RUN,
)
