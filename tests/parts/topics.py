"""Topics for a test: made with a name of their own, deleted after it."""

import uuid
from dataclasses import dataclass, field

from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

TIMEOUT_SECONDS = 30.0


@dataclass
class Topics:
    """Makes topics and remembers them."""

    made: list[tuple[str, str]] = field(default_factory=list)  # (bootstrap servers, topic)

    def __call__(self, bootstrap: str, *, partitions: int = 1, name: str | None = None) -> str:
        """Create a topic and return its name, which is made up unless given."""
        topic = name or f"test-{uuid.uuid4().hex[:12]}"
        new_topic = NewTopic(topic, num_partitions=partitions, replication_factor=1)
        create(bootstrap, new_topic)
        self.made.append((bootstrap, topic))
        return topic

    def delete(self) -> None:
        """Delete what was made, and is still there."""
        for bootstrap, topic in self.made:
            client = AdminClient({"bootstrap.servers": bootstrap})
            client.delete_topics([topic])[topic].exception(TIMEOUT_SECONDS)


def create(bootstrap: str, topic: NewTopic) -> None:
    """Create a topic and wait until the broker says that it is there."""
    client = AdminClient({"bootstrap.servers": bootstrap})
    client.create_topics([topic])[topic.topic].result(TIMEOUT_SECONDS)
