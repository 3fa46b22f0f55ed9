"""The `processors` processor: a list of processors in the place of one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from streams.message import Message
from streams.processors.nested import PROCESSORS, are_per_message, are_replayable, run_nested
from streams.spec import BuildContext, ComponentSpec, Config, DryRun, Kind, Processor
from streams.stages import build_stages


class ListProcessor:
    """Runs its processors one after the other."""

    def __init__(self, stages: Sequence[Processor]) -> None:
        self._stages = stages

    async def process(self, messages: list[Message]) -> list[list[Message]]:
        """The batches that the last processor made."""
        return await run_nested(self._stages, messages)


def _build(config: Config, context: BuildContext) -> ListProcessor:
    return ListProcessor(build_stages(config["processors"], context))


PROCESSORS_PROCESSOR: Final = ComponentSpec(
    Kind.PROCESSOR,
    "processors",
    "Runs a list of processors, in the place of one.",
    _build,
    fields=(PROCESSORS,),
    value_form=True,
    examples=([{"mapping": "root = this"}],),
    replayable=are_replayable,
    per_message=are_per_message,
    dry_run=DryRun.RUN,
)
