"""A look at a cluster: which topics there are, and what was written to one last.

It joins no group and commits nothing: partitions are assigned, not subscribed to. Its calls block, each look for
LOOK_SECONDS at most: for threads only.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, Final

from confluent_kafka import TIMESTAMP_NOT_AVAILABLE, Consumer, KafkaError, KafkaException, TopicPartition
from confluent_kafka import Message as Record

from streams.connections import ConnectionSettings
from streams.kafka.certificates import certificate_error
from streams.kafka.diagnosis import Complaint, InspectionError, Missing, complaint, diagnosed, failure
from streams.kafka.fields import topic_refusal
from streams.kafka.newest_records import NewestRecords
from streams.kafka.records import PartitionRecords
from streams.kafka.settings import LibrdkafkaConfig, connection_config
from streams.message import Message

LOOK_SECONDS: Final = 4.0
MOST_BYTES: Final = 16_384
"""Of one record's key or value that are kept."""
_TURN_SECONDS: Final = 0.25
"""How long the client may wait before it is heard what it complains of."""
_PAUSE_SECONDS: Final = 0.05
_SILENCE_SECONDS: Final = 2.0
"""How long brokers that are all away and say nothing are tried again."""
_ALL_DOWN: Final = "_ALL_BROKERS_DOWN"
_WILD: Final = frozenset("*?[")
_FETCH: Final = 100
_LOOKING: Final[LibrdkafkaConfig] = {
    # The client insists on a name; a group is only joined by who subscribes.
    "group.id": "sluice",
    "enable.auto.commit": False,
    "enable.auto.offset.store": False,
    "enable.partition.eof": True,
    "auto.offset.reset": "earliest",
    "allow.auto.create.topics": False,
    "fetch.wait.max.ms": 50,
    "fetch.message.max.bytes": 262_144,
    "queued.max.messages.kbytes": 8_192,
}


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic as the cluster lists it."""

    name: str
    partitions: int


@dataclass(frozen=True, slots=True)
class ClusterView:
    """What there is to see of a cluster."""

    brokers: tuple[str, ...]
    """host:port, as the cluster names them itself."""
    topics: tuple[Topic, ...]
    """Those the connection allows, by name."""
    unseen: tuple[str, ...]
    """Topics that the connection allows by their names, and that the cluster does not list."""


@dataclass(frozen=True, slots=True)
class SeenRecord:
    """A record, cut to what a page shows."""

    partition: int
    offset: int
    at: dt.datetime | None
    """Its timestamp; None: the broker keeps none."""
    key: bytes | None
    """Cut to MOST_BYTES."""
    value: bytes | None
    """Cut to MOST_BYTES; None: a tombstone."""
    size: int
    """Bytes of the whole value."""
    headers: tuple[tuple[str, bytes], ...]


@dataclass(frozen=True, slots=True)
class TopicView:
    """The end of a topic."""

    topic: Topic
    records: tuple[SeenRecord, ...]
    """Across partitions, the newest first."""
    is_whole: bool
    """False: time was up before every partition's end was read."""


@dataclass(frozen=True, slots=True)
class LastMessages:
    """The end of a topic, as a stream reads it."""

    messages: tuple[Message, ...]
    """Across partitions, the oldest first, whole."""
    is_whole: bool
    """False: time was up before every partition's end was read."""
    is_cut: bool
    """Older ones were let go of, as all together were too large."""


def view_cluster(settings: ConnectionSettings) -> ClusterView:
    """Reach a cluster and list its topics. Raises InspectionError."""
    with _looking(settings) as look:
        found = look.metadata()
        topics = [
            Topic(name, len(topic.partitions))
            for name, topic in found.topics.items()
            if topic.error is None and settings.allows(name) and not name.startswith("__")
        ]
        brokers = sorted(f"{broker.host}:{broker.port}" for broker in found.brokers.values())
    listed = {topic.name for topic in topics}
    unseen = [name for name in settings.allowed_topics if not set(name) & _WILD and name not in listed]
    return ClusterView(tuple(brokers), tuple(sorted(topics, key=attrgetter("name"))), tuple(unseen))


def view_topic(settings: ConnectionSettings, topic: str, count: int = 10) -> TopicView:
    """Read the last `count` records of a topic, across its partitions. Raises InspectionError."""
    _require_allowed(settings, topic)
    newest = NewestRecords(count)
    with _looking(settings) as look:
        partitions = look.partitions(topic)
        ends = look.last_records(topic, partitions, count, newest.add)
    records = tuple(_seen(record) for record in reversed(newest.records()))
    return TopicView(Topic(topic, len(partitions)), records, ends is not None)


def read_last(
    settings: ConnectionSettings, topic: str, count: int, *, most_bytes: int, multi_header: bool = False
) -> LastMessages:
    """Read the last `count` records of a topic as messages, with the metadata that the `kafka` input gives them.

    most_bytes: of all values together; one record is read in any case. Raises InspectionError.
    """
    _require_allowed(settings, topic)
    newest = NewestRecords(count, most_bytes)
    with _looking(settings) as look:
        ends = look.last_records(topic, look.partitions(topic), count, newest.add)
    messages = [_message(topic, record, ends or {}, multi_header=multi_header) for record in newest.records()]
    return LastMessages(tuple(messages), ends is not None, newest.is_cut)


def _message(topic: str, record: Record, ends: dict[int, int], *, multi_header: bool) -> Message:
    number = record.partition() or 0
    made = PartitionRecords("", topic, number, multi_header=multi_header)
    return made.messages([record], ends.get(number, 0))[0]


