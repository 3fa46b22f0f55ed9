"""A stream's messages as every gateway process makes them for itself: its topics, read whole, and its processors.

A stream that cannot be replayed is read from its internal topic, whose records are the messages.
"""

import asyncio
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from gateway.cursor import Next
from gateway.internal_topic import InternalTopics, topic_name
from gateway.message_log import Entry, Stretch
from gateway.reading import Reading, plan_reading
from streams.connections import Connections, ConnectionSettings
from streams.inputs.kafka import brokers_of, topic_names
from streams.kafka.settings import connection_config
from streams.kafka.topic_reader import Listener, Run, Start, TopicReader
from streams.message import Message
from streams.outlet import Outlet
from streams.quarantine import QuarantineSink
from streams.spec import BuildContext
from streams.stages import build_stages, run_stages
from streams.statistics import Statistics
from streams.stopping import StopSignal
from streams.supervisor import ActiveStream

logger = logging.getLogger(__name__)

_RETRY_SECONDS: Final = 1.0
_CLIENT: Final = "sluice"


@dataclass(frozen=True, slots=True)
class ReadTopics:
    """What is read for a stream."""

    settings: ConnectionSettings
    topics: tuple[str, ...]
    multi_header: bool = False


class StreamReader:
    """Reads a stream's topics, and makes its messages of their records."""

    def __init__(self, active: ActiveStream, internal: InternalTopics, quarantine: QuarantineSink) -> None:
        """Raises ConfigError and UnknownConnectionError where the organization may not read them now."""
        self.active = active
        self.internal = plan_reading(active.stream) is Reading.INTERNAL
        self.read = _internal_topics(active, internal) if self.internal else _own_topics(active)
        self._topics = internal
        stream, identity = active.stream, active.identity
        services: dict[type, object] = {
            Connections: active.connections,
            Statistics: Statistics(),
            StopSignal: StopSignal(),
        }
        components = (*stream.input.processors, *stream.processors, *stream.output.processors)
        context = BuildContext(identity, services)
        self._stages = () if self.internal else build_stages(components, context)
        self._kept = _Kept()
        counts = context.service(Statistics).stage(stream.output.stage)
        self._outlet = Outlet(
            identity, stream.output.stage, self._kept, quarantine, counts, largest=stream.limits.message_bytes
        )

    @property
    def topics(self) -> tuple[str, ...]:
        """The topics it reads."""
        return self.read.topics

    async def open(self, start: Start, listener: Listener) -> TopicReader:
        """Begin to read; an internal topic is made where it is missing. Raises ConnectError."""
        if self.internal:
            await asyncio.to_thread(self._topics.make_topic, self.read.settings, self.topics[0])
        connection = connection_config(self.read.settings, _CLIENT)
        reader = TopicReader(connection, self.topics, start, listener, multi_header=self.read.multi_header)
        reader.start()
        return reader

    async def stretch(self, run: Run) -> Stretch:
        """Make the messages of records of one partition; waits while those that failed cannot be put away."""
        following = Next(run.following)
        if not self._stages:
            entries = (Entry(run.place, Next(_offset(one) + 1), one.content) for one in run.messages)
            return Stretch(run.place, tuple(entries), following)
        processed = await run_stages(self._stages, run.messages, grouped=False)
        self._kept.messages = []
        while (owed := await self._outlet.write(run.messages, processed)) is not None:
            logger.warning("stream %s: %s", self.active.identity.stream_name, owed.error)
            await asyncio.sleep(_RETRY_SECONDS)
        return Stretch(run.place, tuple(_entries(run, self._kept.messages)), following)


class _Kept:
    """An output that keeps what it is given."""

    def __init__(self) -> None:
        self.messages: list[Message] = []

    async def connect(self) -> None:
        """Nothing to reach."""

    async def write(self, messages: list[Message]) -> None:
        """Keep them."""
        self.messages = messages

    async def close(self) -> None:
        """Nothing is open."""


def _entries(run: Run, messages: Sequence[Message]) -> Iterator[Entry]:
    """Messages with their positions: behind the last one made of a record lies the next record."""
    offsets = [_offset(message) for message in messages]
    for at, (offset, message) in enumerate(zip(offsets, messages, strict=True)):
        last = at + 1 == len(offsets) or offsets[at + 1] != offset
        behind = Next(offset + 1) if last else Next(offset, message.ordinal + 1)
        yield Entry(run.place, behind, message.content)


def _offset(message: Message) -> int:
    """Of the record a message was made of: the end of `topic/partition@offset`."""
    return int(message.source.position.rpartition("@")[2]) if message.source is not None else 0


def _own_topics(active: ActiveStream) -> ReadTopics:
    config = active.stream.input.config
    return ReadTopics(
        brokers_of(config, active.connections),
        tuple(sorted(set(topic_names(config["topics"])))),
        config["multi_header"],
    )


def _internal_topics(active: ActiveStream, internal: InternalTopics) -> ReadTopics:
    topic = topic_name(active.identity.definition_id, active.identity.stream_name)
    return ReadTopics(internal.connection(active.connections), (topic,))
