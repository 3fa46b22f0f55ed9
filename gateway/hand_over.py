"""A stream as a gateway process runs it for clients who share its messages: a consumer group in, a queue out.

It is the stream's own pipeline with other ends: the input reads one record a batch, so that each is committed by
itself, and the output waits until a client has what was made of it.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Final

from gateway.client_queue import ClientQueue
from gateway.internal_topic import InternalTopics, from_record, internal_input, topic_name
from gateway.reading import Reading, plan_reading
from streams.connections import Connections
from streams.errors import StreamStoppedError
from streams.inputs.kafka import brokers_of, make_source
from streams.kafka.partition import Partition
from streams.kafka.source import KafkaSource
from streams.lint import CheckedStream
from streams.message import Message
from streams.spec import Batch, BuildContext, Component, ComponentSpec, Config, Kind, StreamIdentity
from streams.statistics import Statistics
from streams.stopping import StopSignal
from streams.supervisor import Key

IN_FLIGHT: Final = 1024
"""Records that may be on their way to clients at a time: many more than slow clients hold."""
FINISH_SECONDS: Final = 2.0
"""How long a client may take to get what it has begun to receive, once the stream is left."""


@dataclass(eq=False, slots=True)
class Seat:
    """This process's place in the consumer group of a stream."""

    queue: ClientQueue = field(default_factory=ClientQueue)
    reached: bool = False
    """A broker has answered."""
    standing: asyncio.Event = field(default_factory=asyncio.Event)
    """Set once the group has told what this process reads, be it nothing."""
    partitions: frozenset[tuple[str, int]] = frozenset()
    """Topic and number of what it reads."""
    changed_at: float = 0.0
    """On the event loop's clock: since when it reads just that."""

    source: object = None
    """Who reads for it now; a predecessor may still be leaving."""

    def read(self, source: object, partitions: frozenset[tuple[str, int]]) -> None:
        """Note what a source reads from now on."""
        if source is not self.source:
            return
        if partitions != self.partitions or not self.standing.is_set():
            self.changed_at = asyncio.get_running_loop().time()
        self.partitions = partitions


@dataclass(frozen=True, slots=True)
class Seats:
    """The seats of this process; components of its pipelines get them as a service."""

    taken: Mapping[Key, Seat]

    def of(self, stream: StreamIdentity) -> Seat:
        """The seat a pipeline is run for. Raises KeyError."""
        return self.taken[stream.definition_id, stream.stream_name]


class SeatSource(KafkaSource):
    """Reads as a member of the group and keeps the seat up to date."""

    largest_batch = 1

    def __init__(self, seat: Seat, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._seat = seat

    async def connect(self) -> None:
        """Join the group. Raises ConnectError."""
        self._seat.source = self
        await super().connect()
        self._seat.reached = True

    async def read(self) -> Batch:
        """Return the next record, once clients have left room for it. Raises ConnectError."""
        await self._seat.queue.room()
        return await super().read()

    async def close(self) -> None:
        """Leave the group."""
        await super().close()
        self._seat.read(self, frozenset())

    def assigned(self, partitions: Sequence[Partition]) -> None:
        """Read these from now on: the group has settled."""
        super().assigned(partitions)
        self._seat.read(self, self._seat.partitions | {partition.key for partition in partitions})
        self._seat.standing.set()

    def revoked(self, partitions: Sequence[Partition]) -> Future[None]:
        """Give back what no client has of these; what a client is getting may still finish."""
        self._seat.read(self, self._seat.partitions - {partition.key for partition in partitions})
        self._seat.queue.withdraw({f"{topic}/{number}" for topic, number in (one.key for one in partitions)})
        return super().revoked(partitions)


class InternalSource(SeatSource):
    """The same for an internal topic, which is made where it is missing."""

    def __init__(self, make_topic: Callable[[], None], *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._make_topic = make_topic

    async def connect(self) -> None:
        """Make the topic and join the group. Raises ConnectError."""
        await asyncio.to_thread(self._make_topic)
        await super().connect()


class HandOver:
    """An output whose messages are taken when a client has them."""

    def __init__(self, queue: ClientQueue, stopping: StopSignal, *, internal: bool) -> None:
        """internal: the messages are records of an internal topic."""
        self._queue = queue
        self._stopping = stopping
        self._internal = internal
        self._withdrawing: asyncio.Task[None] | None = None

    async def connect(self) -> None:
        """Get ready to give everything back when the stream is left."""
        self._withdrawing = asyncio.create_task(self._withdraw())

    async def write(self, messages: list[Message]) -> None:
        """Return when a client has all. Raises StreamStoppedError when they are given back."""
        if self._stopping.is_set():
            raise StreamStoppedError("the stream is left")
        source = messages[0].source
        origin = source.position.rpartition("@")[0] if source is not None else ""
        made = [from_record(message) for message in messages] if self._internal else messages
        await self._queue.put(made, origin)

    async def close(self) -> None:
        """Nothing is open."""
        if self._withdrawing is not None:
            self._withdrawing.cancel()

    async def _withdraw(self) -> None:
        await self._stopping.wait()
        self._queue.withdraw()


def handed_over(stream: CheckedStream, identity: StreamIdentity, topics: InternalTopics) -> CheckedStream:
    """The stream to run in a gateway process for the clients of another."""
    if plan_reading(stream) is Reading.INTERNAL:
        reading = replace(internal_input(topics, identity), spec=_INTERNAL)
        output = Component(_HAND_OVER, {"internal": True}, stream.output.pointer)
        made = CheckedStream(stream.name, reading, (), output)
    else:
        reading = replace(stream.input, spec=_REPLAYED)
        output = replace(stream.output, spec=_HAND_OVER, config={"internal": False})
        made = replace(stream, input=reading, output=output)
    return replace(made, in_flight=IN_FLIGHT, shutdown_timeout=FINISH_SECONDS)


def _build_replayed(config: Config, context: BuildContext) -> KafkaSource:
    settings = brokers_of(config, context.service(Connections))
    seat = context.service(Seats).of(context.stream)
    return _counted(make_source(config, settings, partial(SeatSource, seat)), context)


def _build_internal(config: Config, context: BuildContext) -> KafkaSource:
    topics = context.service(InternalTopics)
    settings = topics.connection(context.service(Connections))
    seat = context.service(Seats).of(context.stream)
    topic = topic_name(context.stream.definition_id, context.stream.stream_name)
    make_topic = partial(topics.make_topic, settings, topic)
    return _counted(make_source(config, settings, partial(InternalSource, make_topic, seat)), context)


def _counted(source: KafkaSource, context: BuildContext) -> KafkaSource:
    context.service(Statistics).sources.append(source.status)
    return source


def _build_hand_over(config: Config, context: BuildContext) -> HandOver:
    queue = context.service(Seats).of(context.stream).queue
    return HandOver(queue, context.service(StopSignal), internal=config["internal"])


_REPLAYED: Final = ComponentSpec(Kind.INPUT, "kafka", "Reads for clients.", _build_replayed)
_INTERNAL: Final = ComponentSpec(
    Kind.INPUT, "internal_topic", "Reads an internal topic for clients.", _build_internal
)
_HAND_OVER: Final = ComponentSpec(Kind.OUTPUT, "hand_over", "Gives messages to clients.", _build_hand_over)
