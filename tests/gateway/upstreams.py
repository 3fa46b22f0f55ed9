"""An Upstream for tests: behind a uvicorn, before a server that does what it is told, byte by byte."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import uvicorn

from gateway.call import Call
from gateway.caller import Caller, Limits
from gateway.protocol import Event, Receive, Scope, Send, first_values
from gateway.routes import ActiveApi, Purpose, Route
from gateway.server_flow import ServerFlow
from gateway.upstream import Patience, Upstream
from streams.connections import Connections
from streams.openapi import KeyPlaces
from streams.outbound import Guard
from tests.gateway.ingesting import Counted, until

COOKIES = ("sessionid", "csrftoken")
ANSWER = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"

Script = Callable[["Peer"], Awaitable[None]]


@dataclass
class Peer:
    """One connection at the upstream."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def head(self) -> bytes:
        """The request's line and headers."""
        return await self.reader.readuntil(b"\r\n\r\n")

    async def answer(self, content: bytes = ANSWER) -> None:
        self.writer.write(content)
        await self.writer.drain()


@dataclass
class Behind:
    """The upstream."""

    port: int = 0
    heads: list[bytes] = field(default_factory=list)
    peers: list[Peer] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def header(self, name: str) -> list[str]:
        """The values of a header of the last request."""
        lines = self.heads[-1].decode("latin-1").split("\r\n")[1:]
        pairs = [line.partition(": ") for line in lines if line]
        return [value for key, _, value in pairs if key.lower() == name]

    @property
    def line(self) -> str:
        return self.heads[-1].split(b"\r\n")[0].decode()


async def pour(writer: asyncio.StreamWriter, megabytes: int) -> None:
    """Write so much, as fast as it is taken."""
    for _ in range(megabytes):
        writer.write(bytes(1 << 20))
        await writer.drain()


@asynccontextmanager
async def upstream_server(script: Script) -> AsyncIterator[Behind]:
    """A server that treats each request as told, after it has read its head."""
    behind = Behind()
    tasks: set[asyncio.Task[Any]] = set()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        peer = Peer(reader, writer)
        behind.peers.append(peer)
        with suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            while True:
                behind.heads.append(await peer.head())
                await script(peer)
        writer.close()

    server = await asyncio.start_server(connected, "127.0.0.1", 0, limit=1 << 20)
    behind.port = server.sockets[0].getsockname()[1]
    try:
        yield behind
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@dataclass
class Before:
    """The gateway, as far as the upstream is concerned."""

    port: int
    meter: Counted
    ended: list[str] = field(default_factory=list)
    """Of each call that has ended, its path."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def raw(self, content: bytes) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A connection on which this was sent."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(content)
        return reader, writer


def api(
    url: str, *, strip: bool = True, authenticated: bool = True, places: KeyPlaces | None = None
) -> ActiveApi:
    """A definition without streams."""
    return ActiveApi(
        definition_id=1,
        organization_id=1,
        name="shop",
        dialect="tyk",
        revision=1,
        listen_path="/shop/",
        strip_listen_path=strip,
        authenticated=authenticated,
        upstream_url=url,
        connections=Connections(),
        key_places=places or KeyPlaces(),
    )


@asynccontextmanager
async def gateway_before(
    of: ActiveApi, patience: Patience | None = None, allow: tuple[str, ...] = ("127.0.0.0/8",)
) -> AsyncIterator[Before]:
    """A uvicorn with an Upstream."""
    upstream, meter = Upstream(Guard(allow), COOKIES, patience), Counted()
    before = Before(0, meter)

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        route = Route(of, Purpose.UPSTREAM, path="/" + scope["path"].removeprefix("/shop").lstrip("/"))
        try:
            await upstream.request(
                Call(
                    scope,
                    receive,
                    send,
                    first_values(scope),
                    route,
                    Caller("192.0.2.7", Limits()),
                    meter,
                    meter,
                )
            )
        finally:
            before.ended.append(scope["path"])

    config = uvicorn.Config(
        ServerFlow(application), port=0, interface="asgi3", lifespan="off", log_level="error"
    )
    server = uvicorn.Server(config)
    await upstream.start()
    running = asyncio.create_task(server.serve())
    try:
        await until(lambda: server.started)
        before.port = server.servers[0].sockets[0].getsockname()[1]
        yield before
    finally:
        server.should_exit = True
        await running
        await upstream.stop()


async def answered(upstream_url: str, scope: dict[str, Any]) -> list[Event]:
    """What an Upstream sends in answer to a scope, without a server."""
    upstream, sent = Upstream(Guard()), []

    async def receive() -> Event:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(event: Event) -> None:
        sent.append(event)

    of = api(upstream_url)
    to = Route(of, Purpose.UPSTREAM)
    call = Call(scope, receive, send, first_values(scope), to, Caller("", Limits()), Counted(), Counted())
    await upstream.request(call)
    return sent
