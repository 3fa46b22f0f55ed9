"""What servers leave out: back-pressure and answers to refused handshakes under Daphne, cutting off at once under both.

Daphne takes whatever is sent to a client that does not read and keeps it in memory. Twisted, which it runs on, tells
a producer when a connection's buffer is full; `send` waits until it is not. uvicorn does so by itself. It also answers
a handshake that is refused as ASGI has it ("WebSocket Denial Response"), where Daphne says 403 and nothing else.
"""

import asyncio
from collections.abc import Awaitable
from contextlib import suppress
from functools import partial
from http import HTTPStatus
from inspect import unwrap
from typing import Any, Final

from asgiref.sync import markcoroutinefunction

from gateway.protocol import Application, Event, Receive, Scope, Send

DENIAL: Final = "websocket.http.response"
"""https://asgi.readthedocs.io/en/latest/extensions.html#websocket-denial-response"""


class ServerFlow:
    """The outermost layer of an application."""

    def __init__(self, application: Application) -> None:
        self._application = application

    @markcoroutinefunction  # as which servers know an application; one more that waits would cost each request
    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Serve, with a `send` that waits for the client and by which it can be cut off."""
        if isinstance(send, partial) and (protocol := _daphne_protocol(send)) is not None:
            send = _DaphneFlow(scope["type"], protocol, send).send
            if scope["type"] == "websocket":
                scope["extensions"] = {**scope.get("extensions", {}), DENIAL: {}}
        return self._application(scope, receive, send)


def abort(send: Send) -> None:
    """Cut off the connection that a `send` writes to, dropping what the client has not read, if the server can."""
    server = getattr(unwrap(send), "__self__", None)
    if isinstance(server, _DaphneFlow):
        server.abort()
    elif (transport := getattr(server, "transport", None)) is not None:
        transport.abort()  # uvicorn's `send` is a method of what has it


class _DaphneFlow:
    """A Twisted push producer that holds `send` back while the connection's buffer is full."""

    def __init__(self, kind: str, protocol: Any, send: Send) -> None:
        self._kind = kind
        self._protocol = protocol
        self._send = send
        self._registered = False
        self._open = asyncio.Event()
        self._open.set()

    async def send(self, event: Event) -> None:
        """Send, and return when there is room for more."""
        if event["type"] == "websocket.close" and self._registered:
            # Daphne passes no reason on, and refuses the codes of servers (RFC 6455 section 7.4.1), such as 1012.
            self._protocol.sendCloseFrame(event.get("code", 1000), event.get("reason", "").encode())
            return
        if event["type"].startswith(DENIAL):
            self._deny(event)
            return
        if self._kind == "http" and self._registered and not event.get("more_body", False):
            self._protocol.unregisterProducer()  # Twisted takes a response that ends before it for a fault
        await self._send(event)
        if not self._registered and _is_begun(event):
            self._registered = True
            self._register()
        await self._open.wait()

    def _deny(self, event: Event) -> None:
        """Answer the handshake, and close what is no WebSocket."""
        if event["type"] == f"{DENIAL}.start":
            self._protocol.sendData(_head(event))
        else:
            self._protocol.sendData(event.get("body", b""))
            if not event.get("more_body", False):
                self._protocol.dropConnection(abort=False)

    def abort(self) -> None:
        """Cut the connection off."""
        self._open.set()
        with suppress(AttributeError):
            self._protocol.transport.abortConnection()

    def pauseProducing(self) -> None:  # noqa: N802 - Twisted's name
        """Be told that the buffer is full."""
        self._open.clear()

    def resumeProducing(self) -> None:  # noqa: N802 - Twisted's name
        """Be told that there is room."""
        self._open.set()

    def stopProducing(self) -> None:  # noqa: N802 - Twisted's name
        """Be told that the connection is gone."""
        self._open.set()

    def _register(self) -> None:
        if self._kind == "http":
            self._protocol.registerProducer(self, streaming=True)
        else:
            self._protocol.transport.unregisterProducer()
            self._protocol.transport.registerProducer(self, streaming=True)


def _daphne_protocol(send: "partial[Awaitable[None]]") -> Any:
    """Daphne's protocol object behind a `send`; None under any other server."""
    if not send.args:
        return None
    server = getattr(send.func, "__self__", None)
    return send.args[0] if type(server).__module__ == "daphne.server" else None


def _head(start: Event) -> bytes:
    """The head of an answer after which the connection is closed (RFC 9112 section 2.1)."""
    status = HTTPStatus(start["status"])
    lines = [b"%b: %b\r\n" % (name, value) for name, value in start["headers"]]
    return b"HTTP/1.1 %d %b\r\n%bconnection: close\r\n\r\n" % (
        status,
        status.phrase.encode(),
        b"".join(lines),
    )


def _is_begun(event: Event) -> bool:
    streaming = event["type"] == "http.response.body" and event.get("more_body", False)
    return bool(streaming) or event["type"] == "websocket.accept"
