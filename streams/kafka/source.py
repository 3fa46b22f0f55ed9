"""The `kafka` input at work: batches of one partition each, and the offsets that may be committed."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import replace
from functools import partial
from typing import Final

from confluent_kafka import Message as Record

from streams.errors import ConnectError, StreamStoppedError
from streams.kafka.cluster import Cluster
from streams.kafka.consumer import ConsumerThread, Subscription
from streams.kafka.partition import Partition
from streams.kafka.settings import LibrdkafkaConfig
from streams.spec import Batch
from streams.statistics import SourceStatus

MAX_BATCH: Final = 250
"""Records in one batch: enough to share a transaction, few enough to give others their turn."""


class KafkaSource:
    """Reads topics as a member of a consumer group."""

    largest_batch: int = MAX_BATCH

    def __init__(
        self,
        connection: LibrdkafkaConfig,
        config: LibrdkafkaConfig,
        subscription: Subscription,
        *,
        checkpoint_limit: int,
        replay: bool,
    ) -> None:
        """checkpoint_limit: messages of one partition that may be in flight. replay: offer rejected ones again."""
        self._connection = connection
        self._config = config
        self._subscription = subscription
        self._limit = checkpoint_limit
        self._replay = replay
        self._consumer: ConsumerThread | None = None
        self._partitions: dict[tuple[str, int], Partition] = {}
        self._ready: deque[Partition] = deque()
        self._offered = asyncio.Event()
        self._failure = ""
        self._leaving: list[tuple[Sequence[Partition], Future[None]]] = []

    async def connect(self) -> None:
        """Join the group. Raises ConnectError when no broker answers."""
        cluster = Cluster(self._connection)
        cluster_id = await asyncio.to_thread(cluster.cluster_id)
        subscription = replace(self._subscription, cluster_id=cluster_id)
        self._consumer = ConsumerThread(self._config, cluster, subscription, self)
        self._consumer.start()

    async def read(self) -> Batch:
        """Return the next records of one partition, the partitions taking turns. Raises ConnectError."""
        while True:
            if self._failure:
                raise ConnectError(self._failure)
            for _ in range(len(self._ready)):
                partition = self._ready.popleft()
                if not partition.waiting:
                    continue
                self._ready.append(partition)
                room = self._limit - partition.in_flight
                if room > 0:
                    return self._batch(partition, min(room, self.largest_batch))
            self._offered.clear()
            await self._offered.wait()

    async def close(self) -> None:
        """Commit what is dealt with and leave the group."""
        if self._consumer is not None:
            await self._consumer.stop()

    def status(self) -> SourceStatus:
        """What this process reads, and how far behind it is."""
        topics: dict[str, list[int]] = {}
        for topic, number in sorted(self._partitions):
            topics.setdefault(topic, []).append(number)
        lags = [partition.lag for partition in self._partitions.values()]
        known = [lag for lag in lags if lag is not None]
        error = self._consumer.error if self._consumer is not None else ""
        return SourceStatus(topics, sum(known) if known and len(known) == len(lags) else None, error)

    def assigned(self, partitions: Sequence[Partition]) -> None:
        """Read these from now on."""
        self._partitions |= {partition.key: partition for partition in partitions}

    def revoked(self, partitions: Sequence[Partition]) -> Future[None]:
        """Begin nothing more of these. Returns a future of when nothing of them is in flight."""
        for partition in partitions:
            self._partitions.pop(partition.key, None)
            partition.discard()
        quiet: Future[None] = Future()
        self._leaving.append((partitions, quiet))
        self._tell_leaving()
        return quiet

    def arrived(self, partition: Partition, records: Sequence[Record]) -> None:
        """Keep records until they are read."""
        if not partition.waiting:
            self._ready.append(partition)
        for record in records:
            partition.arrive(record)
        self._offered.set()

    def failed(self, error: str) -> None:
        """The consumer has ended; the stream begins anew."""
        self._failure = error
        self._offered.set()

    def _batch(self, partition: Partition, most: int) -> Batch:
        first, messages = partition.take(most)
        if self._consumer is not None:
            self._consumer.made_room()
        return Batch(
            messages, partial(self._settle, partition, first), replay=self._replay, lane=partition.key
        )

    async def _settle(self, partition: Partition, first: int, error: Exception | None) -> None:
        """A batch is dealt with, unless its stream was stopped: then the group's next reader has it again."""
        if isinstance(error, StreamStoppedError):
            partition.give_back(first)
        else:
            offset = partition.finish(first)
            if offset is not None and self._consumer is not None:
                self._consumer.store(partition, offset)
        self._offered.set()
        if self._leaving:
            self._tell_leaving()

    def _tell_leaving(self) -> None:
        for entry in list(self._leaving):
            partitions, quiet = entry
            if all(partition.in_flight == 0 for partition in partitions):
                self._leaving.remove(entry)
                if not quiet.done():
                    quiet.set_result(None)
