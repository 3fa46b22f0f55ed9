"""Processors that stand in a field of another processor."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, TypeVar

from streams.message import Message
from streams.spec import Config, Field, FieldType, Processor, Shape, held, is_per_message, is_replayable

_Item = TypeVar("_Item")

PROCESSORS: Final = Field("processors", FieldType.PROCESSOR, "What is done, in order.", shape=Shape.LIST)
"""The field for a list of processors."""


async def run_nested(stages: Sequence[Processor], messages: list[Message]) -> list[list[Message]]:
    """Run one batch through processors. Returns the batches it became, none of them empty."""
    batches = [messages] if messages else []
    for stage in stages:
        batches = [made for batch in batches for made in await stage.process(batch) if made]
    return batches


def joined(parts: Iterable[Iterable[_Item]]) -> list[_Item]:
    """All that is in the parts, in order: the messages of batches, or the batches that each of several made."""
    return [item for part in parts for item in part]


def one_batch(messages: list[Message]) -> list[list[Message]]:
    """What a processor returns that makes one batch, or nothing when there is no message left."""
    return [messages] if messages else []


def are_replayable(config: Config) -> bool:
    """Tell whether every processor in a body is replayable."""
    return all(is_replayable(component) for component in held(dict(config)))


def are_per_message(config: Config) -> bool:
    """Tell whether every processor in a body looks at each message alone."""
    return all(is_per_message(component) for component in held(dict(config)))
