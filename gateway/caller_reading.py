"""A stream as one caller sees it: read from the caller's own place, with the caller's variables.

The order of steps, and the crash each survives:

1. The place is held in PostgreSQL: no other process reads from it.
2. Records are read and processed; what is made of them waits for the caller's clients.
3. A client has a message, or a record made none: the place moves past it, in memory.
4. What has moved is written a moment later. A crash before that hands it over again.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import psycopg

from gateway.client_queue import ClientQueue
from gateway.position_writer import PositionWriter, Served
from gateway.positions import HeldPosition
from streams.errors import SluiceError, StreamStoppedError
from streams.kafka.progress import Progress
from streams.lint import CheckedStream
from streams.message import Message, Request
from streams.outlet import Outlet
from streams.quarantine import QuarantineSink
from streams.spec import BuildContext, StreamIdentity
from streams.stages import build_stages, run_stages
from streams.statistics import Statistics

logger = logging.getLogger(__name__)

HOLD_SECONDS: Final = 0.25
"""Between tries to hold a place that another process has."""
AWAY_SECONDS: Final = 1.0
"""How long who made room leaves the place to others, several tries long."""
IN_FLIGHT: Final = 64
"""Records whose messages may wait for the caller's clients."""


@dataclass(frozen=True, slots=True)
class PlacedMessage:
    """A record with its place."""

    partition: str
    """`topic/partition`."""
    offset: int
    message: Message


class PlacedReader(Protocol):
    """Reads topics from given places."""

    async def read(self) -> Sequence[PlacedMessage]:
        """The next records, in order by partition, waiting for one. Raises ConnectError."""

    async def close(self) -> None:
        """Read no more."""


OpenReader = Callable[[Mapping[str, int], Callable[[str, int], None]], Awaitable[PlacedReader]]
"""Begins to read. Given the offsets to read next, by partition, and whom to tell where other partitions begin."""


