"""A member of a consumer group on a thread of its own, handing records to the event loop.

librdkafka's calls block, so a thread makes them; everything the stream decides happens on the event loop. What
crosses over: records and assignments by `call_soon_threadsafe`, room in the buffer by an event, finished offsets
by a queue.
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
from queue import SimpleQueue
from typing import Any, Final, Protocol

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, TopicPartition
from confluent_kafka import Message as Record

from streams.kafka.cluster import Cluster, topic_id
from streams.kafka.partition import Partition
from streams.kafka.records import PartitionRecords
from streams.kafka.settings import LibrdkafkaConfig

logger = logging.getLogger(__name__)

_POLL: Final = 0.1
"""Seconds the thread waits for a record before it looks at what else there is to do."""
_STUCK: Final = 1.0
"""Seconds without room after which the partitions that wait are paused, so that others go on."""
_CHECK: Final = 2.0
"""Seconds between looks at the cluster: watermarks, topics made anew, whether it is there again."""
_SETTLE: Final = 8.0
"""Seconds the group may take to settle before a member leaves that has only just come. Tansu never settles a group
again that somebody left before."""
_GRACE: Final = 2.0
"""Seconds that a revoked partition may take to finish what it has in flight."""


class Listener(Protocol):
    """Who gets the records; called on the event loop only."""

    def assigned(self, partitions: Sequence[Partition]) -> None:
        """These partitions are read from now on."""

    def revoked(self, partitions: Sequence[Partition]) -> Future[None]:
        """Nothing of these may be begun any more. Returns a future of when nothing of them is in flight."""

    def arrived(self, partition: Partition, records: Sequence[Record]) -> None:
        """Records of a partition, in order."""

    def failed(self, error: str) -> None:
        """The thread has ended, though nobody stopped it."""


@dataclass(frozen=True, slots=True)
class Subscription:
    """What to read, and how."""

    topics: tuple[str, ...]
    from_oldest: bool
    """Where a group begins that has no offset for a partition."""
    buffer: int
    """Records that may wait for the stream."""
    multi_header: bool
    cluster_id: str = ""


class ConsumerThread:
    """Reads a subscription until it is stopped."""

    def __init__(
        self,
        config: LibrdkafkaConfig,
        cluster: Cluster,
        subscription: Subscription,
        listener: Listener,
    ) -> None:
        """To be made on the event loop that the listener lives on."""
        self.error = ""
        """Why nothing can be read at present; empty when it can."""
        self._subscription = subscription
        self._cluster = cluster
        self._listener = listener
        self._loop = asyncio.get_running_loop()
        self._stopping = threading.Event()
        self._room = threading.Event()
        self._finished: SimpleQueue[tuple[Partition, int]] = SimpleQueue()
        self._partitions: Mapping[tuple[str, int], Partition] = {}
        """What is assigned. Replaced, never changed, so that records on their way find what they belong to."""
        self._settled = False
        """The group has told this member what it reads."""
        self._handed = 0
        self._arrived = 0
        self._checked = time.monotonic()
        self._asked: dict[str, Future[Any]] = {}
        self._consumer = Consumer(config | {"error_cb": self._on_error})
        self._thread = threading.Thread(target=self._run, name=f"kafka {subscription.topics[0]}", daemon=True)

    def start(self) -> None:
        """Join the group."""
        self._thread.start()

    async def stop(self) -> None:
        """Commit what is finished and leave the group."""
        self._stopping.set()
        self._room.set()
        await asyncio.to_thread(self._thread.join)

    def made_room(self) -> None:
        """The stream has taken records; called on the event loop."""
        self._room.set()

    def store(self, partition: Partition, offset: int) -> None:
        """Note the offset to commit next for a partition; called on the event loop."""
        self._finished.put((partition, offset))

    def _store_finished(self) -> None:
        """Give librdkafka the offsets to commit. Its own locks forbid doing so while the thread polls."""
        newest: dict[Partition, int] = {}
        while not self._finished.empty():
            partition, offset = self._finished.get()
            newest[partition] = offset
        for partition, offset in newest.items():
            place = TopicPartition(partition.topic, partition.number, offset, metadata=partition.topic_id)
            try:
                if partition.current:
                    self._consumer.store_offsets(offsets=[place])
            except KafkaException:
                # Lost a moment ago: whoever reads the partition next reads these records again.
                partition.current = False

    def _run(self) -> None:
        try:
            self._consumer.subscribe(
                list(self._subscription.topics),
                on_assign=self._on_assign,
                on_revoke=self._on_revoke,
                on_lost=self._on_lost,
            )
            while not self._stopping.is_set():
                self._turn()
        except Exception as error:
            logger.exception("the consumer of %s failed", ", ".join(self._subscription.topics))
            self.error = str(error)
            self._on_loop(partial(self._listener.failed, str(error)))
        finally:
            self._store_finished()
            self._let_settle()
            self._consumer.close()

    def _let_settle(self) -> None:
        """Leave no group that is still taking this member in."""
        until = time.monotonic() + _SETTLE
        while not (self._settled or self.error) and time.monotonic() < until:
            self._consumer.poll(_POLL)

    def _turn(self) -> None:
        self._store_finished()
        self._resume_drained()
        if self._has_room() or self._room.wait(_STUCK):
            self._fetch()
        else:
            self._pause_stuck()
            self._fetch()
        if time.monotonic() - self._checked > _CHECK:
            self._checked = time.monotonic()
            self._check()

    def _has_room(self) -> bool:
        self._room.clear()
        waiting = sum(partition.waiting for partition in self._partitions.values() if not partition.paused)
        return waiting + self._handed - self._arrived < self._subscription.buffer

    def _fetch(self) -> None:
        """Hand over what there is, waiting for the first record only."""
        first = self._consumer.poll(_POLL)
        if first is None:
            return
        records = [first, *self._consumer.consume(self._subscription.buffer - 1, 0)]
        good = [record for record in records if record.error() is None]
        for record in records if len(good) < len(records) else ():
            if (error := record.error()) is not None:
                self._on_error(error)
        if good:
            self.error = ""
            self._handed += len(good)
            self._on_loop(partial(self._hand_over, good, self._partitions))

    def _hand_over(self, records: list[Record], partitions: Mapping[tuple[str, int], Partition]) -> None:
        """On the event loop: pass records on by partition; fetches come in runs of one partition."""
        self._arrived += len(records)
        for key, run in groupby(records, lambda record: (record.topic(), record.partition())):
            partition = partitions.get(key)
            if partition is not None:
                self._listener.arrived(partition, list(run))

    def _pause_stuck(self) -> None:
        """Ask for no more of the partitions whose records wait, and go on with the others."""
        stuck = [each for each in self._partitions.values() if each.waiting and not each.paused]
        for partition in stuck:
            partition.paused = True
        self._consumer.pause([TopicPartition(*partition.key) for partition in stuck])

    def _resume_drained(self) -> None:
        drained = [each for each in self._partitions.values() if each.paused and not each.waiting]
        for partition in drained:
            partition.paused = False
        if drained:
            self._consumer.resume([TopicPartition(*partition.key) for partition in drained])

    def _check(self) -> None:
        for partition in list(self._partitions.values()):
            _, high = self._consumer.get_watermark_offsets(TopicPartition(*partition.key), cached=True)
            partition.high_watermark = max(partition.high_watermark, high)
        if self.error and self._cluster.reachable() and self._partitions:
            self.error = ""
        self._look_for_topics_made_anew()

    def _look_for_topics_made_anew(self) -> None:
        """Begin a topic at its start when its id says that it is another one than before.

        librdkafka goes on from the old offset; once the new topic has grown past that, records would be skipped.
        """
        if self._asked and not all(answer.done() for answer in self._asked.values()):
            return
        anew = {topic: topic_id(answer) for topic, answer in self._asked.items()}
        for partition in list(self._partitions.values()):
            known, now = partition.topic_id, anew.get(partition.topic, "")
            if now and known and now != known:
                self._begin_again(partition, now)
        topics = sorted({partition.topic for partition in self._partitions.values()})
        self._asked = self._cluster.ask_topic_ids(topics) if topics else {}

    def _begin_again(self, old: Partition, new_id: str) -> None:
        logger.warning("topic %s was made anew: reading partition %s from its start", old.topic, old.number)
        partition = self._partition(old.topic, old.number, new_id)
        old.current = False
        self._partitions = {**self._partitions, partition.key: partition}
        self._on_loop(partial(self._listener.assigned, [partition]))
        self._consumer.seek(TopicPartition(old.topic, old.number, OFFSET_BEGINNING))

    def _on_assign(self, consumer: Consumer, places: list[TopicPartition]) -> None:
        self._settled = True
        ids = self._cluster.topic_ids(sorted({place.topic for place in places}))
        added: list[Partition] = []
        for place in self._starting_places(consumer, places, ids):
            partition = self._partition(place.topic, place.partition, ids.get(place.topic, ""))
            partition.position = max(place.offset, 0)
            added.append(partition)
        self._partitions = {**self._partitions, **{partition.key: partition for partition in added}}
        self._on_loop(partial(self._listener.assigned, added))
        self.error = ""

    def _starting_places(
        self, consumer: Consumer, places: list[TopicPartition], ids: dict[str, str]
    ) -> list[TopicPartition]:
        """Assign the partitions, each at the place to begin from, and return those places."""
        if not places:
            consumer.incremental_assign(places)
            return places
        try:
            committed = consumer.committed(places, timeout=_CHECK * 5)
        except KafkaException as error:
            # librdkafka will ask again by itself, and begin at the oldest record where nothing is committed.
            logger.warning("offsets of %s could not be read: %s", self._subscription.topics, error)
            consumer.incremental_assign(places)
            return places
        starts = [self._start(consumer, place, ids.get(place.topic, "")) for place in committed]
        consumer.incremental_assign(starts)
        begun = [start for start in starts if start.offset >= 0]
        # Written down even where nothing is read yet: a restart goes on from here and skips nothing.
        consumer.store_offsets(offsets=[_with_id(start, ids) for start in begun])
        return starts

    def _start(self, consumer: Consumer, committed: TopicPartition, now: str) -> TopicPartition:
        start = TopicPartition(committed.topic, committed.partition, committed.offset)
        if committed.offset < 0:
            start.offset = OFFSET_BEGINNING if self._subscription.from_oldest else _end(consumer, start)
        elif committed.metadata and now and committed.metadata != now:
            # The offset was committed for a topic of this name that is gone.
            start.offset = OFFSET_BEGINNING
        return start

    def _on_revoke(self, _consumer: Consumer, places: list[TopicPartition]) -> None:
        """Let what is in flight finish: its offsets are committed once this returns, and nobody repeats it."""
        leaving = self._leave(places)
        done: Future[None] = Future()

        def ask() -> None:
            self._listener.revoked(leaving).add_done_callback(lambda _: done.set_result(None))

        if self._on_loop(ask):
            try:
                done.result(_GRACE)
            except TimeoutError:
                logger.info("%s: partitions are given up with records in flight", self._subscription.topics)
        self._store_finished()
        for partition in leaving:
            partition.current = False

    def _on_lost(self, _consumer: Consumer, places: list[TopicPartition]) -> None:
        """Another member may read them already; nothing can be committed any more."""
        leaving = self._leave(places)
        for partition in leaving:
            partition.current = False
        self._on_loop(partial(self._listener.revoked, leaving))

    def _leave(self, places: list[TopicPartition]) -> list[Partition]:
        keys = {(place.topic, place.partition) for place in places}
        leaving = [partition for key, partition in self._partitions.items() if key in keys]
        self._partitions = {key: kept for key, kept in self._partitions.items() if key not in keys}
        return leaving

    def _partition(self, topic: str, number: int, known_id: str) -> Partition:
        records = PartitionRecords(
            self._subscription.cluster_id, topic, number, multi_header=self._subscription.multi_header
        )
        return Partition(topic, number, records, known_id)

    def _on_loop(self, call: Callable[[], object]) -> bool:
        """Have something called on the event loop; False when that has ended."""
        try:
            self._loop.call_soon_threadsafe(call)
        except RuntimeError:
            return False
        return True

    def _on_error(self, error: KafkaError) -> None:
        self.error = error.str()
        logger.info("kafka %s: %s", ", ".join(self._subscription.topics), self.error)


def _with_id(place: TopicPartition, ids: dict[str, str]) -> TopicPartition:
    known = ids.get(place.topic, "")
    return TopicPartition(place.topic, place.partition, place.offset, metadata=known)


def _end(consumer: Consumer, place: TopicPartition) -> int:
    """The end of a partition as a number, so that it is what a restart before the first record goes on from."""
    _, high = consumer.get_watermark_offsets(place, timeout=_CHECK * 5)
    return int(high)
