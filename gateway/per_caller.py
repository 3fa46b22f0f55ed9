"""Streams whose callers each have a place of their own, by a consumer group made of the request's variables.

There is no consumer group in Kafka and no stream at work for a caller who is not there: a place is a row, and what
reads from it begins with the caller's client and ends with the last one, a while after a GET.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from hashlib import blake2b
from typing import Final

from gateway.call import Call
from gateway.caller_reading import CallerReading
from gateway.caller_variables import caller_variables
from gateway.client_news import News
from gateway.client_queue import MOST_TAKEN, QueueReader
from gateway.database import Pool
from gateway.position_writer import PositionWriter
from gateway.positions import PostgresPositions
from gateway.quarantine import PostgresQuarantine
from gateway.routes import ActiveApi
from gateway.topic_logs import TopicLogs
from gateway.withheld import withheld_by
from streams.connections import Connections
from streams.errors import ConnectError
from streams.lint import CheckedStream
from streams.spec import StreamIdentity
from streams.variables import bind_config, component_variables, variables_of

LINGER_SECONDS: Final = 10.0
"""How long a place is held after a GET."""
HOLD_SECONDS: Final = 5.0
"""How long a client waits for a place that another process has, before it is answered all the same."""
TURN_SECONDS: Final = 15.0
"""How long a process serves a place before it makes room for another that has clients of the same caller."""
MOST_READINGS: Final = 1000
"""Callers one process serves at a time, those included who asked by GET a moment ago."""

_REQUEST_ID: Final = "tyk_context.request_id"
"""No two requests have the same."""


@dataclass(frozen=True, slots=True)
class _Place:
    """Which stream, whose place, seen with which variables."""

    definition_id: int
    stream: str
    consumer_group: str
    variables: frozenset[tuple[str, str]]

    @property
    def name(self) -> str:
        """What it is called among processes; who calls is nobody's business."""
        digest = blake2b(self.consumer_group.encode(), digest_size=16).hexdigest()
        return f"{self.definition_id}/{self.stream}/{digest}"


@dataclass(eq=False, slots=True)
class _Serving:
    """A place that this process serves, or waits for."""

    reading: CallerReading
    stream: CheckedStream
    identity: StreamIdentity
    connections: Connections
    leaving: asyncio.TimerHandle | None = field(default=None)


class PerCaller:
    """Serves callers from their places."""

    def __init__(self, pool: Pool, process: str, tell: Callable[[News, str], None]) -> None:
        """process: this process's own id. tell: tells other processes."""
        self._writer = PositionWriter(PostgresPositions(pool, process))
        self._quarantine = PostgresQuarantine(pool)
        self._logs = TopicLogs()
        self._tell = tell
        self._serving: dict[_Place, _Serving] = {}
        self._ending: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Write places from now on."""
        await self._writer.start()
        await self._logs.start()

    def apply(self, apis: Sequence[ActiveApi]) -> None:
        """End what is no more as it was; its clients come again."""
        known = {api.definition_id: api for api in apis}
        for place, serving in list(self._serving.items()):
            api = known.get(place.definition_id)
            if api is None or not _goes_on(serving, api, place.stream):
                self._leave(place, serving)

    async def join(self, call: Call, *, lingering: bool) -> QueueReader:
        """Give a client the messages of its caller; returns once the caller's place is held, or is another's for long.

        Raises ConnectError when too many are served, IngestRefusedError for a query that cannot be taken.
        """
        place, serving = self._served(call)
        if serving.leaving is not None:
            serving.leaving.cancel()
            serving.leaving = None
        queue = serving.reading.queue
        left = partial(self._left, place, serving, lingering=lingering)
        reader = queue.reader(1 if lingering else MOST_TAKEN, left)
        if not serving.reading.standing.is_set():
            self._tell(News.GAINED, place.name)
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(HOLD_SECONDS):
                    await serving.reading.standing.wait()
        except BaseException:
            await reader.close()
            raise
        return reader

    def heard(self, news: News, name: str) -> None:
        """Another process has a client of a caller: let go of the place, or make room once ours had their turn."""
        now = asyncio.get_running_loop().time()
        for place, serving in list(self._serving.items()):
            if place.name != name:
                continue
            if not serving.reading.queue.clients:
                self._leave(place, serving)
            elif news is News.STARVING and now - serving.reading.held_at > TURN_SECONDS:
                serving.reading.make_room()

    def tell_starving(self) -> None:
        """Say which callers have clients here and their place elsewhere."""
        for place, serving in self._serving.items():
            if serving.reading.queue.clients and not serving.reading.standing.is_set():
                self._tell(News.STARVING, place.name)

    async def stop(self) -> None:
        """Give every place back."""
        for place, serving in list(self._serving.items()):
            self._leave(place, serving)
        await asyncio.gather(*self._ending, return_exceptions=True)
        await self._writer.stop()
        await self._logs.stop()

    def _served(self, call: Call) -> tuple[_Place, _Serving]:
        """What serves a call's caller, begun when nothing does. Raises ConnectError, IngestRefusedError."""
        api, stream = call.route.api, call.route.stream
        assert stream is not None  # noqa: S101 - a route to clients has a stream
        variables = caller_variables(variables_of(stream), call.scope, call.caller, withheld_by(api))
        group = str(bind_config(stream.input, variables)["consumer_group"])
        place = _Place(api.definition_id, stream.name, group, frozenset(variables.items()))
        serving = self._serving.get(place)
        if serving is None:
            if len(self._serving) >= MOST_READINGS:
                raise ConnectError("too many callers are served at present")
            serving = self._serving[place] = self._begin(api, stream, place, variables)
        return place, serving

    def _begin(
        self, api: ActiveApi, stream: CheckedStream, place: _Place, variables: Mapping[str, str]
    ) -> _Serving:
        identity = api.identity(stream.name)
        open_reader = self._logs.opener(stream, api.connections)
        reading = CallerReading(stream, identity, variables, open_reader, self._quarantine)
        serving = _Serving(reading, stream, identity, api.connections)
        own = _REQUEST_ID in component_variables(stream.input)
        group = None if own else place.consumer_group
        reading.start(group, self._writer, partial(self._ended, place, serving))
        return serving

    def _left(self, place: _Place, serving: _Serving, *, lingering: bool) -> None:
        if serving.reading.queue.clients or self._serving.get(place) is not serving:
            return
        wait = LINGER_SECONDS if lingering else 0.0
        loop = asyncio.get_running_loop()
        serving.leaving = loop.call_later(wait, self._leave, place, serving)

    def _leave(self, place: _Place, serving: _Serving) -> None:
        if serving.leaving is not None:
            serving.leaving.cancel()
        self._ended(place, serving)
        task = asyncio.create_task(serving.reading.stop())
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)

    def _ended(self, place: _Place, serving: _Serving) -> None:
        """It serves nobody any more: the next client begins anew."""
        if self._serving.get(place) is serving:
            del self._serving[place]


def _goes_on(serving: _Serving, api: ActiveApi, name: str) -> bool:
    stream = api.streams.get(name)
    same_work = stream == serving.stream and api.connections == serving.connections
    return same_work and api.dialect == serving.identity.dialect
