"""The newest records of a topic, whatever partitions they come from."""

from __future__ import annotations

from heapq import heappop, heappush
from operator import itemgetter

from confluent_kafka import TIMESTAMP_NOT_AVAILABLE
from confluent_kafka import Message as Record


class NewestRecords:
    """Keeps the newest of the records it is given, in no more than so many bytes."""

    def __init__(self, count: int, most_bytes: int | None = None) -> None:
        """most_bytes: of values; None: any number."""
        self.is_cut = False
        self._count = count
        self._most_bytes = most_bytes
        self._bytes = 0
        self._kept: list[tuple[tuple[float, int, int], Record]] = []

    def add(self, record: Record) -> None:
        """Keep a record, unless newer ones leave no room."""
        heappush(self._kept, (_moment(record), record))
        self._bytes += len(record)
        while len(self._kept) > self._count:
            self._let_go()
        while self._most_bytes is not None and self._bytes > self._most_bytes and len(self._kept) > 1:
            self.is_cut = True
            self._let_go()

    def records(self) -> list[Record]:
        """What was kept, the oldest first."""
        return [record for _, record in sorted(self._kept, key=itemgetter(0))]

    def _let_go(self) -> None:
        self._bytes -= len(heappop(self._kept)[1])


def _moment(record: Record) -> tuple[float, int, int]:
    """What puts records in order, across partitions."""
    kind, milliseconds = record.timestamp()
    known = kind != TIMESTAMP_NOT_AVAILABLE
    return float(milliseconds) if known else 0.0, record.partition() or 0, record.offset() or 0
