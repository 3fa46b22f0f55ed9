"""Streams whose every message goes to every client: a hub a stream, and each client's way through its log.

A client that comes back with a position, or has fallen behind the log, reads what it misses by a reader of its own
until it is where the log begins. Of those there are a few at a time; others wait their turn.
"""

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl

from gateway.call import Call
from gateway.catch_up import CatchUp, OwnReaders
from gateway.cursor import CursorError, ForeignCursorError, Next, Position
from gateway.database import Pool
from gateway.feed import FeedEndedError
from gateway.hub import Hub
from gateway.internal_topic import InternalTopics
from gateway.message_log import Form, Portion
from gateway.protocol import Scope
from gateway.quarantine import PostgresQuarantine
from gateway.routes import ActiveApi
from gateway.stream_reader import StreamReader
from streams.errors import ConnectError
from streams.kafka.topic_reader import Place, Start
from streams.supervisor import Key

STAND_SECONDS: Final = 10.0
"""How long a client waits until a broker has told where a stream stands."""
LINGER_SECONDS: Final = 30.0
"""How long a hub reads on without clients, for those that come back."""
CATCHING_UP: Final = 16
"""Clients of this process that read by themselves at a time."""


class Broadcast:
    """The hubs of this process."""

    def __init__(self, pool: Pool, internal: InternalTopics, key: bytes) -> None:
        """key: signs cursors; the same in all processes."""
        self._quarantine = PostgresQuarantine(pool)
        self._internal = internal
        self._key = key
        self._hubs: dict[Key, Hub] = {}
        self._closing: set[asyncio.Task[None]] = set()
        self.own_readers = OwnReaders(CATCHING_UP, self._own_hub, self._close_hub)

    async def start(self) -> None:
        """Nothing to prepare: a hub begins with its first client."""

    def apply(self, apis: Sequence[ActiveApi]) -> None:
        """Keep the hubs of unchanged streams, close the others."""
        known = {api.definition_id: api for api in apis}
        for (definition_id, name), hub in list(self._hubs.items()):
            api = known.get(definition_id)
            if api is None or name not in api.streams or not hub.reader.active.runs_as(api.active(name)):
                self._close((definition_id, name))

    async def stop(self) -> None:
        """Close every hub."""
        for key in list(self._hubs):
            self._close(key)
        await asyncio.gather(*self._closing, return_exceptions=True)

    async def open(self, call: Call, form: Form) -> "BroadcastFeed":
        """Give a client its way through a stream, from the position it names or from now on.

        Raises ConnectError when no broker answers, ConfigError, CursorError for a `?cursor=` that is none of this
        stream.
        """
        hub = self._hub(call)
        hub.join()
        feed = BroadcastFeed(self, hub, form, call.caller.limits.replay_window_seconds)
        try:
            await _stands(hub)
            await feed.begin(asked_position(call.scope))
        except BaseException:
            await feed.close()
            raise
        return feed

    def _own_hub(self, hub: Hub, start: Start) -> Hub:
        """A reader for one client that catches up."""
        reader = StreamReader(hub.reader.active, self._internal, self._quarantine)
        return Hub(reader, self._key, start, patient=True)

    def left(self, hub: Hub) -> None:
        """A hub has lost its last client: close it unless another comes."""
        loop = asyncio.get_running_loop()
        loop.call_later(LINGER_SECONDS, self._close_unused, hub)

    def _close_hub(self, hub: Hub) -> asyncio.Task[None]:
        """Close a hub in the background."""
        task = asyncio.create_task(hub.close())
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)
        return task

    def _hub(self, call: Call) -> Hub:
        stream = call.route.stream
        assert stream is not None  # noqa: S101 - a route to clients has a stream
        active = call.route.api.active(stream.name)
        hub = self._hubs.get(active.key)
        if hub is None or not hub.reader.active.runs_as(active):
            if hub is not None:
                self._close(active.key)
            reader = StreamReader(active, self._internal, self._quarantine)
            hub = self._hubs[active.key] = Hub(reader, self._key, Start({}))
        return hub

    def _close_unused(self, hub: Hub) -> None:
        key = hub.reader.active.key
        if self._hubs.get(key) is hub and not hub.clients:
            self._close(key)

    def _close(self, key: Key) -> None:
        self._close_hub(self._hubs.pop(key))


