"""`catch`: processors for messages that failed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from streams.message import Message
from streams.processors.flags import cleared
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


class Catch:
    """Processes failed messages, then takes their failure back."""

    def __init__(self, stages: Sequence[Processor]) -> None:
        self._stages = stages

    async def process(self, messages: list[Message]) -> list[list[Message]]:
        """One batch in the order of the messages; none of it is flagged."""
        made = [await self._caught(message) for message in messages]
        return one_batch([cleared(message) for message in joined(made)])

    async def _caught(self, message: Message) -> list[Message]:
        if message.error is None:
            return [message]
        return joined(await run_nested(self._stages, [message]))


def _build(config: Config, context: BuildContext) -> Catch:
    return Catch(build_stages(config["processors"], context))


CATCH: Final = ComponentSpec(
    Kind.PROCESSOR,
    "catch",
    "Runs processors on the messages that failed, and takes their failure back.",
    _build,
    fields=(PROCESSORS,),
    value_form=True,
    description="`error()` in a mapping is why the message failed. An empty list only takes the failures back.",
    examples=([{"mapping": "root.problem = error()"}], []),
    replayable=are_replayable,
    per_message=are_per_message,
    dry_run=DryRun.RUN,
)
