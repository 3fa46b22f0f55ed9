"""Streams whose every message goes to one client: this process's part in their consumer groups.

A process is a member of a stream's group only while it has clients of it, and for a while after a GET. Each record
goes to the process that reads its partition and there to one client; its offset is committed when the client has
it. Where a topic has fewer partitions than processes with clients, some read nothing; they say so, and who has read
for a while makes room, so that clients of every process get their turn.
"""

import asyncio
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Final

from gateway.call import Call
from gateway.client_news import ClientNews, News
from gateway.client_queue import MOST_TAKEN, QueueReader
from gateway.database import Pool
from gateway.hand_over import Seat, Seats, handed_over
from gateway.instances import PostgresInstances
from gateway.internal_topic import InternalTopics
from gateway.leases import PostgresLeases
from gateway.per_caller import PerCaller
from gateway.quarantine import PostgresQuarantine
from gateway.reading import is_per_caller, serves_clients
from gateway.routes import ActiveApi
from streams.errors import ConnectError
from streams.lint import CheckedStream
from streams.supervisor import ActiveStream, Key, Supervisor

__all__ = ["QueueReader", "RoundRobin"]

LINGER_SECONDS: Final = 10.0
"""How long the membership outlasts a GET."""
JOIN_SECONDS: Final = 10.0
"""How long a client waits for the group to settle. Where a broker was reached it is answered all the same then: the
topic may be there only later."""
TURN_SECONDS: Final = 15.0
"""How long a process reads before it makes room for another that reads nothing."""
STARVING_SECONDS: Final = 2.0
"""How long a process waits for partitions before it says that it has none, and how often it says so."""
AWAY_SECONDS: Final = 3.0
"""How long who made room stays away: until the group has given the partitions to others."""


@dataclass(eq=False, slots=True)
class _Membership:
    """A stream this process reads, or lingers in, for clients."""

    active: ActiveStream
    seat: Seat = field(default_factory=Seat)
    leaving: asyncio.TimerHandle | None = None
    """Set while it lingers without a client."""
    away: bool = False
    """It makes room for another process."""


