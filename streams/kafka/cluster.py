"""What there is to know of a cluster: its id, its topics and theirs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from typing import Any

from confluent_kafka import KafkaError, KafkaException, TopicCollection
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from streams.errors import ConnectError
from streams.kafka.settings import LibrdkafkaConfig

TIMEOUT = 5.0
"""Seconds a broker has to answer."""
BROKERS_CHOICE = -1
"""As many replicas as the brokers give a topic by default."""
_NO_ID = "AAAAAAAAAAAAAAAAAAAAAA"


class Cluster:
    """Asks the brokers of one connection. Its calls block: for threads only."""

    def __init__(self, connection: LibrdkafkaConfig) -> None:
        self._admin = AdminClient(connection)

    def cluster_id(self) -> str:
        """The id of the cluster; empty where the broker has none. Raises ConnectError."""
        try:
            return str(self._admin.list_topics(timeout=TIMEOUT).cluster_id or "")
        except KafkaException as error:
            raise ConnectError(f"no broker answers: {error.args[0].str()}") from error

    def reachable(self) -> bool:
        """Tell whether a broker answers now."""
        try:
            self._admin.list_topics(timeout=TIMEOUT)
        except KafkaException:
            return False
        return True

    def make_topic(self, name: str, partitions: int, settings: Mapping[str, str]) -> None:
        """Make a topic unless it is there; settings: the broker's, such as `retention.ms`. Raises ConnectError."""
        topic = NewTopic(name, partitions, BROKERS_CHOICE, config=dict(settings))
        try:
            self._admin.create_topics([topic], request_timeout=TIMEOUT)[name].result(2 * TIMEOUT)
        except (KafkaException, TimeoutError) as error:
            reason = error.args[0] if error.args else None
            if isinstance(reason, KafkaError) and reason.code() == KafkaError.TOPIC_ALREADY_EXISTS:
                return
            raise ConnectError(f"the topic {name} cannot be made: {error}") from error

    def ask_topic_ids(self, topics: Sequence[str]) -> dict[str, Future[Any]]:
        """Ask for the ids of topics; `topic_id` reads an answer."""
        asked: dict[str, Future[Any]] = self._admin.describe_topics(
            TopicCollection(list(topics)), request_timeout=TIMEOUT
        )
        return asked

    def topic_ids(self, topics: Sequence[str]) -> dict[str, str]:
        """The ids of those topics that exist and have one."""
        answers = {topic: topic_id(answer) for topic, answer in self.ask_topic_ids(topics).items()}
        return {topic: known for topic, known in answers.items() if known}


def topic_id(answer: Future[Any]) -> str:
    """The id in an answer, waiting for it; empty where the topic, or the broker, has none."""
    try:
        found = str(answer.result(TIMEOUT).topic_id)
    except (KafkaException, TimeoutError):
        return ""
    return "" if found == _NO_ID else found
