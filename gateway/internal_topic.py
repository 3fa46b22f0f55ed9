"""The internal topic of a stream that cannot be replayed: what its one run made, for every gateway process to read.

A record is a message: its value the content, a header with the metadata, a header with where the message came from,
so that one that was written twice can be told from two. The key is the part of the source that has an order of its
own, a partition of Kafka for example, so that its messages stay in order.
"""

import asyncio
import re
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, Final

import orjson

from streams.connections import RESERVED_TOPICS, Connections, ConnectionSettings
from streams.inputs import kafka as kafka_input
from streams.kafka.cluster import Cluster
from streams.kafka.producer import KafkaProducer, Outgoing, WhenFull
from streams.kafka.settings import connection_config, producer_config
from streams.lint.values import default_of
from streams.message import Message, Source
from streams.outputs import kafka as kafka_output
from streams.spec import BuildContext, Component, Config, Field, StreamIdentity

METADATA_HEADER: Final = "sluice-metadata"
SOURCE_HEADER: Final = "sluice-source"
_CLIENT: Final = "sluice"
_PLAIN: Final = re.compile(r"[A-Za-z0-9_-]{1,180}")
_HOUR_MS: Final = 3_600_000


@dataclass(frozen=True, slots=True)
class InternalTopics:
    """Where internal topics live; components and readers get it as a service."""

    bootstrap_servers: str
    """host:port, several separated by commas."""
    retention_hours: int = 24
    partitions: int = 1
    """Of topics that are made from now on."""

    @property
    def addresses(self) -> tuple[str, ...]:
        """host:port, each."""
        return tuple(part.strip() for part in self.bootstrap_servers.split(",") if part.strip())

    def connection(self, connections: Connections) -> ConnectionSettings:
        """How to reach the brokers: as the operator's connection with these addresses, where there is one."""
        for known in connections.known:
            if set(self.addresses) <= set(known.addresses):
                return known
        return ConnectionSettings(self.addresses)

    def make_topic(self, connection: ConnectionSettings, topic: str) -> None:
        """Make a topic unless it is there. Blocks: for threads only. Raises ConnectError."""
        retention = {"retention.ms": str(self.retention_hours * _HOUR_MS)}
        Cluster(connection_config(connection, _CLIENT)).make_topic(topic, self.partitions, retention)


def topic_name(definition_id: int, stream_name: str) -> str:
    """The internal topic of a stream: `sluice.<definition>.<stream>`.

    A stream's name that is no part of a Kafka topic's name is replaced by what is left of it and a digest.
    """
    if _PLAIN.fullmatch(stream_name):
        return f"{RESERVED_TOPICS}{definition_id}.{stream_name}"
    digest = blake2b(stream_name.encode(), digest_size=8).hexdigest()
    plain = re.sub(r"[^A-Za-z0-9_-]+", "-", stream_name)[:100]
    return f"{RESERVED_TOPICS}{definition_id}.{plain}.{digest}"


def internal_input(topics: InternalTopics, stream: StreamIdentity) -> Component:
    """A `kafka` input that reads a stream's internal topic; its group is named as the topic."""
    topic = topic_name(stream.definition_id, stream.stream_name)
    body = {"addresses": [*topics.addresses], "topics": [topic], "consumer_group": topic}
    return Component(kafka_input.KAFKA, _defaults(kafka_input.KAFKA.fields) | body, "/output")


class InternalTopicOutput:
    """Writes what a stream's run makes to its internal topic."""

    def __init__(
        self,
        topics: InternalTopics,
        connection: ConnectionSettings,
        stream: StreamIdentity,
        when_full: WhenFull = WhenFull.WAIT,
    ) -> None:
        self._topics = topics
        self._connection = connection
        self._topic = topic_name(stream.definition_id, stream.stream_name)
        careful = _defaults(kafka_output.KAFKA.fields) | {"idempotent_write": True, "ack_replicas": True}
        config = producer_config(connection_config(connection, _CLIENT), careful)
        self._producer = KafkaProducer(config, when_full)

    async def connect(self) -> None:
        """Make the topic, where it is missing. Raises ConnectError."""
        await asyncio.to_thread(self._topics.make_topic, self._connection, self._topic)
        await self._producer.connect()

    async def write(self, messages: list[Message]) -> None:
        """Return when the brokers have all. Raises BatchError for those they do not have."""
        await self._producer.send([as_record(self._topic, message) for message in messages])

    async def close(self) -> None:
        """Send what is queued."""
        await self._producer.close()


def build_output(_config: Config, context: BuildContext) -> InternalTopicOutput:
    """Build an `http_server` output where its stream runs."""
    topics = context.service(InternalTopics)
    connection = topics.connection(context.service(Connections))
    return InternalTopicOutput(topics, connection, context.stream, context.choice(WhenFull.WAIT))


def as_record(topic: str, message: Message) -> Outgoing:
    """A message as a record of an internal topic."""
    source = message.source or Source(b"", 0, "")
    origin = [source.identity.hex(), source.timestamp_ms, source.position, message.ordinal]
    return Outgoing(
        topic=topic,
        value=message.content,
        key=source.position.rpartition("@")[0].encode() or None,
        headers=[
            (METADATA_HEADER, orjson.dumps(message.metadata, default=_text, option=orjson.OPT_NON_STR_KEYS)),
            (SOURCE_HEADER, orjson.dumps(origin)),
        ],
    )


def from_record(read: Message) -> Message:
    """The message that a record of an internal topic is; read: the record as a `kafka` input gives it."""
    try:
        metadata = orjson.loads(read.metadata[METADATA_HEADER])
        identity, timestamp_ms, position, ordinal = orjson.loads(read.metadata[SOURCE_HEADER])
        source = Source(bytes.fromhex(identity), timestamp_ms, position)
    except (KeyError, ValueError):
        return read  # not written by Sluice
    return Message(read.content, metadata=metadata, source=source, ordinal=ordinal)


def _defaults(fields: Iterable[Field]) -> dict[str, Any]:
    return {field.name: default_of(field) for field in fields}


def _text(value: object) -> str:
    """What JSON has no word for."""
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
