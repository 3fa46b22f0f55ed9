"""Puts events into Kafka and keeps what the broker acknowledged: whose delivery is promised."""

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from confluent_kafka import KafkaError, Message, Producer

from tests.load.events import Event, digest

FLUSH_SECONDS = 120.0
POLL_EVERY = 200  # events between two looks for acknowledgements
SHORTEST_WAIT = 0.002  # seconds; a wait for each event alone would cost more than all of Sluice


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """One event that the broker holds."""

    number: int
    event_type: str
    digest: int  # of the body
    at_ns: int  # when the acknowledgement was seen, on the machine's monotonic clock


@dataclass
class Production:
    """Events on their way into one topic."""

    bootstrap: str
    topic: str
    acknowledged: dict[int, Acknowledged] = field(default_factory=dict)  # by number
    refused: list[KafkaError] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._producer = Producer(
            {
                "bootstrap.servers": self.bootstrap,
                "enable.idempotence": True,
                "acks": "all",
                "compression.type": "lz4",
            }
        )

    def produce_all(self, events: Iterable[Event]) -> None:
        """Produce as fast as the broker takes them, and wait for the last acknowledgement."""
        for place, event in enumerate(events):
            self._produce(event)
            if place % POLL_EVERY == 0:
                self._producer.poll(0)
        self.flush()

    def produce_steadily(self, events: Iterable[Event], rate: float, stop: Callable[[], bool] = bool) -> int:
        """Produce `rate` events a second, a few at a time, until there are no more or `stop()`; returns how many."""
        started, count = time.monotonic(), 0
        for event in events:
            if stop():
                break
            self._wait_until(started + count / rate)
            self._produce(event)
            count += 1
        self.flush()
        return count

    def flush(self) -> None:
        """Wait until everything produced is acknowledged or refused. Raises TimeoutError."""
        if self._producer.flush(FLUSH_SECONDS):
            raise TimeoutError(f"Kafka took longer than {FLUSH_SECONDS:.0f} s to acknowledge")

    def _wait_until(self, moment: float) -> None:
        while (left := moment - time.monotonic()) > 0:
            self._producer.poll(max(left, SHORTEST_WAIT))
        self._producer.poll(0)

    def _produce(self, event: Event) -> None:
        made = (event.number, event.event_type, digest(event.body))

        def keep(error: KafkaError | None, _message: Message) -> None:
            if error is None:
                self.acknowledged[made[0]] = Acknowledged(*made, time.monotonic_ns())
            else:
                self.refused.append(error)

        while True:
            try:
                return self._producer.produce(self.topic, event.body, on_delivery=keep)
            except BufferError:  # librdkafka's queue is full
                self._producer.poll(0.05)


class SteadyFlow:
    """A production that goes on in a thread until it is stopped."""

    def __init__(self, production: Production, events: Iterator[Event], rate: float) -> None:
        self._stop = threading.Event()
        self._thread = threading.Thread(
            target=production.produce_steadily, args=(events, rate, self._stop.is_set), daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """Produce no more, and wait for the acknowledgements."""
        self._stop.set()
        self._thread.join(FLUSH_SECONDS)
