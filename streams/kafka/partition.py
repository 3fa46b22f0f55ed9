"""One partition as this process reads it, from its assignment to its revocation."""

from __future__ import annotations

from collections import deque

from confluent_kafka import Message as Record

from streams.kafka.progress import Progress
from streams.kafka.records import PartitionRecords
from streams.message import Message


class Partition:
    """Records waiting for the stream, and how far they are dealt with.

    The event loop owns it. The consumer's thread only reads `waiting` and sets `paused`.
    """

    def __init__(self, topic: str, number: int, records: PartitionRecords, topic_id: str) -> None:
        self.topic = topic
        self.number = number
        self.topic_id = topic_id
        self.paused = False
        """The broker is not asked for more; set and unset by the consumer's thread."""
        self.current = True
        """False once its offsets may not be committed: it was revoked, or its topic made anew."""
        self.revoked = False
        """Nothing of it may be begun any more."""
        self.high_watermark = -1
        """The offset after the last record, as far as known."""
        self.position = -1
        """The offset after the last record handed to the stream."""
        self._records = records
        self._buffer: deque[Record] = deque()
        self._progress = Progress()

    @property
    def key(self) -> tuple[str, int]:
        """Topic and number."""
        return self.topic, self.number

    @property
    def waiting(self) -> int:
        """Records not yet taken."""
        return len(self._buffer)

    @property
    def in_flight(self) -> int:
        """Messages taken and not dealt with."""
        return self._progress.in_flight

    @property
    def lag(self) -> int | None:
        """Records the stream has not read; None while unknown."""
        if self.high_watermark < 0 or self.position < 0:
            return None
        # Some brokers tell a high watermark that is late, so what was read counts too.
        return max(0, self.high_watermark - self.position)

    def arrive(self, record: Record) -> None:
        """Keep a record for the stream, unless another process reads the partition now."""
        if not self.revoked:
            self._buffer.append(record)

    def take(self, most: int) -> tuple[int, list[Message]]:
        """Take up to `most` records as messages. Returns the first offset, which names the batch."""
        records = [self._buffer.popleft() for _ in range(min(most, len(self._buffer)))]
        first, following = _offset(records[0]), _offset(records[-1]) + 1
        self._progress.take(first, following, len(records))
        self.position = following
        self.high_watermark = max(self.high_watermark, following)
        return first, self._records.messages(records, self.high_watermark)

    def finish(self, first: int) -> int | None:
        """Note that a batch is dealt with. Returns the offset to store, if it moved and still means something."""
        moved = self._progress.finish(first)
        return moved if self.current else None

    def give_back(self, first: int) -> None:
        """Note that the stream stopped before a batch was dealt with."""
        self._progress.give_back(first)

    def discard(self) -> None:
        """Forget what waits: another process reads it now. What is in flight may still finish."""
        self.revoked = True
        self._buffer.clear()


def _offset(record: Record) -> int:
    return record.offset() or 0
