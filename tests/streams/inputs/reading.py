"""Inputs that a configuration describes."""

from __future__ import annotations

import asyncio

from streams.drain import Drain
from streams.message import Message
from streams.processed import build_input
from streams.registry import Registry
from streams.spec import Batch, BuildContext, Input
from streams.statistics import Statistics
from streams.stopping import StopSignal
from tests.streams.making import IDENTITY, stream

READ_SECONDS = 10.0
"""How long a test waits for what must come."""


def built(
    reading: str,
    services: dict[type, object] | None = None,
    resources: str = "",
    registry: Registry | None = None,
) -> Input:
    """An input in YAML, ready to connect."""
    checked = stream(f"input: {reading}\noutput: {{drop: {{}}}}\n{resources}\n", registry)
    own: dict[type, object] = {Statistics: Statistics(), StopSignal: StopSignal(), Drain: Drain()}
    return build_input(checked.input, BuildContext(IDENTITY, {**own, **(services or {})}))


async def next_batch(reading: Input) -> Batch:
    """The next batch, which comes."""
    async with asyncio.timeout(READ_SECONDS):
        return await reading.read()


def texts(messages: list[Message]) -> list[str]:
    """The payloads as text."""
    return [message.content.decode() for message in messages]
