"""The gateway's ASGI application: the data plane. Route, admission, then the stream or the upstream.

Nothing of Django is on this path: no views, no middleware, no sessions.
"""

import asyncio
import datetime as dt
import gc
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, Protocol

from gateway.admission import SHUTDOWN, Admission, Ends, ticket_of
from gateway.answers import plain, preflight, refuse, with_headers
from gateway.authentication import Refusal
from gateway.call import Call, Handler
from gateway.client import CloseReason
from gateway.clients import Clients, Standing
from gateway.configuration import Changed, Configuration, ConfigurationFollower
from gateway.cors import allowed_origin, preflight_headers, response_headers
from gateway.end_signals import before_the_end
from gateway.metrics import CONTENT_TYPE, Gauge, exposition
from gateway.protocol import Headers, Receive, Scope, Send, first_values
from gateway.routes import ActiveApi, Asking, Purpose, Route

logger = logging.getLogger(__name__)

DRAIN_SECONDS: Final = 5.0
"""How long open streams may take to say why they end."""
GARBAGE: Final = (20_000, 20, 50)
"""The collector's thresholds: what some hundred requests under way hold is no garbage, and not worth a look."""
_EVENT_STREAM: Final = b"text/event-stream"


class Part(Protocol):
    """Something that serves streams, from the start of the process to its end."""

    async def start(self) -> None:
        """Get ready."""

    def apply(self, apis: Sequence[ActiveApi]) -> None:
        """Serve exactly these; what is unchanged goes on undisturbed."""

    async def stop(self) -> None:
        """Finish what was begun."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What a gateway is made of. They live on one event loop."""

    serving: Sequence[Part]
    """In the order they are started."""
    handlers: Mapping[Purpose, Handler]
    sandbox: Handler
    """Serves whoever has examples, whatever they ask for."""
    admission: Admission
    follower: ConfigurationFollower
    portal_origin: str
    """`https://portal.example.com`: its pages may call every API."""
    close: Callable[[], Awaitable[None]]
    """Called last: lets go of the database."""


