"""One pool of connections for all streams of a process, through the outbound guard."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Final

import aiohttp
from yarl import URL

from streams.errors import SluiceError
from streams.guarded_connector import guarded_connector
from streams.outbound import Guard, HostError, check_url

MAX_BODY: Final = 16 << 20
"""Bytes of an answer, decompressed."""
PER_HOST: Final = 64
_CHUNK: Final = 64 * 1024
_ENDLESS: Final = aiohttp.ClientTimeout(total=None)
_KEEP_ALIVE: Final = {
    getattr(socket, name): value
    for name, value in {"TCP_KEEPIDLE": 30, "TCP_KEEPINTVL": 10, "TCP_KEEPCNT": 3}.items()
    if hasattr(socket, name)
}
"""Seconds of silence before the other end is asked whether it is there, between questions, and how many."""
_NOT_OURS: Final = ("Content-Type", "User-Agent", "Accept")
"""Headers that the library would add."""


class CallError(SluiceError):
    """There was no whole answer; another try may get one."""


@dataclass(frozen=True, slots=True)
class Call:
    """What is sent."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes
    seconds: float
    """For the whole call, from the resolver to the last byte."""
    tls: ssl.SSLContext | None = None
    """None: as the process does."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What was answered."""

    status: int
    """Any: redirects are not followed."""
    reason: str
    headers: tuple[tuple[str, str], ...]
    """Names in lower case."""
    body: bytes


@dataclass(frozen=True, slots=True)
class OpenAnswer:
    """An answer whose body is still to come."""

    status: int
    reason: str
    headers: tuple[tuple[str, str], ...]
    """Names in lower case."""
    chunks: AsyncIterator[bytes]
    """The body as it comes; raises CallError where the connection breaks."""


class HttpClient:
    """Makes calls on the loop it is first used on."""

    def __init__(self, guard: Guard) -> None:
        self._guard = guard
        self._session: aiohttp.ClientSession | None = None

    async def call(self, call: Call) -> Answer:
        """Make one call. Raises UrlError for a URL that cannot be called, CallError for no answer."""
        check_url(call.url)
        with _translated(call):
            async with asyncio.timeout(call.seconds):
                response = await self._request(call)
                async with response:
                    status, reason, headers = _head(response)
                    return Answer(status, reason, headers, await _body(response, call.url))

    @asynccontextmanager
    async def open(self, call: Call) -> AsyncIterator[OpenAnswer]:
        """Make a call whose body is read as it comes; its seconds are for the answer to begin.

        Raises UrlError for a URL that cannot be called, CallError for no answer.
        """
        check_url(call.url)
        with _translated(call):
            async with asyncio.timeout(call.seconds):
                response = await self._request(call)
        _keep_alive(response)
        async with response:
            yield OpenAnswer(*_head(response), _chunks(response, call))

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()

    async def _request(self, call: Call) -> aiohttp.ClientResponse:
        # For kept connections, and addresses that need no resolver.
        await self._guard.resolve(check_url(call.url).host)
        return await self._open().request(
            call.method,
            URL(call.url, encoded=True),
            headers=call.headers,
            data=call.body or None,
            allow_redirects=False,
            skip_auto_headers=_NOT_OURS,
            ssl=True if call.tls is None else call.tls,
        )

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=guarded_connector(self._guard, per_host=PER_HOST),
                # What a service sets for one stream is nothing to another.
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=_ENDLESS,  # each call has its own
            )
        return self._session


@contextmanager
def _translated(call: Call) -> Iterator[None]:
    """Say of whatever goes wrong that there was no answer."""
    try:
        yield
    except HostError as error:
        raise CallError(str(error)) from error
    except TimeoutError as error:
        raise CallError(f"{call.url}: no answer within {call.seconds:g} s") from error
    except (aiohttp.ClientError, OSError, ValueError) as error:
        raise CallError(f"{call.url}: {error}") from error


def _keep_alive(response: aiohttp.ClientResponse) -> None:
    """Have the kernel find out when the other end is gone, however long an answer may be silent."""
    transport = response.connection.transport if response.connection is not None else None
    found = transport.get_extra_info("socket") if transport is not None else None
    if found is not None:
        found.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for option, value in _KEEP_ALIVE.items():
            found.setsockopt(socket.IPPROTO_TCP, option, value)


def _head(response: aiohttp.ClientResponse) -> tuple[int, str, tuple[tuple[str, str], ...]]:
    headers = tuple((name.lower(), value) for name, value in response.headers.items())
    return response.status, response.reason or "", headers


async def _chunks(response: aiohttp.ClientResponse, call: Call) -> AsyncIterator[bytes]:
    with _translated(call):
        async for part in response.content.iter_any():
            yield part


async def _body(response: aiohttp.ClientResponse, url: str) -> bytes:
    parts: list[bytes] = []
    left = MAX_BODY
    async for part in response.content.iter_chunked(_CHUNK):
        left -= len(part)
        if left < 0:
            raise CallError(f"{url}: the answer is larger than {MAX_BODY} bytes")
        parts.append(part)
    return b"".join(parts)
