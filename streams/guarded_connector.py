"""Connections of aiohttp's client through the outbound guard: to vetted addresses, never to a name."""

import socket

from aiohttp import ClientTimeout, TCPConnector
from aiohttp.abc import AbstractResolver, ResolveResult

from streams.outbound import Guard
from streams.tls import client_context


def guarded_connector(guard: Guard, *, per_host: int) -> TCPConnector:
    """A pool of connections, made on the running event loop; per_host: the most to one host and port.

    The client asks no resolver for a host that is an address already, and uses kept connections again without asking
    anybody. So whoever calls lets the guard resolve the URL's host before each call, which the guard's cache makes
    cheap, and this resolver sees to the rest: that what was vetted is what is connected to.
    """
    return TCPConnector(
        resolver=_GuardedResolver(guard),
        use_dns_cache=False,  # the guard keeps answers as long as its verdict holds
        ssl=client_context(),
        limit=0,
        limit_per_host=per_host,
    )


def silence_timeout(connect_seconds: float, read_seconds: float) -> ClientTimeout:
    """Limits for calls that may take as long as they like while something moves."""
    return ClientTimeout(
        total=None, connect=connect_seconds, sock_connect=connect_seconds, sock_read=read_seconds
    )


class _GuardedResolver(AbstractResolver):
    def __init__(self, guard: Guard) -> None:
        self._guard = guard

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """The addresses the guard vetted. Raises HostError, which the client hands on as it is."""
        resolution = await self._guard.resolve(host)
        return [
            _numeric(host, address, port)
            for address in resolution.addresses
            if family in {socket.AF_UNSPEC, _family(address)}
        ]

    async def close(self) -> None:
        """Nothing is open."""


def _numeric(host: str, address: str, port: int) -> ResolveResult:
    return ResolveResult(
        hostname=host,
        host=address,
        port=port,
        family=_family(address),
        proto=socket.IPPROTO_TCP,
        flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
    )


def _family(address: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in address else socket.AF_INET