def _require_allowed(settings: ConnectionSettings, topic: str) -> None:
    if not settings.allows(topic):
        remedy = "whoever manages the connection adds the topic to those it allows"
        raise InspectionError(Missing.TOPIC, topic_refusal(settings, topic), remedy)


class _Look:
    """One client, for as long as one look takes."""

    def __init__(self, settings: ConnectionSettings) -> None:
        self._settings = settings
        self._complaints: list[Complaint] = []
        self._until = time.monotonic() + LOOK_SECONDS
        config = connection_config(settings, "sluice-inspection") | _LOOKING
        self._consumer = _consumer(config | {"error_cb": self._on_error})

    def close(self) -> None:
        """Let the brokers go."""
        self._consumer.close()

    @property
    def _left(self) -> float:
        return self._until - time.monotonic()

    def metadata(self, topic: str | None = None) -> Any:
        """What the cluster says of itself, or of one topic. Raises InspectionError."""
        while True:
            try:
                found = self._consumer.list_topics(topic, min(_TURN_SECONDS, self._left))
            except KafkaException as error:
                self._consumer.poll(_PAUSE_SECONDS)  # the client complains while it is asked
                if self._left < _TURN_SECONDS:
                    raise self._diagnosed(error) from error
            else:
                return found

    def partitions(self, topic: str) -> list[int]:
        """The numbers of a topic's partitions. Raises InspectionError."""
        found = self.metadata(topic).topics[topic]
        if found.error is not None:
            raise diagnosed([complaint(found.error)])
        return sorted(found.partitions)

    def last_records(
        self, topic: str, partitions: list[int], count: int, keep: Callable[[Record], None]
    ) -> dict[int, int] | None:
        """Give up to `count` records of the end of each partition to `keep`.

        Returns the end of each; None: not all were reached in time. Raises InspectionError.
        """
        starts, ends = self._bounds(topic, partitions, count)
        self._consumer.assign([TopicPartition(topic, number, at) for number, at in starts.items()])
        ended: set[int] = set()
        while len(ended) < len(starts) and self._left > 0:
            for record in self._consumer.consume(_FETCH, min(_TURN_SECONDS, self._left)):
                number = record.partition() or 0
                if not _is_end(record):
                    keep(record)
                # What is written meanwhile is not waited for.
                if _is_end(record) or (record.offset() or 0) + 1 >= ends[number]:
                    ended.add(number)
        is_whole = len(ends) == len(partitions) and len(ended) == len(starts)
        return ends if is_whole else None

    def _bounds(self, topic: str, partitions: list[int], count: int) -> tuple[dict[int, int], dict[int, int]]:
        """Where to begin in those partitions that hold anything; and the ends of all that told theirs in time."""
        starts: dict[int, int] = {}
        ends: dict[int, int] = {}
        for number in partitions:
            if self._left <= 0:
                break
            try:
                low, high = self._consumer.get_watermark_offsets(
                    TopicPartition(topic, number), timeout=self._left
                )
            except KafkaException as error:
                raise self._diagnosed(error) from error
            ends[number] = high
            if high > low:
                starts[number] = max(low, high - count)
        return starts, ends

    def _diagnosed(self, error: KafkaException) -> InspectionError:
        """What is missing; why a certificate is not trusted librdkafka does not tell, so the brokers are asked."""
        found = diagnosed([*self._complaints, *failure(error.args[0])])
        exact = certificate_error(self._settings) if found.missing is Missing.CERTIFICATE else None
        return exact or found

    def _on_error(self, error: KafkaError) -> None:
        """Give up early once all brokers are away and one fails as it did before.

        Not at the first failure: a name may have two addresses, of which the second is tried next.
        """
        said = complaint(error)
        self._complaints.append(said)
        names = [one.name for one in self._complaints]
        if _ALL_DOWN not in names:
            return
        if names.count(_ALL_DOWN) == 1 and said.name == _ALL_DOWN:
            self._until = min(self._until, time.monotonic() + _SILENCE_SECONDS)
        elif said.name != _ALL_DOWN and self._complaints.count(said) > 1:
            self._until = time.monotonic()


def _consumer(config: LibrdkafkaConfig) -> Consumer:
    """A client; settings that it refuses, such as a certificate it cannot read, are the connection's fault."""
    try:
        return Consumer(config)
    except KafkaException as error:
        raise diagnosed([complaint(error.args[0])]) from error


def _is_end(record: Record) -> bool:
    """Tell whether this is no record, but the news that there are no more. Raises InspectionError."""
    error = record.error()
    if error is not None and error.name() != "_PARTITION_EOF":
        raise diagnosed([complaint(error)])
    return error is not None


def _seen(record: Record) -> SeenRecord:
    kind, milliseconds = record.timestamp()
    value: bytes | None = record.value()
    headers: Any = record.headers() or ()
    return SeenRecord(
        partition=record.partition() or 0,
        offset=record.offset() or 0,
        at=dt.datetime.fromtimestamp(milliseconds / 1000, dt.UTC)
        if kind != TIMESTAMP_NOT_AVAILABLE
        else None,
        key=_cut(record.key()),
        value=_cut(value),
        size=len(value or b""),
        headers=tuple((name, (content or b"")[:MOST_BYTES]) for name, content in headers),
    )


def _cut(content: bytes | None) -> bytes | None:
    return None if content is None else content[:MOST_BYTES]


@contextmanager
def _looking(settings: ConnectionSettings) -> Iterator[_Look]:
    look = _Look(settings)
    try:
        yield look
    finally:
        look.close()
