"""Apache Kafka, as a test writes to it and reads from it."""

import json
import uuid
from collections.abc import Callable
from typing import Any

from confluent_kafka import OFFSET_BEGINNING, Consumer, Producer, TopicPartition

from tests.load.waiting import wait_until

SECONDS = 60.0


class Broker:
    """Topics of one partition."""

    def __init__(self, bootstrap: str) -> None:
        self.bootstrap = bootstrap
        self._producer = Producer({"bootstrap.servers": bootstrap})

    def produce(self, topic: str, *values: Any) -> None:
        """JSON, a record each; returns once the broker has them."""
        for value in values:
            self._producer.produce(topic, value if isinstance(value, bytes) else json.dumps(value))
        assert self._producer.flush(SECONDS) == 0

    def read(self, topic: str, enough: Callable[[list[bytes]], bool]) -> list[bytes]:
        """The values of a topic from its beginning, until there are enough."""
        consumer = Consumer({"bootstrap.servers": self.bootstrap, "group.id": uuid.uuid4().hex})
        consumer.assign([TopicPartition(topic, 0, OFFSET_BEGINNING)])
        found: list[bytes] = []

        def more() -> bool:
            found.extend(record.value() for record in consumer.consume(500, 0.2) if record.error() is None)
            return enough(found)

        wait_until(more, f"enough records of {topic}", SECONDS, poll=0)
        consumer.close()
        return found

    def read_json(self, topic: str, count: int) -> list[Any]:
        """The first so many values."""
        return [json.loads(value) for value in self.read(topic, lambda found: len(found) >= count)]
