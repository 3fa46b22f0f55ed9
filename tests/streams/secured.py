"""TLS before servers that have none: whether a client checks the name that it was told, at the address it was given."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from streams.connections import ConnectionSettings
from streams.errors import ConnectError
from streams.message import Message
from streams.outbound import Guard
from streams.stopping import end_tasks
from tests.streams.connecting import LOCAL, connections, output_of
from tests.webhooks.authority import Authority

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]
Writes = Callable[[str, str], str]
"""The YAML of an output: `host:port`, or a connection's name, and a `tls` field (or nothing) are put in."""


async def check_names(directory: Path, port: int, kind: str, writes: Writes, message: Message) -> None:
    """Write a message through TLS to the server on a port: to its own name, to another, and by a connection."""
    authority = Authority(directory)
    pem = authority.path.read_text()
    own = f", tls: {{enabled: true, root_cas: {json.dumps(pem)}}}"
    guard = Guard(LOCAL, resolver=lambda _: ["127.0.0.1"])
    context = authority.server_context("right.test", "localhost")
    async with _relay(context, port) as secured:
        async with output_of(writes(f"right.test:{secured}", own), {Guard: guard}) as output:
            await output.write([message])
        with pytest.raises(ConnectError, match=r"(?i)certificate|tls|ssl"):
            async with output_of(writes(f"wrong.test:{secured}", own), {Guard: guard}):
                pass
        main = ConnectionSettings(
            (f"localhost:{secured}",), tls=True, ca_certificate=pem, name="main", kind=kind
        )
        async with output_of(writes("main", ""), connections(main)) as output:
            await output.write([message])
    guard.close()


@asynccontextmanager
async def _relay(context: ssl.SSLContext, port: int) -> AsyncIterator[int]:
    """The port of a server that speaks TLS and passes on to another port."""
    serving: set[asyncio.Task[None]] = set()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        onward = await asyncio.open_connection("127.0.0.1", port)
        serving.add(asyncio.create_task(_pass_on((reader, writer), onward)))

    server = await asyncio.start_server(accept, "127.0.0.1", 0, ssl=context)
    yield server.sockets[0].getsockname()[1]
    server.close()
    await end_tasks(serving)


async def _pass_on(near: Streams, far: Streams) -> None:
    """Copy both ways until either end is closed."""
    copying = [asyncio.create_task(_copy(near[0], far[1])), asyncio.create_task(_copy(far[0], near[1]))]
    try:
        await asyncio.wait(copying, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for _, writer in (near, far):
            writer.transport.abort()
        await end_tasks(copying)


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError, ssl.SSLError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
