"""Processors at work: counted, named, and each given messages in the shape it asks for."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeGuard

from streams.message import Failure, Message
from streams.spec import BuildContext, Component, Processor, is_per_message
from streams.statistics import StageStatistics, Statistics
from streams.turns import ComputingProcessor

logger = logging.getLogger(__name__)

_TURN = 64
"""Messages of one stream that are processed before other streams and senders get their turn."""


@dataclass(slots=True)
class _Group:
    """Messages on their way: one batch to the author of the stream, or loose ones that were read together."""

    messages: list[Message]
    grouped: bool


class Stage:
    """One processor with its name and counts."""

    def __init__(self, component: Component, processor: Processor, statistics: StageStatistics) -> None:
        self.name = component.stage
        self.per_message = is_per_message(component)
        self._computing = ComputingProcessor(processor) if component.spec.computes else None
        self._processor: Processor = self._computing or processor
        self._statistics = statistics

    @property
    def piece(self) -> int:
        """How many messages to give it at once, where they may be divided."""
        return _TURN if self._computing is None else self._computing.turns.piece

    async def process(self, messages: list[Message]) -> list[list[Message]]:
        """Process one batch; whatever fails is flagged with this stage's name."""
        self._statistics.received += len(messages)
        try:
            made = await self._processor.process(messages)
        except Exception as error:
            # A processor answers bad data with a flag; this is a fault of its own, and no reason to stop.
            logger.exception("processor %s failed", self.name)
            made = [[_flagged(message, Failure(str(error), self.name)) for message in messages]]
        for batch in made:
            self._count(batch)
        return made

    def _count(self, batch: list[Message]) -> None:
        failed = 0
        for message in batch:
            error = message.error
            if error is not None and error.stage in {"", self.name}:
                message.error = replace(error, stage=self.name)
                failed += 1
                self._statistics.failed(1, error.text)
        self._statistics.sent += len(batch) - failed


def build_stages(components: Sequence[Component], context: BuildContext) -> tuple[Stage, ...]:
    """Build processors, each with its counts among the stream's Statistics."""
    statistics = context.service(Statistics)
    return tuple(
        Stage(component, context.build(component), statistics.stage(component.stage))
        for component in components
    )


async def run_stages(stages: Sequence[Processor], messages: list[Message], *, grouped: bool) -> list[Message]:
    """Run a batch through all processors. Returns what is left, in order, each message with its ordinal."""
    groups = await _run(stages, messages, grouped=grouped)
    return [message for group in groups for message in group.messages]


async def run_batches(
    stages: Sequence[Processor], messages: list[Message], *, grouped: bool
) -> list[list[Message]]:
    """As `run_stages`, but what is left is divided as it is to the author: loose messages are a batch each."""
    groups = await _run(stages, messages, grouped=grouped)
    batches = (
        [group.messages] if group.grouped else [[message] for message in group.messages] for group in groups
    )
    return [batch for some in batches for batch in some]


async def _run(stages: Sequence[Processor], messages: list[Message], *, grouped: bool) -> list[_Group]:
    groups = [_Group(messages, grouped)]
    splitting = False
    for stage in stages:
        splitting = splitting or not _is_loose(stage)
        groups = [made for group in groups for made in await _run_stage(stage, group)]
    if splitting:
        _number([message for group in groups for message in group.messages])
    return groups


async def _run_stage(stage: Processor, group: _Group) -> list[_Group]:
    if group.grouped:
        return [_Group(batch, grouped=True) for batch in await stage.process(group.messages)]
    if not _is_loose(stage):
        made = [await stage.process([message]) for message in group.messages]
        return [_Group(batch, grouped=True) for batches in made for batch in batches]
    return [_Group(await _run_loose(stage, group.messages), grouped=False)]


async def _run_loose(stage: Stage, messages: list[Message]) -> list[Message]:
    """Run loose messages through a stage, so many at once as leave others their turn."""
    left: list[Message] = []
    start, turn = 0, 0
    while start < len(messages):
        piece = stage.piece
        if turn + piece > _TURN:
            await asyncio.sleep(0)
            turn = 0
        for batch in await stage.process(messages[start : start + piece]):
            left += batch
        start, turn = start + piece, turn + piece
    return left


def _is_loose(stage: Processor) -> TypeGuard[Stage]:
    """Tell whether it makes at most one message of each, whatever is given with it."""
    return isinstance(stage, Stage) and stage.per_message


def _number(messages: list[Message]) -> None:
    """Give the messages made of one record their place among them, which a replay repeats."""
    counts: dict[int, int] = {}
    for message in messages:
        source = id(message.source)
        message.ordinal = counts.get(source, 0)
        counts[source] = message.ordinal + 1


def _flagged(message: Message, failure: Failure) -> Message:
    twin = message.copy()
    twin.error = failure
    return twin