class CallerReading:
    """One resolved consumer group, served by this process."""

    def __init__(
        self,
        stream: CheckedStream,
        identity: StreamIdentity,
        variables: Mapping[str, str],
        open_reader: OpenReader,
        quarantine: QuarantineSink,
    ) -> None:
        """variables: the caller's, by name."""
        self.queue = ClientQueue()
        self.standing = asyncio.Event()
        """Set while the place is held."""
        self.held_at = 0.0
        """On the event loop's clock: since when."""
        self._identity = identity
        self._request = Request(variables)
        self._open_reader = open_reader
        statistics = Statistics()
        context = BuildContext(identity, {Statistics: statistics})
        processors = (*stream.input.processors, *stream.processors, *stream.output.processors)
        self._stages = build_stages(processors, context)
        sent = statistics.stage(stream.output.stage)
        output = _QueueOutput(self.queue)
        self._outlet = Outlet(
            identity, stream.output.stage, output, quarantine, sent, largest=stream.limits.message_bytes
        )
        self._progress: dict[str, Progress] = {}
        self._room = asyncio.Semaphore(IN_FLIGHT)
        self._settling: set[asyncio.Task[None]] = set()
        self._task: asyncio.Task[None] | None = None
        self._feeding: asyncio.Task[None] | None = None
        self._making_room = False

    def start(self, consumer_group: str | None, writer: PositionWriter, ended: Callable[[], None]) -> None:
        """Wait for the place, then read from it until `stop`.

        consumer_group: None where no other request can have the same; its place is not kept. ended: called as soon as
        nobody is served any more.
        """
        self._task = asyncio.create_task(self._run(consumer_group, writer))
        self._task.add_done_callback(lambda _: ended())

    async def stop(self) -> None:
        """Give the place back, with what no client has."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def make_room(self) -> None:
        """Give the place to whoever waits for it, and take it again in a moment; clients keep their readers."""
        if self._feeding is not None and self.standing.is_set():
            self._making_room = True
            self._feeding.cancel()

    async def _run(self, consumer_group: str | None, writer: PositionWriter) -> None:
        try:
            while True:
                await self._serve(consumer_group, writer)
                await asyncio.sleep(AWAY_SECONDS)
        except (SluiceError, psycopg.Error) as error:
            logger.warning("a caller of %s is served no more: %s", self._identity.stream_name, error)
        finally:
            self.queue.end()

    async def _serve(self, consumer_group: str | None, writer: PositionWriter) -> None:
        """Hold the place and read from it until there is room to be made. Raises ConnectError, psycopg.Error."""
        if consumer_group is None:
            served = Served(HeldPosition(0, 0, {}), self._lost)
        else:
            served = await self._hold(consumer_group, writer)
        self._progress = {}
        self._feeding = asyncio.create_task(self._feed(served))
        try:
            await self._feeding
        except asyncio.CancelledError:
            if not self._making_room:
                raise
        finally:
            self._making_room = False
            self.standing.clear()
            await self._give_up()
            if consumer_group is not None:
                await writer.release(served)

    async def _hold(self, consumer_group: str, writer: PositionWriter) -> Served:
        """Hold the place as soon as nobody else does. Raises psycopg.Error."""
        while True:
            served = await writer.hold(self._identity, consumer_group, self._lost)
            if served is not None:
                return served
            await asyncio.sleep(HOLD_SECONDS)

    def _lost(self) -> None:
        if self._task is not None:
            self._task.cancel()

    async def _feed(self, served: Served) -> None:
        """Read on. Raises ConnectError."""
        reader = await self._open_reader(served.held.offsets, served.move)
        self.held_at = asyncio.get_running_loop().time()
        self.standing.set()
        try:
            while True:
                await self.queue.room()
                await self._offer(served, await reader.read())
        finally:
            await reader.close()

    async def _offer(self, served: Served, records: Sequence[PlacedMessage]) -> None:
        """Process records and let the clients have what was made of each."""
        read = [self._for_caller(record.message) for record in records]
        made: dict[int, list[Message]] = {}
        for message in await run_stages(self._stages, read, grouped=False) if self._stages else read:
            made.setdefault(id(message.source), []).append(message)
        for record, message in zip(records, read, strict=True):
            progress = self._progress.setdefault(record.partition, Progress())
            progress.take(record.offset, record.offset + 1, 1)
            messages = made.get(id(message.source))
            if messages is None:
                self._settled(served, record)
                continue
            await self._room.acquire()
            task = asyncio.create_task(self._settle(served, record, message, messages))
            self._settling.add(task)
            task.add_done_callback(self._done)

    def _for_caller(self, message: Message) -> Message:
        """A message of its own: others read the same record with other variables."""
        own = message.copy()
        if own.source is not None:
            own.source = own.source._replace(request=self._request)
        return own

    async def _settle(
        self, served: Served, record: PlacedMessage, read: Message, messages: list[Message]
    ) -> None:
        """Move the place past a record when a client has what was made of it. Raises OutputError."""
        owed = await self._outlet.write([read], messages)
        if owed is None:
            self._settled(served, record)
        elif not isinstance(owed.error, StreamStoppedError):
            raise owed.error

    def _settled(self, served: Served, record: PlacedMessage) -> None:
        moved = self._progress[record.partition].finish(record.offset)
        if moved is not None:
            served.move(record.partition, moved)

    def _done(self, task: asyncio.Task[None]) -> None:
        """Go on, unless a record could not be dealt with: then nothing behind it can be moved past."""
        self._settling.discard(task)
        self._room.release()
        if not task.cancelled() and (error := task.exception()) is not None:
            logger.warning("a caller of %s is served no more: %s", self._identity.stream_name, error)
            self._lost()

    async def _give_up(self) -> None:
        """Take back what no client has taken; who is getting something has a moment to get it."""
        self.queue.withdraw()
        if self._settling:
            await asyncio.wait(self._settling, timeout=1.0)
        for task in self._settling:
            task.cancel()
        await asyncio.gather(*self._settling, return_exceptions=True)


class _QueueOutput:
    """The end of the pipeline: the queue of the caller's clients."""

    def __init__(self, queue: ClientQueue) -> None:
        self._queue = queue

    async def connect(self) -> None:
        """Nothing to reach."""

    async def write(self, messages: list[Message]) -> None:
        """Return when a client has them. Raises StreamStoppedError."""
        await self._queue.put(messages)

    async def close(self) -> None:
        """Nothing is open."""
