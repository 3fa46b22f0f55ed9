"""Traps: functions of the product wrapped from outside, in a worker that `tests.faults.worker` started.

The product knows nothing of them. Which one springs, and when, the arming file says (moments.py).
"""

import asyncio
import functools
from collections.abc import Awaitable, Callable
from typing import Any

from streams.kafka.consumer import ConsumerThread
from streams.kafka.source import KafkaSource
from tests.faults.moments import Moment, Traps, die
from webhooks import queue
from webhooks.publish import Publisher
from webhooks.sender import Sender

POSTING_SECONDS = 0.003  # after the request went out; the receiver answers later than that


def install(traps: Traps) -> None:
    """Set all traps in this process."""
    _replace(KafkaSource, "read", lambda read: _after(read, traps, Moment.AFTER_READ))
    _replace(Publisher, "_hand_over", lambda hand_over: _before(hand_over, traps, Moment.AFTER_COMMIT))
    _replace(ConsumerThread, "store", lambda store: _before(store, traps, Moment.BEFORE_OFFSET_COMMIT))
    _replace(Sender, "start", lambda start: _soon_after(start, traps, Moment.WHILE_POSTING))
    _replace(queue, "record", lambda record: _before(record, traps, Moment.BEFORE_OUTCOME))


def _replace(owner: Any, name: str, wrap: Callable[[Any], Any]) -> None:
    original = getattr(owner, name)
    setattr(owner, name, functools.wraps(original)(wrap(original)))


def _before(function: Callable[..., Any], traps: Traps, moment: Moment) -> Callable[..., Any]:
    def wrapped(*arguments: Any, **named: Any) -> Any:
        traps.pass_by(moment)
        return function(*arguments, **named)

    return wrapped


def _after(
    function: Callable[..., Awaitable[Any]], traps: Traps, moment: Moment
) -> Callable[..., Awaitable[Any]]:
    async def wrapped(*arguments: Any, **named: Any) -> Any:
        result = await function(*arguments, **named)
        traps.pass_by(moment)
        return result

    return wrapped


def _soon_after(function: Callable[..., Any], traps: Traps, moment: Moment) -> Callable[..., Any]:
    def wrapped(*arguments: Any, **named: Any) -> Any:
        result = function(*arguments, **named)
        if traps.reached(moment):
            asyncio.get_running_loop().call_later(POSTING_SECONDS, die)
        return result

    return wrapped
