"""One connection of a component: to a vetted address, and opened anew after it was lost."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Final, Generic, TypeVar

from streams.errors import ConnectError, OutputError
from streams.outbound import Guard, HostError
from streams.servers import Server
from streams.statistics import SourceStatus

logger = logging.getLogger(__name__)

FIRST_PAUSE: Final = 0.1
"""Seconds before another try; each time twice as long."""
LONGEST_PAUSE: Final = 5.0
STEADY_SECONDS: Final = 10.0
"""A connection that held so long was a good one: after its loss, waits begin with the first again."""
CONNECT_SECONDS: Final = 10.0
CLOSE_SECONDS: Final = 5.0

Client = TypeVar("Client")


class Link(Generic[Client]):
    """A client that is there when it is asked for. It lives on the event loop it is made on."""

    def __init__(
        self, open_: Callable[[], Awaitable[Client]], close: Callable[[Client], Awaitable[object]]
    ) -> None:
        """open_: makes a connected client, or raises ConnectError. close: lets go of one, connected or not."""
        self.error = ""
        """Why there is no connection; empty while there is, or none was asked for."""
        self._open = open_
        self._close = close
        self._client: Client | None = None
        self._opening = asyncio.Lock()
        self._failures = 0

    async def client(self) -> Client:
        """Return the client, connecting if need be. Raises ConnectError, also where another's try just failed."""
        failures = self._failures
        async with self._opening:
            if self._client is None:
                if self._failures != failures:
                    raise ConnectError(self.error)
                self._client = await self._opened()
            return self._client

    async def client_to_write(self) -> Client:
        """Return the client, for an output that writes. Raises OutputError."""
        try:
            return await self.client()
        except ConnectError as error:
            raise OutputError(str(error)) from error

    async def drop(self, client: Client, error: str) -> None:
        """Let go of a client that is of no use any more; the next who asks gets another."""
        if self._client is client:
            self._client, self.error = None, error
            await self._let_go(client)

    async def close(self) -> None:
        """Let go of the client."""
        client, self._client = self._client, None
        if client is not None:
            await self._let_go(client)

    def status(self) -> SourceStatus:
        """Whether the server can be reached."""
        return SourceStatus(error=self.error)

    async def _opened(self) -> Client:
        try:
            client = await self._open()
        except ConnectError as error:
            self.error = str(error)
            self._failures += 1
            raise
        self.error = ""
        return client

    async def _let_go(self, client: Client) -> None:
        # Whatever a broken client raises, there is nothing left to be done with it.
        with suppress(Exception):
            async with asyncio.timeout(CLOSE_SECONDS):
                await self._close(client)


async def connect_first(
    servers: Sequence[Server],
    guard: Guard,
    connect: Callable[[Server, str], Awaitable[Client]],
    failures: tuple[type[Exception], ...],
    seconds: float = CONNECT_SECONDS,
) -> Client:
    """Connect to the first server that lets us, at an address the guard has vetted. Raises ConnectError.

    connect: connects to a server at an address, never at its name. failures: what it raises besides OSError when it
    cannot. seconds: for each address.
    """
    failures = (OSError, TimeoutError, *failures)
    reasons: list[str] = []
    for server in servers:
        try:
            for address in await _addresses(server, guard, seconds):
                try:
                    async with asyncio.timeout(seconds):
                        return await connect(server, address)
                except failures as error:
                    reasons.append(f"{server.address}: {_reason(error, seconds)}")
        except (HostError, TimeoutError) as error:
            logger.info("%s is not called: %s", server.address, getattr(error, "detail", error))
            reasons.append(f"{server.address}: {_reason(error, seconds)}")
    raise ConnectError("; ".join(reasons))


async def _addresses(server: Server, guard: Guard, seconds: float) -> Sequence[str]:
    """What may be connected to: the operator's own servers are where the operator says."""
    if server.connection is not None:
        return (server.host,)
    async with asyncio.timeout(seconds):
        return (await guard.resolve(server.host)).addresses


def _reason(error: Exception, seconds: float) -> str:
    return f"no answer within {seconds:g} s" if isinstance(error, TimeoutError) else str(error) or repr(error)
