"""Messages that say when they were due, for tests/load/listeners.py."""

import time
from collections.abc import Callable
from typing import Final

from confluent_kafka import Producer

FILLING: Final = "x"
FLUSH_SECONDS: Final = 60.0


def message(due_ns: int, size: int) -> bytes:
    """A JSON object of so many bytes with the mark; `size` is at least 50."""
    text = f'{{"at":"@{due_ns:019d}","text":""}}'
    return (text[:-2] + FILLING * (size - len(text)) + text[-2:]).encode()


def steadily(publish: Callable[[bytes], object], rate: float, seconds: float, size: int = 1024) -> int:
    """Publish so many messages a second, each when it is due or as soon after as can be. Returns how many.

    What the publisher falls behind counts as delay.
    """
    started, count = time.monotonic_ns(), int(rate * seconds)
    for number in range(count):
        due = started + int(number * 1e9 / rate)
        if (left := (due - time.monotonic_ns()) / 1e9) > 0:
            time.sleep(left)
        publish(message(due, size))
    return count


class TopicPublisher:
    """Publishes into a topic, each message at once."""

    def __init__(self, bootstrap: str, topic: str) -> None:
        self._topic = topic
        self._producer = Producer({"bootstrap.servers": bootstrap, "linger.ms": 0})

    def __call__(self, body: bytes) -> None:
        self._producer.produce(self._topic, body)
        self._producer.poll(0)

    def flush(self) -> None:
        """Wait for the broker. Raises TimeoutError."""
        if self._producer.flush(FLUSH_SECONDS):
            raise TimeoutError("Kafka did not acknowledge in time")
