"""Writing to servers that take one message at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from streams.bloblang import MappingError
from streams.errors import OutputError, RejectedMessageError
from streams.message import Message
from streams.outputs.attempt import Errors, raise_for

WriteOne = Callable[[list[Message], int], Awaitable[None]]
"""Writes the message at a place of a batch. Raises OutputError, MappingError."""


async def write_each(messages: list[Message], room: asyncio.Semaphore, write: WriteOne) -> None:
    """Write messages side by side, begun in order; room: how many at a time. Raises BatchError."""
    answers = await asyncio.gather(
        *(_write(messages, at, room, write) for at in range(len(messages))), return_exceptions=True
    )
    errors: Errors = {}
    for at, answer in enumerate(answers):
        if isinstance(answer, MappingError):
            errors[at] = RejectedMessageError(str(answer))
        elif isinstance(answer, Exception):
            errors[at] = answer
        elif isinstance(answer, asyncio.CancelledError):
            # We are not cancelled, else there were no answers: a client let go of the message.
            errors[at] = OutputError("the client gave the message up")
    raise_for(errors)


async def _write(messages: list[Message], at: int, room: asyncio.Semaphore, write: WriteOne) -> None:
    async with room:
        await write(messages, at)