class RoundRobin:
    """Hands each message of a stream to one of the clients of all gateway processes."""

    def __init__(self, pool: Pool, internal: InternalTopics, valkey_url: str) -> None:
        """valkey_url: where processes tell each other of their clients."""
        process = secrets.token_hex(8)
        self._internal = internal
        self._memberships: dict[Key, _Membership] = {}
        self._seats: dict[Key, Seat] = {}
        self._news = ClientNews(valkey_url, process, self._heard)
        self._supervisor = Supervisor(
            {Seats: Seats(self._seats), InternalTopics: internal},
            PostgresLeases(pool, process),
            PostgresInstances(pool, process),
            PostgresQuarantine(pool),
            # Some brokers never settle a group that somebody joins while another leaves.
            in_turn=True,
        )
        self._per_caller = PerCaller(pool, process, self._news.tell)
        self._watching: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Listen for other processes."""
        await self._per_caller.start()
        await self._news.start()
        self._watching = asyncio.create_task(self._watch())

    def apply(self, apis: Sequence[ActiveApi]) -> None:
        """Read the streams as they are now; what is unchanged goes on undisturbed, what is gone ends."""
        self._per_caller.apply(apis)
        known = {api.definition_id: api for api in apis}
        for (definition_id, name), membership in list(self._memberships.items()):
            api = known.get(definition_id)
            stream = api.streams.get(name) if api is not None else None
            if api is not None and stream is not None and serves_clients(stream):
                membership.active = self._active(api, name)
            else:
                self._leave(membership)
        self._sync()

    async def join(self, call: Call, *, lingering: bool = False) -> QueueReader:
        """Give a client its part in a stream; returns once this process is a member of the consumer group.

        lingering: for one message; the membership outlasts the client a while, for the next one of its kind. Raises
        ConnectError when no broker answers, IngestRefusedError for a query that names the caller and cannot be taken.
        """
        stream = call.route.stream
        assert stream is not None  # noqa: S101 - a route to clients has a stream
        if is_per_caller(stream):
            return await self._per_caller.join(call, lingering=lingering)
        membership = self._membership(call.route.api, stream)
        if membership.leaving is not None:
            membership.leaving.cancel()
            membership.leaving = None
        queue = membership.seat.queue
        left = partial(self._left, membership, lingering=lingering)
        reader = queue.reader(1 if lingering else MOST_TAKEN, left)
        if queue.clients == 1:
            self._news.tell(News.GAINED, _name(membership.active.key))
        try:
            await _stands(membership.seat)
        except BaseException:
            await reader.close()
            raise
        return reader

    async def stop(self) -> None:
        """Leave every group; what was not handed out is not committed."""
        if self._watching is not None:
            self._watching.cancel()
        for membership in list(self._memberships.values()):
            self._leave(membership)
        await self._per_caller.stop()
        await self._supervisor.stop()
        await self._news.stop()

    def _membership(self, api: ActiveApi, stream: CheckedStream) -> _Membership:
        """The membership of a stream, begun when there is none."""
        active = self._active(api, stream.name)
        found = self._memberships.get(active.key)
        if found is None:
            found = self._memberships[active.key] = _Membership(active)
            self._sync()
        return found

    def _active(self, api: ActiveApi, name: str) -> ActiveStream:
        active = api.active(name)
        return replace(active, stream=handed_over(active.stream, active.identity, self._internal))

    def _sync(self) -> None:
        """Have exactly the streams read that have members here."""
        present = [one for one in self._memberships.values() if not one.away]
        self._seats.update({one.active.key: one.seat for one in present})
        self._supervisor.apply([one.active for one in present])

    def _left(self, membership: _Membership, *, lingering: bool) -> None:
        """A client has left: without another, leave the group, at once or after a while."""
        if membership.seat.queue.clients or self._memberships.get(membership.active.key) is not membership:
            return
        if lingering or not membership.seat.standing.is_set():
            # Who has gone before the group had settled may try again, and some brokers take such a leaving badly.
            loop = asyncio.get_running_loop()
            membership.leaving = loop.call_later(LINGER_SECONDS, self._leave_alone, membership)
        else:
            self._leave_alone(membership)

    def _leave_alone(self, membership: _Membership) -> None:
        if not membership.seat.queue.clients:
            self._leave(membership)
            self._sync()

    def _leave(self, membership: _Membership) -> None:
        self._memberships.pop(membership.active.key, None)
        if membership.leaving is not None:
            membership.leaving.cancel()
        membership.seat.queue.end()

    def _heard(self, news: News, stream: str) -> None:
        """Another process has news of a stream."""
        self._per_caller.heard(news, stream)
        for membership in list(self._memberships.values()):
            if _name(membership.active.key) == stream:
                if not membership.seat.queue.clients:
                    self._leave_alone(membership)
                elif news is News.STARVING and not membership.away and _has_had_its_turn(membership.seat):
                    self._make_room(membership)

    def _make_room(self, membership: _Membership) -> None:
        """Leave the group for a moment; clients keep their readers, and get what another process leaves."""
        membership.away = True
        self._sync()
        asyncio.get_running_loop().call_later(AWAY_SECONDS, self._return, membership)

    def _return(self, membership: _Membership) -> None:
        membership.away = False
        if self._memberships.get(membership.active.key) is membership:
            self._sync()

    async def _watch(self) -> None:
        """Say which streams have clients here and nothing to read."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(STARVING_SECONDS)
            self._per_caller.tell_starving()
            for key, membership in self._memberships.items():
                seat = membership.seat
                since = loop.time() - seat.changed_at
                if seat.standing.is_set() and not seat.partitions and since > STARVING_SECONDS:
                    self._news.tell(News.STARVING, _name(key))


def _name(key: Key) -> str:
    """What a stream is called among processes."""
    return f"{key[0]}/{key[1]}"


def _has_had_its_turn(seat: Seat) -> bool:
    since = asyncio.get_running_loop().time() - seat.changed_at
    return bool(seat.partitions) and since > TURN_SECONDS


async def _stands(seat: Seat) -> None:
    """Return when the group has settled, or may settle only later. Raises ConnectError."""
    try:
        async with asyncio.timeout(JOIN_SECONDS):
            await seat.standing.wait()
    except TimeoutError:
        if not seat.reached:
            raise ConnectError("no broker of the stream answers") from None
