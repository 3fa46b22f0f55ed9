"""The HTTP client of the delivery engine: posts to vetted addresses, within one deadline, over kept
connections.

Why it is our own is in docs/decisions/001-webhook-sender.md.
"""

from __future__ import annotations

import asyncio
import ssl
import time
from collections import Counter, deque
from functools import partial

from streams.outbound import Guard
from streams.tls import client_context
from webhooks.exchange import ErrorClass, Exchange
from webhooks.http_connection import Call, HttpConnection, OnDone
from webhooks.opening import Opening
from webhooks.request import Key, Request, Target

__all__ = ["Exchange", "Request", "Sender", "Target"]

EXCHANGE_SECONDS = 20.0
"""From the start to the end of the answer. The Standard Webhooks specification asks for 15 to 30."""
CONNECT_SECONDS = 5.0
IDLE_SECONDS = 30.0
"""How long an unused connection is kept: less than most receivers do, so that few are found closed."""
IDLE_PER_RECEIVER = 64
IDLE_IN_ALL = 1024
SWEEP_SECONDS = 0.1
OPENING_PER_RECEIVER = 2
"""Connections being opened to one receiver at a time. Requests beyond wait for one of them, or for a connection
that comes free: a burst then shares a few connections, where one for each would cost more than the requests.
"""


