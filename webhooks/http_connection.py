"""One connection to a receiver: opened to a vetted address, carrying one exchange at a time."""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
import time
from collections.abc import Callable
from ipaddress import ip_address
from typing import Protocol, cast

from streams.outbound import HostError, HostForbiddenError, Resolution
from webhooks.exchange import REUSED, ErrorClass, Exchange, Phases
from webhooks.http_response import ResponseError, ResponseReader
from webhooks.request import Request, Target

logger = logging.getLogger(__name__)

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
    """The protocol of one connection; asyncio calls it."""

    __slots__ = ("_owner", "_reader", "_transport", "address", "call", "idle_since", "key", "vetted_until")

    def __init__(self, owner: Owner, key: tuple[str, str, int], address: str, vetted_until: float) -> None:
        self._owner = owner
        self._reader = ResponseReader()
        self._transport: asyncio.Transport | None = None
        self.key = key
        self.address = address
        self.vetted_until = vetted_until
        """On the monotonic clock: when the host must be resolved and vetted anew before the next request."""
        self.idle_since = 0.0
        self.call: Call | None = None

    @property
    def usable(self) -> bool:
        """Tell whether a request can be sent: open, as far as is known."""
        return self._transport is not None and not self._transport.is_closing()

    def send(self, call: Call) -> None:
        """Send the call's request. Its `on_done` is called once, later, unless the owner gets it back."""
        self.call = call
        self._reader.begin()
        cast("asyncio.Transport", self._transport).write(call.request.encoded())

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
        """Keep the transport."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Read the answer; hand it over when it is whole."""
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
        if call is None:
            self._owner.closed(self)
        elif call.reused and not self._reader.started:
            self.call = None
            self._owner.closed(self)
            self._owner.unanswered(call)
        elif exc is None and self._reader.ends_with_connection():
            self._finish(call)
        else:
            self._fail(ErrorClass.RESET, str(exc) if exc else "closed by the receiver")

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


class Opening:
    """The steps to a new connection, timed; after a failure it knows in which step that was."""

    __slots__ = ("_began", "connect", "dns", "tls")

    def __init__(self) -> None:
        self._began = time.monotonic()
        self.dns: float | None = None
        self.connect: float | None = None
        self.tls: float | None = None

    @property
    def phases(self) -> Phases:
        """The steps done so far, in milliseconds."""
        return Phases(self.dns, self.connect, self.tls)

    def resolved(self) -> None:
        """The addresses are known."""
        self.dns = self._lap()

    async def open(
        self,
        owner: Owner,
        target: Target,
        resolution: Resolution,
        context: ssl.SSLContext,
        connect_seconds: float,
    ) -> HttpConnection:
        """Connect to the first address that answers and make TLS if the scheme asks for it.

        Only addresses of the resolution are ever connected to; the host's name serves TLS alone: SNI and the
        check of the certificate. Raises OSError, TimeoutError, ssl.SSLError. Bound the TLS handshake outside.
        """
        connected, address = await _connect(resolution.addresses, target.port, connect_seconds)
        self.connect = self._lap()
        secure = target.scheme == "https"
        try:
            _, connection = await asyncio.get_running_loop().create_connection(
                lambda: HttpConnection(owner, target.key, address, resolution.until),
                sock=connected,
                ssl=context if secure else None,
                server_hostname=target.host if secure else None,
            )
        except BaseException:
            connected.close()
            raise
        if secure:
            self.tls = self._lap()
        return connection

    def classify(self, error: Exception) -> ErrorClass:
        """Return the class of what went wrong, by the step it went wrong in."""
        if isinstance(error, HostError):
            forbidden = isinstance(error, HostForbiddenError)
            return ErrorClass.BLOCKED_ADDRESS if forbidden else ErrorClass.DNS_ERROR
        if isinstance(error, TimeoutError):
            return self._timed_out()
        if not isinstance(error, (OSError, ValueError)):
            logger.error("a request could not be sent", exc_info=error)
            return ErrorClass.INTERNAL
        if self.connect is not None:
            return ErrorClass.TLS_ERROR
        return (
            ErrorClass.CONNECT_REFUSED
            if isinstance(error, ConnectionRefusedError)
            else ErrorClass.CONNECT_ERROR
        )

    def describe(self, error: Exception, target: Target) -> str:
        """Return what an operator should know of the failure."""
        if isinstance(error, HostError):
            return error.detail
        return f"{target.host}:{target.port}: {str(error) or 'timed out'}"

    def _timed_out(self) -> ErrorClass:
        if self.dns is None:
            return ErrorClass.DNS_ERROR
        return ErrorClass.CONNECT_TIMEOUT if self.connect is None else ErrorClass.TIMEOUT

    def _lap(self) -> float:
        began, self._began = self._began, time.monotonic()
        return (self._began - began) * 1000


async def _connect(addresses: tuple[str, ...], port: int, seconds: float) -> tuple[socket.socket, str]:
    """Try each address in turn, each with an equal share of the time that is left."""
    ends = time.monotonic() + seconds
    failure: OSError = OSError("no address")
    for place, address in enumerate(addresses):
        share = (ends - time.monotonic()) / (len(addresses) - place)
        try:
            async with asyncio.timeout(share):
                return await _connect_one(address, port), address
        except OSError as error:  # TimeoutError is one
            failure = error
    raise failure


async def _connect_one(address: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ip_address(address).version == 6 else socket.AF_INET
    connecting = socket.socket(family, socket.SOCK_STREAM)
    try:
        connecting.setblocking(False)  # noqa: FBT003 - the socket's own interface
        connecting.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        await asyncio.get_running_loop().sock_connect(connecting, (address, port))
    except BaseException:
        connecting.close()
        raise
    return connecting


def _milliseconds_since(moment: float) -> float:
    return (time.monotonic() - moment) * 1000
