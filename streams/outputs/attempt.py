"""Tries to write a batch, and what became of each message."""

from __future__ import annotations

import logging
from typing import Final

from streams.errors import BatchError, OutputError, RejectedMessageError, StreamStoppedError
from streams.message import Message
from streams.spec import Output
from streams.stopping import StopSignal

logger = logging.getLogger(__name__)

_FIRST_RETRY: Final = 0.1
_LONGEST_RETRY: Final = 10.0

Errors = dict[int, Exception]
"""What went wrong, by the message's place in the batch."""


async def attempt(output: Output, messages: list[Message]) -> Errors:
    """Write a batch once. Returns the errors of those that were not taken.

    A fault of the output's own is one of them: raised, it would leave writes to other outputs to themselves.
    """
    try:
        await output.write(messages)
    except BatchError as error:
        return error.errors
    except OutputError as error:
        return dict.fromkeys(range(len(messages)), error)
    except Exception as error:
        logger.exception("an output failed by a fault of its own")
        return dict.fromkeys(range(len(messages)), OutputError(repr(error)))
    return {}


async def attempt_some(output: Output, messages: list[Message], places: list[int]) -> Errors:
    """Write the messages at these places once. Returns errors by the place in the whole batch."""
    errors = await attempt(output, [messages[at] for at in places])
    return {places[at]: error for at, error in errors.items()}


def raise_for(errors: Errors) -> None:
    """Raise BatchError when there is an error."""
    if errors:
        raise BatchError(errors)


async def write_until_taken(output: Output, messages: list[Message], stopping: StopSignal) -> Errors:
    """Write until the output has all that it does not reject. Returns the rejections, or why it stopped."""
    rejected: Errors = {}
    owed = list(range(len(messages)))
    delay = _FIRST_RETRY
    while True:
        errors = await attempt_some(output, messages, owed)
        rejected |= {at: error for at, error in errors.items() if isinstance(error, RejectedMessageError)}
        owed = [at for at in errors if at not in rejected]
        if not owed:
            return rejected
        if await stopping.within(delay):
            return rejected | {at: StreamStoppedError(str(errors[at])) for at in owed}
        delay = min(delay * 2, _LONGEST_RETRY)
