"""The input that correlates: reads other inputs, and gives what their events mean together."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from streams.bloblang import MappingError
from streams.correlation.correlator import Correlator
from streams.correlation.event import Event, Match
from streams.correlation.reading import Reader
from streams.correlation.state import StateError
from streams.errors import ConnectError, EndOfInput, OutputError
from streams.message import Failure, Message, Source
from streams.processed import ProcessedInput
from streams.spec import Acknowledge, Batch, Input
from streams.stages import run_stages
from streams.statistics import SourceStatus
from streams.stopping import end_tasks

logger = logging.getLogger(__name__)

TICK_SECONDS: Final = 0.2
"""How often it is looked whether time alone has changed something."""
MATCHES_AT_ONCE: Final = 64
CORRELATION_KEY: Final = "correlation_key"
"""The metadata by which a match says what its events have in common."""
_NO_ROOM: Final = "too many events of one key wait for their moment to be over"


@dataclass(frozen=True, slots=True)
class _Received:
    """What an input gave, or why it gives nothing more."""

    side: int
    batch: Batch | ConnectError | None
    """None: it has ended."""


class CorrelatingInput:
    """Reads inputs, called sides, into a correlator, and gives its matches. Ends when all have, and all is given."""

    def __init__(
        self,
        sides: Sequence[Input],
        reader: Reader,
        correlator: Correlator,
        stage: str,
        sources: Sequence[Callable[[], SourceStatus]],
    ) -> None:
        """stage: the component's name, for errors and positions; sources: tell how the inputs stand."""
        self._sides = sides
        self._reader = reader
        self._correlator = correlator
        self._stage = stage
        self._sources = sources
        self._turn = asyncio.Lock()
        self._received: asyncio.Queue[_Received] = asyncio.Queue(maxsize=1)
        self._pumps: list[asyncio.Task[None]] = []
        self._running = 0
        self._reported = 0

    async def connect(self) -> None:
        """Connect the inputs and take the state over. Raises ConnectError."""
        await self._correlator.start()
        await asyncio.gather(*(side.connect() for side in self._sides))
        self._pumps = [asyncio.create_task(self._pump(at, side)) for at, side in enumerate(self._sides)]
        self._running = len(self._pumps)

    async def read(self) -> Batch:
        """Wait for matches. Raises EndOfInput; ConnectError when an input or the state is away."""
        while True:
            if self._correlator.ready:
                return self._matches()
            if not self._running:
                raise EndOfInput
            received = await self._next()
            if any(status().error for status in self._sources):
                self._correlator.interrupted()
            if received is None:
                await self._wait()
            elif isinstance(received.batch, ConnectError):
                raise received.batch
            elif received.batch is None:
                await self._ended()
            elif (failed := await self._take(received.side, received.batch)) is not None:
                return failed

    async def close(self) -> None:
        """Keep what the stream has taken, and close the inputs."""
        await end_tasks(self._pumps)
        try:
            await self._wait()
        except StateError as error:
            logger.warning("%s: matches will be given again: %s", self._stage, error)
        await asyncio.gather(*(side.close() for side in self._sides))

    async def reclaim(self, messages: list[Message]) -> list[Message]:
        """Take events anew that were held in quarantine. Returns the matches among them. Raises OutputError."""
        events = [message for message in messages if CORRELATION_KEY not in message.metadata]
        if events and len(self._sides) > 1:
            raise OutputError("nobody knows which of the inputs this message came from; send it anew")
        if events:
            [side] = self._sides
            stages = side.stages if isinstance(side, ProcessedInput) else ()
            late = self._correlator.late
            failures = await self._correlate(await run_stages(stages, events, grouped=False), 0)
            if failures:
                raise OutputError(next(iter(failures.values())).text)
            if self._correlator.late > late:
                raise OutputError(
                    "the moment of this event is over: `allowed_lateness` says how long it is waited for"
                )
        return [message for message in messages if CORRELATION_KEY in message.metadata]

    async def _pump(self, at: int, side: Input) -> None:
        while True:
            try:
                given: Batch | ConnectError | None = await side.read()
            except EndOfInput:
                given = None
            except ConnectError as error:
                given = error
            await self._received.put(_Received(at, given))
            if not isinstance(given, Batch):
                return

    async def _next(self) -> _Received | None:
        """What an input gives next; None: nothing for a moment."""
        try:
            async with asyncio.timeout(TICK_SECONDS):
                return await self._received.get()
        except TimeoutError:
            return None

    async def _ended(self) -> None:
        self._running -= 1
        if not self._running:
            async with self._turn:
                await self._correlator.finish()

    async def _wait(self) -> None:
        async with self._turn:
            await self._correlator.wait()

    async def _take(self, side: int, batch: Batch) -> Batch | None:
        """Take a batch. Returns its messages that are no events, to fail in the stream; None: all is dealt with."""
        messages = batch.messages
        if batch.before:
            messages = await run_stages(batch.before, messages, grouped=batch.grouped)
        failures = await self._correlate(messages, side)
        if not failures:
            await batch.acknowledge(None)
            return None
        left = [message for message in batch.messages if id(message.source) in failures]
        return replace(batch, messages=left or batch.messages, before=(_Failing(failures),))

    async def _correlate(self, messages: list[Message], side: int) -> dict[int, Failure]:
        """Keep the events among messages. Returns why others are none, by the identity (`id`) of their source."""
        events: dict[str, tuple[str, Event, Message]] = {}
        failures: dict[int, Failure] = {}
        lanes: dict[str, int] = {}
        for place, message in enumerate(messages):
            try:
                key, event = self._event(messages, place, side)
            except MappingError as error:
                failures[id(message.source)] = message.error or Failure(error.text, self._stage, error.line)
                continue
            lane = f"{side}:{_lane(message)}"
            lanes[lane] = max(event.time, lanes.get(lane, event.time))
            if event.roles:
                events[event.identity] = (key, event, message)
        async with self._turn:
            refused = await self._correlator.take([(key, event) for key, event, _ in events.values()], lanes)
        self._report()
        for event in refused:
            failures[id(events[event.identity][2].source)] = Failure(_NO_ROOM, self._stage)
        return failures

    def _event(self, messages: list[Message], place: int, side: int) -> tuple[str, Event]:
        error = messages[place].error
        if error is not None:
            raise MappingError(error.text, error.line)
        return self._reader.read(messages, place, side)

    def _matches(self) -> Batch:
        ready = self._correlator.ready
        given = [ready.popleft() for _ in range(min(MATCHES_AT_ONCE, len(ready)))]
        messages = [self._message(key, match) for key, match in given]
        return Batch(messages, self._acknowledgement(given))

    def _message(self, key: str, match: Match) -> Message:
        source = Source(bytes.fromhex(match.identity), match.time, f"{self._stage}@{match.identity[:12]}")
        return Message(value=match.document, metadata={CORRELATION_KEY: key}, source=source)

    def _acknowledgement(self, given: list[tuple[str, Match]]) -> Acknowledge:
        async def acknowledge(error: Exception | None) -> None:
            # What was given back is in the state still: it is given again when the stream starts anew.
            if error is None:
                self._correlator.taken(given)

        return acknowledge

    def _report(self) -> None:
        if self._correlator.late > self._reported:
            self._reported = self._correlator.late
            logger.warning(
                "%s: %s events came later than allowed, or again, and were left out",
                self._stage,
                self._reported,
            )


class _Failing:
    """Flags messages as what they are: no events of this component."""

    def __init__(self, failures: Mapping[int, Failure]) -> None:
        """failures: by the identity (`id`) of the source."""
        self._failures = failures

    async def process(self, messages: list[Message]) -> list[list[Message]]:
        """The batch, flagged."""
        made = [message.copy() for message in messages]
        for message in made:
            message.error = self._failures.get(id(message.source), message.error)
        return [made]


def _lane(message: Message) -> str:
    """The part of the source that is in order by itself, such as a partition."""
    return "" if message.source is None else message.source.position.rpartition("@")[0]


def unix_milliseconds() -> int:
    """The clock on the wall."""
    return time.time_ns() // 1_000_000