class Sender:
    """Sends requests from one event loop, any number at a time: whoever calls it bounds how many.

    guard: decides which addresses may be connected to. A connection is used again only while that decision is
    fresh; then the name is resolved and vetted again. Redirects are not followed: a 3xx is an answer like
    any.
    """

    def __init__(
        self,
        guard: Guard,
        *,
        exchange_seconds: float = EXCHANGE_SECONDS,
        connect_seconds: float = CONNECT_SECONDS,
        idle_seconds: float = IDLE_SECONDS,
        context: ssl.SSLContext | None = None,
    ) -> None:
        self._guard = guard
        self._exchange_seconds = exchange_seconds
        self._connect_seconds = connect_seconds
        self._idle_seconds = idle_seconds
        self._context = context or client_context()
        self._idle: dict[Key, deque[HttpConnection]] = {}
        self._idle_count = 0
        self._busy: set[HttpConnection] = set()
        self._waiting: dict[Key, deque[Call]] = {}
        self._openings: Counter[Key] = Counter()
        self._opening: set[asyncio.Task[None]] = set()
        self._loop = asyncio.get_running_loop()
        self._sweeper = self._loop.call_later(SWEEP_SECONDS, self._sweep)

    async def post(self, request: Request) -> Exchange:
        """Send a request and return what came of it. Raises nothing for what a network or receiver does."""
        done: asyncio.Future[Exchange] = self._loop.create_future()
        self.start(request, partial(_settle, done))
        return await done

    def start(self, request: Request, on_done: OnDone) -> None:
        """Send a request; `on_done` is called once with what came of it, on this loop, never from within.

        Cheaper than `post`: no task and no future where a connection stands. `on_done` must not raise.
        """
        now = time.monotonic()
        call = Call(request, on_done, now, now + self._exchange_seconds)
        connection = self._take_idle(request.target.key, now)
        if connection is None:
            self._waiting.setdefault(request.target.key, deque()).append(call)
            self._open(request.target)
        else:
            call.reused = True
            self._send(connection, call)

    async def close(self) -> None:
        """Close every connection; what is under way fails with ErrorClass.INTERNAL."""
        self._sweeper.cancel()
        for task in self._opening:
            task.cancel()
        await asyncio.gather(*self._opening, return_exceptions=True)
        for call in [each for waiting in self._waiting.values() for each in waiting]:
            call.on_done(call.failed(ErrorClass.INTERNAL, "the sender was closed"))
        self._waiting.clear()
        for connection in [*self._busy, *(each for kept in self._idle.values() for each in kept)]:
            connection.abort()
        self._idle.clear()
        self._idle_count = 0

    # --- what a connection tells (webhooks.http_connection.Owner) ------------------------------------

    def released(self, connection: HttpConnection) -> None:
        """Send what waits for a connection, else keep this one for the next request, if there is room."""
        now = time.monotonic()
        waiting = self._waiting.get(connection.key)
        if waiting and connection.vetted_until > now:
            call = waiting.popleft()
            call.reused = True
            connection.send(call)
            return
        self._busy.discard(connection)
        kept = self._idle.setdefault(connection.key, deque())
        if len(kept) >= IDLE_PER_RECEIVER or self._idle_count >= IDLE_IN_ALL:
            connection.abort()
            return
        connection.idle_since = now
        kept.append(connection)
        self._idle_count += 1

    def closed(self, connection: HttpConnection) -> None:
        """Forget the connection."""
        self._busy.discard(connection)
        kept = self._idle.get(connection.key)
        if kept is not None and connection in kept:
            kept.remove(connection)
            self._idle_count -= 1

    def unanswered(self, call: Call) -> None:
        """Send the call once more, over a new connection and within the same deadline.

        The receiver closed an idle connection while the request was on its way to it, as any server may. HTTP
        lets a client repeat only what is idempotent; a webhook is: should the receiver have taken the first
        copy after all, the second has the same webhook-id, as under at-least-once delivery any repeat has.
        """
        call.reused = False
        self._waiting.setdefault(call.request.target.key, deque()).appendleft(call)
        self._open(call.request.target)

    # --- connections ---------------------------------------------------------------------------------

    def _send(self, connection: HttpConnection, call: Call) -> None:
        self._busy.add(connection)
        connection.send(call)

    def _take_idle(self, key: Key, now: float) -> HttpConnection | None:
        """Take the connection used last that is open and freshly vetted."""
        kept = self._idle.get(key)
        while kept:
            connection = kept[-1]
            if connection.vetted_until <= now:
                return None
            kept.pop()
            self._idle_count -= 1
            if connection.usable:
                return connection
            connection.abort()
        return None

    def _open(self, target: Target) -> None:
        """Begin to open a connection to a receiver, unless enough are being opened for what waits."""
        if self._openings[target.key] < min(OPENING_PER_RECEIVER, len(self._waiting[target.key])):
            self._openings[target.key] += 1
            task = self._loop.create_task(self._open_for_waiting(target))
            self._opening.add(task)
            task.add_done_callback(self._opening.discard)

    async def _open_for_waiting(self, target: Target) -> None:
        waiting = self._waiting[target.key]
        try:
            if waiting:
                await self._serve(target, waiting)
        finally:
            self._openings[target.key] -= 1
        if waiting:
            self._open(target)
        elif not self._openings[target.key]:
            del self._openings[target.key]
            self._waiting.pop(target.key, None)

    async def _serve(self, target: Target, waiting: deque[Call]) -> None:
        """Open a connection and send what waits longest over it; a failure is that of all who waited for it."""
        began, opening = time.monotonic(), Opening()
        try:
            async with asyncio.timeout(waiting[0].deadline - began):
                connection, reused = await self._vetted_connection(target, opening)
        except Exception as error:  # noqa: BLE001 - whatever it is, the callers' slots must be freed
            for call in [each for each in waiting if each.started <= began]:
                waiting.remove(call)
                call.phases = opening.phases
                call.on_done(call.failed(opening.classify(error), opening.describe(error, target)))
        else:
            self._begin(connection, waiting, opening, reused=reused)

    def _begin(
        self, connection: HttpConnection, waiting: deque[Call], opening: Opening, *, reused: bool
    ) -> None:
        """Use a connection that was just opened, or found to be right after all."""
        if not waiting:
            self.released(connection)
            return
        call = waiting.popleft()
        call.phases, call.reused = opening.phases, reused
        if connection.usable:
            self._send(connection, call)
        else:
            call.on_done(call.failed(ErrorClass.RESET, "closed by the receiver before the request went out"))

    async def _vetted_connection(self, target: Target, opening: Opening) -> tuple[HttpConnection, bool]:
        """Resolve and vet the host; return a connection, and whether it carried requests before."""
        resolution = await self._guard.resolve(target.host)
        opening.resolved()
        kept = self._idle.get(target.key)
        if kept and kept[-1].vetted_until <= time.monotonic():
            for connection in list(kept):
                if connection.address in resolution.addresses:
                    connection.vetted_until = resolution.until
                else:
                    connection.abort()
                    self.closed(connection)
            standing = self._take_idle(target.key, time.monotonic())
            if standing is not None:
                return standing, True
        return await opening.open(self, target, resolution, self._context, self._connect_seconds), False

    def _sweep(self) -> None:
        """End what is past its deadline and close what was idle too long; one timer serves all."""
        now = time.monotonic()
        for connection in [
            each for each in self._busy if each.call is not None and each.call.deadline <= now
        ]:
            connection.expire()
        self._expire_waiting(now)
        oldest = now - self._idle_seconds
        for kept in self._idle.values():
            while kept and kept[0].idle_since < oldest:  # the one used last is on the right
                kept.popleft().abort()
                self._idle_count -= 1
        self._idle = {key: kept for key, kept in self._idle.items() if kept}
        self._sweeper = self._loop.call_later(SWEEP_SECONDS, self._sweep)

    def _expire_waiting(self, now: float) -> None:
        """Fail what found no connection within its deadline.

        A sweep late, since the opening that ends at the same moment can say in which step the time went.
        """
        for waiting in list(self._waiting.values()):  # who is told may send to another receiver
            for call in [each for each in waiting if each.deadline + SWEEP_SECONDS <= now]:
                waiting.remove(call)
                call.on_done(call.failed(ErrorClass.TIMEOUT, "no connection came free before the deadline"))


def _settle(done: asyncio.Future[Exchange], exchange: Exchange) -> None:
    if not done.done():  # whoever awaited it may have been cancelled
        done.set_result(exchange)