class BroadcastFeed:
    """One client's way: what it missed, from the log or by a reader of its own, then the log."""

    def __init__(self, broadcast: Broadcast, hub: Hub, form: Form, window: int | None) -> None:
        """window: seconds that a position may lie back; None: as long as the broker keeps records."""
        self._broadcast = broadcast
        self._hub = hub
        self._form = form
        self._window = window
        self._generation = hub.generation
        self._number = 0
        self._cursor = ""
        """Behind what was taken last."""
        self._missed: list[Portion] = []
        self._way: CatchUp | None = None
        self._has: Position | None = None
        """What the client has already, while the log still tells some of it."""

    @property
    def cursor(self) -> str:
        """Behind what was taken last; before that, where the client begins."""
        if self._way is not None:
            return self._hub.encode(self._way.position)
        return self._cursor

    async def begin(self, asked: "Asked") -> None:
        """Begin where it was asked for, or at the newest. Raises CursorError."""
        self._generation = self._hub.generation
        self._begin_at_newest()
        if asked.oldest:
            self._go_to(self._oldest(), tell_gap=False)
        elif asked.cursor:
            try:
                self._go_to(self._hub.decode(asked.cursor), strict=not asked.lenient)
            except CursorError as error:
                if not asked.lenient:
                    raise
                self._missed.append(Portion(0, 0, gap=str(error)))
                if isinstance(error, ForeignCursorError):
                    self._go_to(self._oldest(), tell_gap=False)

    async def take(self) -> Portion | None:
        """The next portion, if there is one. Raises FeedEndedError."""
        if self._hub.ended:
            raise FeedEndedError
        if self._generation != self._hub.generation:
            self._begin_anew()
        if self._missed:
            return self._missed.pop(0)
        log = self._hub.log
        if self._way is None and self._number < log.tail:
            self._go_to(self._hub.decode(self._cursor) if self._cursor else self._oldest())
        if self._way is not None:
            return self._catch_up(self._way)
        if self._number >= log.head:
            return None
        if self._has is not None:
            return self._take_behind(self._has)
        self._number, portion = log.portion(self._number, self._form)
        self._cursor = portion.cursor
        return portion

    def watch(self, waiter: asyncio.Future[None]) -> None:
        """Have `waiter` done when there may be more."""
        self._hub.watch(self, waiter)
        if self._way is not None:
            self._way.watch(waiter)

    async def delivered(self) -> None:
        """Nothing is owed to anybody: the topic keeps what it keeps."""

    async def close(self) -> None:
        """Leave the hub."""
        self._end_way()
        if not self._hub.leave(self):
            self._broadcast.left(self._hub)

    def _begin_at_newest(self) -> None:
        self._number, newest = self._hub.log.head, self._hub.log.newest
        self._cursor = newest.codec.encode(newest.after) if newest is not None else ""

    def _oldest(self) -> Position:
        newest = self._hub.log.newest
        return dict.fromkeys(newest.after if newest is not None else (), Next(0))

    def _begin_anew(self) -> None:
        """Older positions mean nothing any more: go on with all of the new topic."""
        self._generation = self._hub.generation
        self._end_way()
        self._missed = [Portion(0, 0, gap="the topic was deleted and made anew")]
        self._number, self._has, self._cursor = self._hub.log.tail, None, ""

    def _go_to(self, position: Position, *, strict: bool = False, tell_gap: bool = True) -> None:
        """Go on behind a position. Raises CursorError where it is gone and `strict`."""
        if self._attach(position):
            return
        beginning = self._hub.beginning
        if strict and beginning is not None and _is_gone(position, beginning.oldest):
            raise OutdatedCursorError("the broker has deleted what comes next")
        since = None if self._window is None else int((time.time() - self._window) * 1000)
        start = Start({place: one.offset for place, one in position.items()}, oldest=True, since_ms=since)
        self._way = CatchUp(self._broadcast.own_readers, self._hub, position, start, tell_gap=tell_gap)

    def _attach(self, position: Position) -> bool:
        """Go on with the log behind a position, where the log has all of it."""
        log = self._hub.log
        not_before = 0.0 if self._window is None else asyncio.get_running_loop().time() - self._window
        number, newest = log.number_of(position, not_before), log.newest
        if number is None or newest is None:
            return False
        self._number, self._has = number, position
        self._cursor = newest.codec.encode(position)
        return True

    def _take_behind(self, position: Position) -> Portion | None:
        """As the log tells it, without what the client has."""
        log = self._hub.log
        self._number, portion = log.portion_behind(self._number, self._form, position)
        if log.begins_behind(self._number, position):
            self._has = None
        if portion is not None:
            self._cursor = portion.cursor
        return portion

    def _catch_up(self, way: CatchUp) -> Portion | None:
        portion = way.take(self._form)
        if self._attach(way.position):
            self._end_way()
            return portion or self._take_behind(way.position)
        return portion

    def _end_way(self) -> None:
        if self._way is not None:
            self._way.end()
            self._way = None


class OutdatedCursorError(CursorError):
    """What comes after it is kept no more."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Where a client wants to begin."""

    cursor: str = ""
    """Empty: at the newest."""
    lenient: bool = False
    """A browser sent it by itself: where it is no good, tell the client and go on."""
    oldest: bool = False


def asked_position(scope: Scope) -> Asked:
    """Where a request asks to begin: by the header `Last-Event-ID`, else by `?cursor=` or `?start=earliest`."""
    # A browser that comes back sends the address it came by at first, and how far it has got since.
    last = next((value for name, value in scope["headers"] if name == b"last-event-id"), b"")
    if last:
        return Asked(last.decode("latin-1"), lenient=True)
    query = dict(parse_qsl(scope["query_string"].decode("latin-1")))
    if cursor := query.get("cursor"):
        return Asked(cursor)
    return Asked(oldest=query.get("start") == "earliest")


async def _stands(hub: Hub) -> None:
    """Wait until a broker has told where the stream stands. Raises ConnectError."""
    try:
        async with asyncio.timeout(STAND_SECONDS):
            await hub.standing.wait()
    except TimeoutError:
        raise ConnectError(hub.error or "no broker of the stream answers") from None
    if hub.ended:
        raise ConnectError("the stream was changed; ask again")


def _is_gone(position: Position, oldest: Mapping[Place, int]) -> bool:
    return any(one.offset < oldest.get(place, 0) for place, one in position.items())