class Gateway:
    """Answers requests and WebSockets. `make` is called on the event loop the server brings."""

    def __init__(self, make: Callable[[Changed], Awaitable[Parts]]) -> None:
        """make: makes the parts; it is given what to call with each new configuration."""
        self._make = make
        self._parts: Parts | None = None
        self._ready: Parts | None = None
        """The parts, once they have started."""
        self._starting: asyncio.Task[Parts] | None = None
        self._told_of_the_end = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one scope (ASGI 3)."""
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        elif scope["path"] == "/healthz" and scope["type"] == "http":
            await plain(send, b"application/json", b'{"status":"ok"}')
        else:
            # A server without lifespan, such as Daphne, starts it by the first request.
            parts = self._ready or await self._started()
            await self._serve(parts, scope, receive, send)

    def drain(self) -> None:
        """Tell every open stream that the process ends, and let none in any more."""
        if self._parts is not None:
            self._parts.admission.clients.end_all(CloseReason.SHUTDOWN)

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        self._told_of_the_end = True
        while True:
            event = await receive()
            if event["type"] == "lifespan.startup":
                await self._started()
            else:
                await self._stop()
            await send({"type": f"{event['type']}.complete"})
            if event["type"] == "lifespan.shutdown":
                return

    async def _started(self) -> Parts:
        """Make and start the parts, once."""
        if self._starting is None:
            self._starting = asyncio.create_task(self._start())
        return await asyncio.shield(self._starting)

    async def _start(self) -> Parts:
        parts = await self._make(self._configured)
        for part in parts.serving:
            await part.start()
        await parts.admission.budgets.start()
        await parts.admission.analytics.start()
        self._parts = parts
        await parts.follower.start()
        # What was imported stays for good: the collector need not look at it while clients wait for their messages.
        gc.collect()
        gc.freeze()
        gc.set_threshold(*GARBAGE)
        # A server cuts WebSockets off without our reason; it hears of the signal when all have been told.
        before_the_end(self.drain, self._drained if self._told_of_the_end else self._stop)
        self._ready = parts
        return parts

    def _configured(self, configuration: Configuration, *, anew: bool) -> None:
        """Bring a configuration into force; and look, each second, at what time alone has changed."""
        parts = self._parts
        if parts is None:
            return
        if anew:
            for part in parts.serving:
                part.apply(configuration.apis)
            parts.admission.budgets.apply(configuration.table)
        if parts.follower.is_stale:
            parts.admission.clients.end_all(CloseReason.STALE)
        else:
            _end_streams(parts.admission.clients, configuration, anew=anew)

    async def _stop(self) -> None:
        """End open streams, finish what was begun, write down what was counted."""
        if self._parts is None:
            return
        parts = self._parts
        await parts.follower.stop()
        await self._drained()
        for part in reversed(parts.serving):
            await part.stop()
        await parts.admission.budgets.stop()
        await parts.admission.analytics.stop()
        await parts.close()

    async def _drained(self) -> None:
        """Return when every open stream has said why it ends, or had the time to."""
        self.drain()
        if self._parts is not None:
            with suppress(TimeoutError):
                async with asyncio.timeout(DRAIN_SECONDS):
                    await self._parts.admission.clients.all_left()

    async def _serve(self, parts: Parts, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] == "/metrics" and scope["type"] == "http":
            await _metrics(parts, send)
            return
        if parts.admission.clients.draining:
            await refuse(scope, receive, send, SHUTDOWN)
            return
        if parts.follower.is_stale:
            await refuse(scope, receive, send, _STALE)
            return
        headers = first_values(scope)
        asked = asking(scope, headers)
        route = parts.follower.now.routes.find(asked)
        if route is None and await parts.follower.look_again():
            route = parts.follower.now.routes.find(asked)
        if route is None:
            await refuse(scope, receive, send, _NOT_FOUND)
        elif b"origin" in headers:
            await self._serve_page(parts, route, (scope, receive, send, headers))
        else:
            await self._serve_caller(parts, route, (scope, receive, send, headers))

    async def _serve_page(self, parts: Parts, route: Route, ends: Ends) -> None:
        """Serve a call that a web page makes."""
        scope, receive, send, headers = ends
        origin = text_of(headers, b"origin")
        if allowed_origin(origin, route, parts.portal_origin):
            if scope["type"] == "http":
                if method := preflight_method(scope, headers):
                    wanted = text_of(headers, b"access-control-request-headers")
                    await preflight(send, preflight_headers(origin, route, method, wanted))
                    return
                send = with_headers(send, response_headers(origin))
        elif ticket_of(route, scope):
            # A page that brings a ticket is somebody's: no other page may use what it was given, nor use it up.
            await refuse(scope, receive, send, _FOREIGN_ORIGIN)
            return
        await self._serve_caller(parts, route, (scope, receive, send, headers))

    async def _serve_caller(self, parts: Parts, route: Route, ends: Ends) -> None:
        if ticket := ticket_of(route, ends[0]):
            call = await _admitted_by_ticket(parts, ticket, route, ends)
        else:
            call = parts.admission.admit(parts.follower.now, route, ends)
            if isinstance(call, Refusal) and call.code in _MAY_BE_OUTDATED:
                call = await _judged_again(parts, call, ends)
        if isinstance(call, Refusal):
            await refuse(*ends[:3], call)
        elif call.client is None:
            await _handler(parts, call)(call)
        else:
            await _serve_client(parts, call)


async def _admitted_by_ticket(parts: Parts, ticket: str, route: Route, ends: Ends) -> Call | Refusal:
    """Let in by a ticket. That takes its time, in which what it was judged by may have changed."""
    configuration = parts.follower.now
    call = await parts.admission.admit_by_ticket(ticket, configuration, route, ends)
    if parts.follower.now is not configuration:
        _end_streams(parts.admission.clients, parts.follower.now, anew=True)
    return call


async def _judged_again(parts: Parts, refusal: Refusal, ends: Ends) -> Call | Refusal:
    """Judge who was refused once more, if something has changed: a key works from the moment it is shown."""
    if not await parts.follower.look_again():
        return refusal
    configuration = parts.follower.now
    route = configuration.routes.find(asking(ends[0], ends[3]))
    return _NOT_FOUND if route is None else parts.admission.admit(configuration, route, ends)


async def _serve_client(parts: Parts, call: Call) -> None:
    """Serve something that stays open, and count how it ended."""
    client = call.client
    assert client is not None  # noqa: S101 - asked before
    call.meter.opened()
    try:
        await _handler(parts, call)(call)
    finally:
        client.end(CloseReason.LEFT)
        parts.admission.clients.close(client)
        call.meter.closed(client.ending.result(), asyncio.get_running_loop().time() - client.opened_at)


def _handler(parts: Parts, call: Call) -> Handler:
    return parts.handlers[call.route.purpose] if call.caller.examples is None else parts.sandbox


def _end_streams(clients: Clients, configuration: Configuration, *, anew: bool) -> None:
    loop_time = asyncio.get_running_loop().time()
    if anew or clients.is_due(loop_time):
        now = dt.datetime.now(dt.UTC)
        clients.enforce(Standing(configuration.by_id, configuration.table, now, loop_time))


def asking(scope: Scope, headers: Headers) -> Asking:
    """What of a scope decides where it goes."""
    accepts = _EVENT_STREAM in headers.get(b"accept", b"")
    return Asking(scope["path"], scope.get("method", "GET"), scope["type"] == "websocket", accepts)


def text_of(headers: Headers, name: bytes) -> str:
    """The value of a header; empty where there is none."""
    return headers.get(name, b"").decode("latin-1")


def preflight_method(scope: Scope, headers: Headers) -> str:
    """What a browser asks whether it may do; empty: the request is no preflight."""
    return text_of(headers, b"access-control-request-method") if scope["method"] == "OPTIONS" else ""


async def _metrics(parts: Parts, send: Send) -> None:
    admission = parts.admission
    gauges = (
        Gauge("sluice_gateway_streams_open", "Streams that clients have open.", len(admission.clients)),
        Gauge("sluice_gateway_budgets", "Callers whose limits are being counted.", len(admission.budgets)),
        Gauge(
            "sluice_gateway_traffic_unwritten_seconds",
            "How long ago all counts were written to PostgreSQL.",
            admission.analytics.unwritten_seconds,
        ),
        Gauge("sluice_gateway_revision", "The revision that is in force.", parts.follower.now.revision),
        Gauge("sluice_gateway_stale", "1: PostgreSQL is away for too long.", float(parts.follower.is_stale)),
    )
    await plain(send, CONTENT_TYPE, exposition(admission.analytics.totals, gauges))


_NOT_FOUND: Final = Refusal(404, "not_found", "No active API listens at this path.")
_MAY_BE_OUTDATED: Final = frozenset({"key_unknown", "not_subscribed"})
"""Refusals of somebody whose key or subscription may be younger than what is known."""
_STALE: Final = Refusal(
    503,
    "configuration_stale",
    "The gateway cannot reach its database and does not know any more who may call what.",
    ((b"retry-after", b"5"),),
)
_FOREIGN_ORIGIN: Final = Refusal(403, "origin_refused", "Pages of this origin may not use this API.")
