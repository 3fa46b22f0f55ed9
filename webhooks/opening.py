"""The way to an open connection: to a vetted address and no other, step by step, each timed."""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
import time
from ipaddress import ip_address

from streams.outbound import HostError, HostForbiddenError, Resolution
from webhooks.exchange import ErrorClass, Phases
from webhooks.http_connection import HttpConnection, Owner
from webhooks.request import Target
from webhooks.tls_session import TlsSession

logger = logging.getLogger(__name__)


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
        tls = TlsSession(context, target.host) if target.scheme == "https" else None
        try:
            _, connection = await asyncio.get_running_loop().create_connection(
                lambda: HttpConnection(owner, target.key, address, resolution.until, tls), sock=connected
            )
        except BaseException:
            connected.close()
            raise
        try:
            await connection.ready
        except BaseException:
            connection.abort()
            raise
        if tls is not None:
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
