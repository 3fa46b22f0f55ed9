"""How one request or WebSocket is served: its route, who it is from, then the stream or the upstream.

Most requests need nothing but their handler. What decides is plain functions then, and nothing of this file waits
with the request: each coroutine that is held until a broker has answered costs more than what it did before.
"""

import asyncio
import datetime as dt
from collections.abc import Awaitable
from typing import Final

from gateway.admission import SHUTDOWN, Ends, ticket_of
from gateway.answers import preflight, refuse, with_headers
from gateway.authentication import Refusal
from gateway.call import Call, Handler
from gateway.client import CloseReason
from gateway.clients import Clients, Standing
from gateway.configuration import Configuration
from gateway.cors import allowed_origin, preflight_headers, response_headers
from gateway.parts import Parts
from gateway.protocol import Headers, Receive, Scope, Send, first_values
from gateway.routes import Asking, Route

_EVENT_STREAM: Final = b"text/event-stream"


def dispatch(parts: Parts, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
    """Serve what has come; to be awaited at once."""
    headers = first_values(scope)
    ends = scope, receive, send, headers
    if refusal := _closed(parts):
        return refuse(scope, receive, send, refusal)
    route = parts.follower.now.routes.find(asking(scope, headers))
    if route is None:
        return _serve_unknown(parts, ends)
    if b"origin" in headers:
        return _serve_page(parts, route, ends)
    return _serve_caller(parts, route, ends)


def _closed(parts: Parts) -> Refusal | None:
    """Why nobody is served now."""
    if parts.admission.clients.draining:
        return SHUTDOWN
    return _STALE if parts.follower.is_stale else None


async def _serve_unknown(parts: Parts, ends: Ends) -> None:
    """Serve a request to where nothing listens, unless that has changed a moment ago."""
    route = None
    if await parts.follower.look_again():
        route = parts.follower.now.routes.find(asking(ends[0], ends[3]))
    if route is None:
        await refuse(*ends[:3], _NOT_FOUND)
    elif b"origin" in ends[3]:
        await _serve_page(parts, route, ends)
    else:
        await _serve_caller(parts, route, ends)


async def _serve_page(parts: Parts, route: Route, ends: Ends) -> None:
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
    await _serve_caller(parts, route, (scope, receive, send, headers))


def _serve_caller(parts: Parts, route: Route, ends: Ends) -> Awaitable[None]:
    if ticket := ticket_of(route, ends[0]):
        return _serve_ticket(parts, ticket, route, ends)
    call = parts.admission.admit(parts.follower.now, route, ends)
    if isinstance(call, Refusal) and call.code in _MAY_BE_OUTDATED:
        return _serve_refused(parts, call, ends)
    return _serve_judged(parts, call, ends)


def _serve_judged(parts: Parts, call: Call | Refusal, ends: Ends) -> Awaitable[None]:
    if isinstance(call, Refusal):
        return refuse(*ends[:3], call)
    return _handler(parts, call)(call) if call.client is None else _serve_client(parts, call)


async def _serve_ticket(parts: Parts, ticket: str, route: Route, ends: Ends) -> None:
    """Serve who shows a ticket. To redeem it takes its time, in which what it was judged by may have changed."""
    configuration = parts.follower.now
    call = await parts.admission.admit_by_ticket(ticket, configuration, route, ends)
    if parts.follower.now is not configuration:
        end_streams(parts.admission.clients, parts.follower.now, anew=True)
    await _serve_judged(parts, call, ends)


async def _serve_refused(parts: Parts, refusal: Refusal, ends: Ends) -> None:
    """Judge who was refused once more, if something has changed: a key works from the moment it is shown."""
    call: Call | Refusal = refusal
    if await parts.follower.look_again():
        configuration = parts.follower.now
        route = configuration.routes.find(asking(ends[0], ends[3]))
        call = _NOT_FOUND if route is None else parts.admission.admit(configuration, route, ends)
    await _serve_judged(parts, call, ends)


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


def end_streams(clients: Clients, configuration: Configuration, *, anew: bool) -> None:
    """Bring what has changed or expired into force on open streams."""
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
