"""One open connection to a receiver, carrying one exchange at a time."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Callable
from typing import Protocol, cast

from webhooks.exchange import REUSED, ErrorClass, Exchange, Phases
from webhooks.http_response import ResponseError, ResponseReader
from webhooks.request import Key, Request
from webhooks.tls_session import TlsSession

OnDone = Callable[[Exchange], None]


class Call:
    """A request on its way: when it began, when it must end, whom to tell."""

    __slots__ = ("deadline", "first_byte", "on_done", "phases", "request", "reused", "started")

    def __init__(self, request: Request, on_done: OnDone, started: float, deadline: float) -> None:
        self.request = request
        self.on_done = on_done
        self.started = started
        self.deadline = deadline
        self.phases: Phases = REUSED
        self.reused = False
        """It went out over a connection that had carried another."""
        self.first_byte: float | None = None

    def failed(self, error: ErrorClass, detail: str, reader: ResponseReader | None = None) -> Exchange:
        """Return the exchange of a call that came to no whole answer."""
        return Exchange(
            status=reader.status if reader else None,
            error=error,
            detail=detail,
            headers=tuple(reader.headers) if reader else (),
            phases=self.phases,
            first_byte_ms=self.first_byte,
            total_ms=_milliseconds_since(self.started),
        )

    def answered(self, reader: ResponseReader) -> Exchange:
        """Return the exchange of a call whose answer was read."""
        body, truncated = reader.excerpt()
        return Exchange(
            reader.status,
            None,
            "",
            tuple(reader.headers),
            body,
            truncated,
            self.phases,
            self.first_byte,
            _milliseconds_since(self.started),
        )


class Owner(Protocol):
    """Who keeps the connections."""

    def released(self, connection: HttpConnection) -> None:
        """The connection is free for another request."""

    def closed(self, connection: HttpConnection) -> None:
        """The connection is no more, and carries nothing."""

    def unanswered(self, call: Call) -> None:
        """A reused connection was closed by the peer before any byte of an answer."""


class HttpConnection(asyncio.Protocol):
    """The protocol of one connection; asyncio calls it.

    tls: the session to make before anything is sent, or None for plain http.
    """

    __slots__ = (
        "_owner",
        "_reader",
        "_tls",
        "_transport",
        "address",
        "call",
        "idle_since",
        "key",
        "ready",
        "vetted_until",
    )

    def __init__(
        self, owner: Owner, key: Key, address: str, vetted_until: float, tls: TlsSession | None
    ) -> None:
        self._owner = owner
        self._reader = ResponseReader()
        self._tls = tls
        self._transport: asyncio.Transport | None = None
        self.key = key
        self.address = address
        self.vetted_until = vetted_until
        """On the monotonic clock: when the host must be resolved and vetted anew before the next request."""
        self.idle_since = 0.0
        self.call: Call | None = None
        self.ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        """Done when requests can be sent; fails with ssl.SSLError or OSError."""

    @property
    def usable(self) -> bool:
        """Tell whether a request can be sent: open, as far as is known."""
        return self._transport is not None and not self._transport.is_closing()

    def send(self, call: Call) -> None:
        """Send the call's request. Its `on_done` is called once, later, unless the owner gets it back."""
        self.call = call
        self._reader.begin()
        transport, encoded = cast("asyncio.Transport", self._transport), call.request.encoded()
        if self._tls is None:
            transport.write(encoded)
        else:
            self._tls.encrypt(encoded)
            transport.write(self._tls.outgoing())

    def expire(self) -> None:
        """End the call: its deadline has passed."""
        self._fail(ErrorClass.TIMEOUT, "the deadline passed")

    def abort(self) -> None:
        """Close at once; a call that is under way fails."""
        if self.call is not None:
            self._fail(ErrorClass.INTERNAL, "the sender was closed")
        elif self._transport is not None:
            self._transport.abort()

    # --- asyncio's callbacks -------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport; begin the TLS handshake."""
        self._transport = cast("asyncio.Transport", transport)
        if self._tls is None:
            self.ready.set_result(None)
        else:
            self._tls.begin()
            self._transport.write(self._tls.outgoing())

    def data_received(self, data: bytes) -> None:
        """Read the answer; hand it over when it is whole."""
        if self._tls is not None:
            data = self._decrypted(self._tls, data)
            if not data:
                return
        call = self.call
        if call is None:  # an idle connection says something: a 408, or nonsense
            self.abort()
            return
        if call.first_byte is None:
            call.first_byte = _milliseconds_since(call.started)
        try:
            self._reader.feed(data)
        except ResponseError as fault:
            self._fail(fault.error, fault.detail)
            return
        if self._reader.complete:
            self._finish(call)

    def connection_lost(self, exc: Exception | None) -> None:
        """End what was under way; a connection that was closed while it was idle is forgotten."""
        call = self.call
        if not self.ready.done():
            self.ready.set_exception(exc or ConnectionResetError("closed in the TLS handshake"))
        elif call is None:
            self._owner.closed(self)
        elif call.reused and not self._reader.started:
            self.call = None
            self._owner.closed(self)
            self._owner.unanswered(call)
        elif exc is None and self._reader.ends_with_connection():
            self._finish(call)
        else:
            self._fail(ErrorClass.RESET, str(exc) if exc else "closed by the receiver")

    def _decrypted(self, tls: TlsSession, data: bytes) -> bytes:
        transport = cast("asyncio.Transport", self._transport)
        try:
            plain = tls.receive(data)
        except ssl.SSLError as error:
            transport.write(tls.outgoing())  # the alert that tells the receiver why
            self._tls_failed(error)
            return b""
        outgoing = tls.outgoing()
        if outgoing:
            transport.write(outgoing)
        if tls.established and not self.ready.done():
            self.ready.set_result(None)
        if tls.closed:
            transport.close()
        return plain

    def _tls_failed(self, error: ssl.SSLError) -> None:
        transport = cast("asyncio.Transport", self._transport)
        if not self.ready.done():
            self.ready.set_exception(error)
            transport.close()
        elif self.call is not None:
            self._fail(ErrorClass.TLS_ERROR, str(error))
        else:
            transport.abort()

    def _finish(self, call: Call) -> None:
        """Give the connection back before telling, so that what is sent next can have it."""
        transport = cast("asyncio.Transport", self._transport)
        exchange = call.answered(self._reader)
        self.call = None
        # An answer that came before the whole request went out leaves the connection out of step.
        if self._reader.keep_alive() and not transport.is_closing() and not transport.get_write_buffer_size():
            self._owner.released(self)
        else:
            transport.abort()
            self._owner.closed(self)
        call.on_done(exchange)

    def _fail(self, error: ErrorClass, detail: str) -> None:
        call, self.call = cast("Call", self.call), None
        cast("asyncio.Transport", self._transport).abort()
        self._owner.closed(self)
        call.on_done(call.failed(error, detail, self._reader))


def _milliseconds_since(moment: float) -> float:
    return (time.monotonic() - moment) * 1000
