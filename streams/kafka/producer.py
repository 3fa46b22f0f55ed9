"""Producing to Kafka: many records, one future a batch."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from enum import Enum
from functools import partial
from typing import Any, Final, NamedTuple

from confluent_kafka import KafkaError, KafkaException, Producer

from streams.errors import (
    BatchError,
    ConnectError,
    OutputBusyError,
    OutputError,
    RejectedMessageError,
    TooLargeError,
)
from streams.kafka.settings import LibrdkafkaConfig

ANY_PARTITION: Final = -1
_CONNECT_TIMEOUT: Final = 5.0
_SERVE_SECONDS: Final = 0.001
"""Between looks for delivery reports while some are owed."""
_IDLE_SECONDS: Final = 0.2
"""Between looks for errors otherwise."""
_FULL_WAIT: Final = 0.005
"""Seconds between tries while librdkafka's queue is full."""
_HOPELESS: Final = {KafkaError.INVALID_MSG, KafkaError.INVALID_RECORD}
"""Errors that lie in the record itself, besides its size."""

Headers = list[tuple[str, str | bytes | None]]


class WhenFull(Enum):
    """What a producer does with a record for which its queue has no room; components get it as a service."""

    WAIT = "wait"
    """Hold the stream back."""
    REFUSE = "refuse"
    """Give the record back at once: somebody waits for the answer."""


class Outgoing(NamedTuple):
    """One record to produce; a tuple, as the cheapest to make."""

    topic: str
    value: bytes
    key: bytes | None
    headers: Headers
    partition: int = ANY_PARTITION


class _Delivery:
    """What becomes of one batch."""

    __slots__ = ("_owed", "_settled", "done", "errors")

    def __init__(self, records: int, settled: Callable[[bool], None]) -> None:
        """settled: told, when nothing is owed any more, whether all is well."""
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        """Raises BatchError for what the brokers have not acknowledged."""
        self.errors: dict[int, Exception] = {}
        self._owed = records
        self._settled = settled
        if not records:
            self._finish()

    def settle(self, at: int, error: KafkaError | None, _record: Any) -> None:
        """Note what became of a record."""
        if error is not None:
            self.errors[at] = as_output_error(error)
        self._owed -= 1
        if not self._owed:
            self._finish()

    def refuse(self, at: int, error: OutputError) -> None:
        """Note that a record was not queued."""
        self.errors[at] = error
        self.settle(at, None, None)

    def _finish(self) -> None:
        self._settled(not self.errors)
        if self.done.done():
            return
        if self.errors:
            self.done.set_exception(BatchError(self.errors))
        else:
            self.done.set_result(None)


def as_output_error(error: KafkaError) -> OutputError:
    """What a client's error means for the message: rejected for good, or to be tried again."""
    if error.code() == KafkaError.MSG_SIZE_TOO_LARGE:
        return TooLargeError(error.str())
    hopeless = error.code() in _HOPELESS
    return RejectedMessageError(error.str()) if hopeless else OutputError(error.str())


class KafkaProducer:
    """A producer that collects its delivery reports on the event loop.

    A thread that waited for them would take Python's lock from the loop for each record, and the two would spend
    more on taking turns than on the records. The loop asks every millisecond while reports are owed.
    """

    def __init__(self, config: LibrdkafkaConfig, when_full: WhenFull = WhenFull.WAIT) -> None:
        self.error = ""
        """Why the brokers cannot be reached at present; empty when they can."""
        self._producer = Producer(config | {"error_cb": self._on_error})
        self._when_full = when_full
        self._owed = 0
        """Batches whose reports have not all come."""
        self._timer: asyncio.TimerHandle | None = None

    async def connect(self) -> None:
        """Reach a broker. Raises ConnectError."""
        try:
            await asyncio.to_thread(self._producer.list_topics, timeout=_CONNECT_TIMEOUT)
        except KafkaException as error:
            raise ConnectError(f"no broker answers: {error.args[0].str()}") from error
        self.error = ""
        self._serve()

    async def close(self) -> None:
        """Send what is queued and stop."""
        loop = asyncio.get_running_loop()
        until = loop.time() + _CONNECT_TIMEOUT
        while len(self._producer) and loop.time() < until:
            self._producer.poll(0)
            await asyncio.sleep(_FULL_WAIT)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def send(self, records: Sequence[Outgoing]) -> Awaitable[None]:
        """Queue records; to be awaited at once.

        What is returned is done when the brokers have acknowledged all, and raises BatchError for those they did not.
        """
        delivery = _Delivery(len(records), self._settled)
        self._owed += 1
        if self._owed == 1 and self._timer is not None:
            self._timer.cancel()
            self._serve()
        for at, record in enumerate(records):
            if not self._queue(record, at, delivery):
                return self._send_rest(records, at, delivery)
        return delivery.done

    async def _send_rest(self, records: Sequence[Outgoing], first: int, delivery: _Delivery) -> None:
        """Queue the rest as there is room for it."""
        left = len(records) - first
        try:
            for at in range(first, len(records)):
                while not self._queue(records[at], at, delivery):  # noqa: ASYNC110 - nobody says when there is room
                    await asyncio.sleep(_FULL_WAIT)
                left -= 1
        except asyncio.CancelledError:
            delivery.done.cancel()
            for at in range(len(records) - left, len(records)):
                delivery.settle(at, None, None)
            raise
        await delivery.done

    def _settled(self, well: bool) -> None:  # noqa: FBT001 - told by what has no names for its arguments
        self._owed -= 1
        if well:
            self.error = ""

    def _queue(self, record: Outgoing, at: int, delivery: _Delivery) -> bool:
        """Queue a record, or note why it is refused; False: there is no room now."""
        topic, value, key, headers, partition = record
        report = partial(delivery.settle, at)
        try:
            self._producer.produce(topic, value, key, partition, on_delivery=report, headers=headers)
        except BufferError:
            if self._when_full is WhenFull.WAIT:
                return False
            delivery.refuse(at, OutputBusyError("the queue to the broker is full"))
        except KafkaException as error:
            delivery.refuse(at, as_output_error(error.args[0]))
        return True

    def _serve(self) -> None:
        """Take the reports and errors there are, and look again soon while more are owed."""
        self._producer.poll(0)
        pause = _SERVE_SECONDS if self._owed else _IDLE_SECONDS
        self._timer = asyncio.get_running_loop().call_later(pause, self._serve)

    def _on_error(self, error: KafkaError) -> None:
        self.error = error.str()
