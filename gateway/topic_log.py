"""Topics that many callers of this process read, each from a place of its own.

One reader keeps the newest records in memory, for all who have caught up. Who is behind reads older records in
pieces, a few callers at a time, however many there are: a caller costs no client of Kafka of its own.
"""

import asyncio
from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

from gateway.caller_reading import PlacedMessage
from streams.kafka.settings import LibrdkafkaConfig
from streams.kafka.topic_reader import Beginning, Place, Run, Start, TopicReader
from streams.message import Message

KEPT_RECORDS: Final = 10_000
"""Records of one partition that are kept in memory, at most."""
KEPT_BYTES: Final = 8_000_000
"""And how large they are together."""
PIECE: Final = 250
"""Records a caller is given at a time."""
OLD_PIECE: Final = 2_000
"""Older records that are read at a time for who is behind."""
OLD_SECONDS: Final = 3.0
"""How long that may take."""
OLD_READERS: Final = 4
"""Callers that may read older records at a time."""


@dataclass(slots=True)
class _Kept:
    """The newest records of a partition, without a gap."""

    start: int
    """Every record from this offset on is here."""
    end: int
    """The offset after the last record read."""
    oldest: int
    """The oldest offset of the broker when reading began."""
    offsets: list[int] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)
    size: int = 0

    def append(self, run: Run) -> None:
        """Keep what was read, and no more than may be kept."""
        for message in run.messages:
            self.offsets.append(offset_of(message))
            self.messages.append(message)
            self.size += len(message.content)
        self.end = run.following
        while self.offsets and (len(self.offsets) > KEPT_RECORDS or self.size > KEPT_BYTES):
            self._forget(max(1, len(self.offsets) // 10))

    def _forget(self, count: int) -> None:
        self.start = self.offsets[count - 1] + 1
        self.size -= sum(len(message.content) for message in self.messages[:count])
        del self.offsets[:count], self.messages[:count]

    def after(self, offset: int) -> list[tuple[int, Message]]:
        """A piece of what comes from an offset on."""
        at = bisect_left(self.offsets, offset)
        return list(zip(self.offsets[at : at + PIECE], self.messages[at : at + PIECE], strict=True))


class TopicLog:
    """The topics of a stream as all callers of this process read them."""

    def __init__(self, connection: LibrdkafkaConfig, topics: Sequence[str], *, multi_header: bool) -> None:
        """To be made on the event loop; `start` it once."""
        self.kept: dict[Place, _Kept] = {}
        self.readers = 0
        """Callers that read it."""
        self._connection = connection
        self._topics = tuple(topics)
        self._multi_header = multi_header
        self._ids: Mapping[str, str] = {}
        self._catching_up = asyncio.Semaphore(OLD_READERS)
        self._changed = asyncio.Event()
        self._tail = TopicReader(connection, self._topics, Start({}), self, multi_header=multi_header)

    def start(self) -> None:
        """Begin to read at the end."""
        self._tail.start()

    async def stop(self) -> None:
        """Read no more."""
        await self._tail.stop()

    def began(self, beginning: Beginning) -> None:
        """What is kept begins here; a topic made anew begins again."""
        for place, offset in beginning.offsets.items():
            known = self.kept.get(place)
            same = self._ids.get(place[0], "") == beginning.topic_ids.get(place[0], "")
            if known is None or not same or offset != known.end:
                self.kept[place] = _Kept(offset, offset, beginning.oldest[place])
        self._ids = beginning.topic_ids
        self._tell()

    async def arrived(self, runs: Sequence[Run]) -> None:
        """Keep what was read."""
        for run in runs:
            if (kept := self.kept.get(run.place)) is not None:
                kept.append(run)
        self._tell()

    @property
    def changed(self) -> asyncio.Event:
        """Set once there is more than now."""
        return self._changed

    def name(self, place: Place) -> str:
        """What a partition is called in a position: a topic made anew is another one."""
        topic, number = place
        return f"{topic}/{number}/{self._ids.get(topic, '')}"

    async def older(self, offsets: Mapping[Place, int]) -> list[Run]:
        """A piece of the records from these offsets on, which are not kept in memory.

        It begins with an empty run of each partition, whose end is the oldest offset that the broker still has.
        """
        async with self._catching_up:
            piece = _Piece({place: self.kept[place].start for place in offsets})
            start = Start(dict(offsets))
            reader = TopicReader(
                self._connection, self._topics, start, piece, multi_header=self._multi_header
            )
            reader.start()
            try:
                with suppress(TimeoutError):
                    async with asyncio.timeout(OLD_SECONDS):
                        await piece.full.wait()
            finally:
                await reader.stop()
        return piece.runs

    def _tell(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()


class _Piece:
    """Older records, as they come."""

    def __init__(self, ends: Mapping[Place, int]) -> None:
        """ends: where each partition need be read no further."""
        self.full = asyncio.Event()
        self.runs: list[Run] = []
        self._left = dict(ends)
        self._count = 0

    def began(self, beginning: Beginning) -> None:
        """Note that what is before this is gone."""
        self._take([Run(place, [], offset) for place, offset in beginning.offsets.items()])

    async def arrived(self, runs: Sequence[Run]) -> None:
        """Keep records until the piece is large enough."""
        if not self.full.is_set():
            self._take(runs)

    def _take(self, runs: Sequence[Run]) -> None:
        self.runs += runs
        for run in runs:
            self._count += len(run.messages)
            if run.following >= self._left.get(run.place, run.following + 1):
                del self._left[run.place]
        if not self._left or self._count >= OLD_PIECE:
            self.full.set()


class LogCursor:
    """One caller's place in the log (`gateway.caller_reading.PlacedReader`)."""

    def __init__(
        self,
        log: TopicLog,
        offsets: Mapping[str, int],
        begun: Callable[[str, int], None],
        *,
        from_oldest: bool,
    ) -> None:
        """offsets: to be read next, by the names of partitions; others begin at the oldest record, or at the end.

        begun: called with the name and first offset of those others.
        """
        self._log = log
        self._log.readers += 1
        self._next = dict(offsets)
        self._begun = begun
        self._from_oldest = from_oldest

    async def read(self) -> Sequence[PlacedMessage]:
        """The next records, waiting for one."""
        while True:
            changed = self._log.changed
            self._begin()
            behind = self._behind()
            records = self._of_runs(behind, await self._log.older(behind)) if behind else self._newest()
            if records:
                return records
            if not behind:
                await changed.wait()

    async def close(self) -> None:
        """The log has a reader less."""
        self._log.readers -= 1

    def _begin(self) -> None:
        """Give each partition that has none its first offset."""
        for place, kept in self._log.kept.items():
            name = self._log.name(place)
            if name not in self._next:
                self._next[name] = kept.oldest if self._from_oldest else kept.end
                self._begun(name, self._next[name])

    def _behind(self) -> dict[Place, int]:
        following = {place: self._next[self._log.name(place)] for place in self._log.kept}
        return {place: offset for place, offset in following.items() if offset < self._log.kept[place].start}

    def _of_runs(self, behind: Mapping[Place, int], runs: Sequence[Run]) -> list[PlacedMessage]:
        records: list[PlacedMessage] = []
        for run in runs:
            if run.place in behind:
                name = self._log.name(run.place)
                placed = [(offset_of(message), message) for message in run.messages]
                records += [PlacedMessage(name, *one) for one in placed if one[0] >= self._next[name]]
                self._next[name] = max(self._next[name], run.following)
        return records

    def _newest(self) -> list[PlacedMessage]:
        records: list[PlacedMessage] = []
        for place, kept in self._log.kept.items():
            name = self._log.name(place)
            piece = kept.after(self._next[name])
            records += [PlacedMessage(name, *one) for one in piece]
            if piece:
                self._next[name] = piece[-1][0] + 1
        return records


def offset_of(message: Message) -> int:
    """The offset of a record, as the reader of its topic gives it."""
    return int(message.metadata["kafka_offset"])
