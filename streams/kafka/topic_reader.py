"""Reads whole topics from given positions, without a consumer group: nothing is shared, and nothing committed.

librdkafka's calls block, so a thread makes them. It hands records over in runs of one partition, a fetch at a time,
and waits until the event loop has dealt with the last but one: a slow reader holds two fetches, whatever the topic
holds.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from typing import Any, Final, Protocol

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition
from confluent_kafka import Message as Record

from streams.errors import ConnectError
from streams.kafka.cluster import TIMEOUT, Cluster, topic_id
from streams.kafka.records import PartitionRecords
from streams.kafka.settings import LibrdkafkaConfig
from streams.message import Message

logger = logging.getLogger(__name__)

Place = tuple[str, int]
"""A topic and the number of one of its partitions."""

_FETCH: Final = 500
"""Records in one hand-over, at most."""
_POLL_SECONDS: Final = 0.1
"""How long the thread waits for a record before it looks at what else there is to do."""
_CHECK_SECONDS: Final = 2.0
"""Between looks at the topics: partitions added, topics made anew."""
_RETRY_SECONDS: Final = 1.0
_AHEAD: Final = 2
"""Fetches that may wait for the event loop."""


@dataclass(frozen=True, slots=True)
class Beginning:
    """Where reading begins."""

    offsets: Mapping[Place, int]
    """Of every partition, the next offset to be read."""
    oldest: Mapping[Place, int]
    """The oldest offset the broker holds; above what was asked for, that is gone."""
    topic_ids: Mapping[str, str]
    """Of the topics whose broker gives them one."""


@dataclass(frozen=True, slots=True)
class Start:
    """Where a reader is asked to begin."""

    offsets: Mapping[Place, int]
    """Next offsets; a partition that is not named begins as `oldest` says."""
    oldest: bool = False
    """Other partitions begin at the oldest record; else at the end."""
    since_ms: int | None = None
    """No record older than this (Unix milliseconds) is wanted."""


@dataclass(frozen=True, slots=True)
class Run:
    """Records of one partition, in order, as messages."""

    place: Place
    messages: list[Message]
    following: int
    """The offset after the last."""


class Listener(Protocol):
    """Who gets what is read; called on the event loop only."""

    def began(self, beginning: Beginning) -> None:
        """Reading begins here; also when a topic was made anew, or partitions were added."""

    async def arrived(self, runs: Sequence[Run]) -> None:
        """Records of one fetch. The next but one waits until this returns."""


class TopicReader:
    """Reads topics until it is stopped; brokers that are away are tried again."""

    def __init__(
        self,
        connection: LibrdkafkaConfig,
        topics: Sequence[str],
        start: Start,
        listener: Listener,
        *,
        multi_header: bool = False,
    ) -> None:
        """To be made on the event loop that the listener lives on."""
        self.error = ""
        """Why nothing can be read at present; empty when it can."""
        self._topics = tuple(topics)
        self._start = start
        self._listener = listener
        self._multi_header = multi_header
        self._cluster = Cluster(connection)
        self._loop = asyncio.get_running_loop()
        self._stopping = threading.Event()
        self._ahead = threading.Semaphore(_AHEAD)
        self._handing: asyncio.Queue[Beginning | Sequence[Run]] = asyncio.Queue()
        self._handed: asyncio.Task[None] | None = None
        self._records: dict[Place, PartitionRecords] = {}
        self._next: dict[Place, int] = {}
        self._ids: dict[str, str] = {}
        self._asked: dict[str, Future[Any]] = {}
        self._cluster_id = ""
        self._checked = time.monotonic()
        ours = {"group.id": "sluice", "enable.auto.commit": False, "error_cb": self._on_error}
        self._consumer = Consumer(connection | _FETCHING | ours)
        self._thread = threading.Thread(target=self._run, name=f"topic {self._topics[0]}", daemon=True)

    def start(self) -> None:
        """Begin to read."""
        self._handed = asyncio.create_task(self._hand_over())
        self._thread.start()

    async def stop(self) -> None:
        """Read no more."""
        self._stopping.set()
        self._ahead.release()
        if self._handed is not None:
            self._handed.cancel()
        await asyncio.to_thread(self._thread.join)

    async def _hand_over(self) -> None:
        """Have the listener deal with one fetch after the other."""
        while True:
            handed = await self._handing.get()
            if isinstance(handed, Beginning):
                self._listener.began(handed)
                continue
            try:
                await self._listener.arrived(handed)
            except Exception:
                logger.exception("records of %s could not be dealt with", self._topics)
            self._ahead.release()

    def _run(self) -> None:
        start = self._start
        try:
            while not self._stopping.is_set():
                if self._begin(start):
                    self._read_on()
                    # What failed is read again: nothing behind the last hand-over is left out.
                    start = Start(dict(self._next), oldest=True)
                self._stopping.wait(_RETRY_SECONDS)
        finally:
            self._consumer.close()

    def _read_on(self) -> None:
        """Read until told to stop, or until something fails that a broker's absence does not explain."""
        try:
            while not self._stopping.is_set():
                self._turn()
        except Exception as error:
            logger.exception("the reader of %s failed; beginning again", ", ".join(self._topics))
            self.error = str(error)

    def _turn(self) -> None:
        self._ahead.acquire()
        handed = False
        try:
            runs = self._fetched()
            if runs:
                self._on_loop(partial(self._handing.put_nowait, runs))
                handed = True
        finally:
            if not handed:
                self._ahead.release()
        if time.monotonic() - self._checked > _CHECK_SECONDS:
            self._checked = time.monotonic()
            self._check()

    def _fetched(self) -> list[Run]:
        records = self._consumer.consume(1, _POLL_SECONDS)
        records += self._consumer.consume(_FETCH - 1, 0) if records else []
        good = [record for record in records if record.error() is None]
        if good:
            self.error = ""
        return self._runs(good)

    def _runs(self, records: Sequence[Record]) -> list[Run]:
        """The records as messages, by partition."""
        ordered = sorted(records, key=_place)  # stable: each partition's stay in order
        runs: list[Run] = []
        ends: dict[Place, int] = {}
        for place, group in groupby(ordered, _place):
            of_place = list(group)
            following = (of_place[-1].offset() or 0) + 1
            runs.append(Run(place, self._records[place].messages(of_place, following), following))
            ends[place] = following
        self._next.update(ends)
        return runs

    def _begin(self, start: Start) -> bool:
        """Assign all partitions; False when no broker told enough to do so."""
        try:
            self._cluster_id = self._cluster_id or self._cluster.cluster_id()
            places = self._places()
            if not places:
                self.error = f"there is no topic {' or '.join(self._topics)}"
                return False
            ids = self._topic_ids(places)
            beginning = self._beginning(places, start, ids)
            self._consumer.assign([TopicPartition(*place, at) for place, at in beginning.offsets.items()])
        except Exception as error:  # noqa: BLE001 - the client's own, or a broker's: it is tried again
            self.error = str(error)
            return False
        # Not before: a topic made anew must be noticed again, if it could not be begun this time.
        self._ids = ids
        self._records = {place: self._maker(place) for place in places}
        self.error = ""
        self._next = dict(beginning.offsets)
        self._on_loop(partial(self._handing.put_nowait, beginning))
        return True

    def _topic_ids(self, places: Sequence[Place]) -> dict[str, str]:
        """Raises ConnectError where an id is not told that was: the topic would pass for another one."""
        ids = self._cluster.topic_ids(self._topics)
        if any(topic in self._ids and topic not in ids for topic, _ in places):
            raise ConnectError("the brokers do not tell the topics' ids")
        return ids

    def _beginning(self, places: Sequence[Place], start: Start, ids: Mapping[str, str]) -> Beginning:
        """Where each partition begins, as numbers, so that a position can be told before the first record."""
        ends = {
            place: self._consumer.get_watermark_offsets(TopicPartition(*place), timeout=TIMEOUT)
            for place in places
        }
        wanted = {
            place: start.offsets.get(place, low if start.oldest else high)
            for place, (low, high) in ends.items()
        }
        oldest = {place: low for place, (low, _) in ends.items()}
        if start.since_ms is not None:
            oldest = self._since(ends, start.since_ms)
        # Not held against the end: some brokers tell one that is too low for a while.
        offsets = {place: max(offset, oldest[place]) for place, offset in wanted.items()}
        return Beginning(offsets, oldest, ids)

    def _since(self, ends: Mapping[Place, tuple[int, int]], since_ms: int) -> dict[Place, int]:
        asked = [TopicPartition(*place, since_ms) for place in ends]
        found = self._consumer.offsets_for_times(asked, timeout=TIMEOUT)
        return {
            (one.topic, one.partition): one.offset if one.offset >= 0 else ends[one.topic, one.partition][1]
            for one in found
        }

    def _places(self) -> list[Place]:
        """Every partition of the topics there are. Raises KafkaException."""
        found = [self._consumer.list_topics(topic, TIMEOUT).topics[topic] for topic in self._topics]
        return sorted(
            (topic.topic or "", number)
            for topic in found
            if topic.error is None
            for number in topic.partitions
        )

    def _maker(self, place: Place) -> PartitionRecords:
        return PartitionRecords(self._cluster_id, *place, multi_header=self._multi_header)

    def _check(self) -> None:
        """Look whether topics were made anew, or have more partitions than before.

        A topic of another id is another topic: it is read from its start, as what is added to one is.
        """
        if self._asked and not all(answer.done() for answer in self._asked.values()):
            return
        now = {topic: topic_id(answer) for topic, answer in self._asked.items()}
        anew = {topic for topic, known in now.items() if known and self._ids.get(topic, known) != known}
        self._asked = self._cluster.ask_topic_ids(self._topics)
        try:
            added = set(self._places()) - self._records.keys()
        except KafkaException as error:
            self.error = error.args[0].str()
            return
        if anew or added:
            logger.warning("topics of %s have changed: %s", self._topics, sorted(anew or added))
            kept = {place: offset for place, offset in self._next.items() if place[0] not in anew}
            self._begin(Start(kept, oldest=True))

    def _on_loop(self, call: Callable[[], object]) -> None:
        try:
            self._loop.call_soon_threadsafe(call)
        except RuntimeError:  # the event loop has ended
            self._stopping.set()

    def _on_error(self, error: KafkaError) -> None:
        self.error = error.str()


_FETCHING: Final[LibrdkafkaConfig] = {
    # A position that is gone begins at the oldest record kept; `Beginning` said so before.
    "auto.offset.reset": "earliest",
    "fetch.wait.max.ms": 50,
    "fetch.queue.backoff.ms": 20,
    "queued.min.messages": 5_000,
    "queued.max.messages.kbytes": 8_192,
}


def _place(record: Record) -> Place:
    return record.topic() or "", record.partition() or 0
