"""`for_each`: runs processors on each message as a batch of its own."""

from __future__ import annotations

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
from streams.spec import BuildContext, ComponentSpec, Config, DryRun, Kind, Processor
from streams.stages import build_stages


class ForEach:
    """Gives its processors one message at a time."""

    def __init__(self, stages: Sequence[Processor]) -> None:
        self._stages = stages

    async def process(self, messages: list[Message]) -> list[list[Message]]:
        """One batch of what was made of all messages."""
        made = [joined(await run_nested(self._stages, [message])) for message in messages]
        return one_batch(joined(made))


def _build(config: Config, context: BuildContext) -> ForEach:
    return ForEach(build_stages(config["processors"], context))


FOR_EACH: Final = ComponentSpec(
    Kind.PROCESSOR,
    "for_each",
    "Runs processors on each message as if it were a batch of its own.",
    _build,
    fields=(PROCESSORS,),
    value_form=True,
    examples=([{"mapping": "root.first = batch_index()"}],),
    replayable=are_replayable,
    per_message=are_per_message,
    dry_run=DryRun.RUN,
)
