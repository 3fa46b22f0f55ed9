"""What uvicorn, as the gateway has it, keeps for strangers: connections on which no request is whole."""

import asyncio
import logging
import struct
from contextlib import asynccontextmanager, suppress

import pytest
import uvicorn

from gateway import bounded_http
from gateway.bounded_http import HEAD_BYTES
from portal.management.commands.gateway import configured
from tests.gateway.ingesting import until

READ_BYTES = 1 << 18
"""What the event loop reads at once."""
UPGRADE = (
    b"GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
)


class Application:
    """Answers each request when it may, with the size of its body; takes every WebSocket."""

    def __init__(self):
        self.turns = asyncio.Semaphore(1_000_000)
        """Answers that may be given."""
        self.disconnected = 0
        self.frames = []

    async def __call__(self, scope, receive, send):
        if scope["type"] == "http":
            await self.request(receive, send)
        elif scope["type"] == "websocket":
            await self.websocket(receive, send)
        else:
            await self.lifespan(receive, send)

    async def request(self, receive, send):
        size, more = 0, True
        while more:
            event = await receive()
            if event["type"] == "http.disconnect":
                self.disconnected += 1
                return
            size, more = size + len(event["body"]), event["more_body"]
        await self.turns.acquire()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"%d" % size})

    async def websocket(self, receive, send):
        while (event := await receive())["type"] != "websocket.disconnect":
            if event["type"] == "websocket.connect":
                await send({"type": "websocket.accept"})
            else:
                self.frames.append(event.get("bytes") or event["text"].encode())

    async def lifespan(self, receive, send):
        for _ in range(2):
            event = await receive()
            await send({"type": f"{event['type']}.complete"})


@pytest.fixture
async def application():
    return Application()


@pytest.fixture
async def server(application):
    config = configured(application)
    config.port = 0
    server = uvicorn.Server(config)
    running = asyncio.create_task(server.serve())
    await until(lambda: server.started)
    yield server
    server.should_exit = True
    await running


@pytest.fixture
def port(server):
    return server.servers[0].sockets[0].getsockname()[1]


@asynccontextmanager
async def connected(port, sent):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(sent)
    try:
        yield reader, writer
    finally:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()


async def poured(writer, block, most):
    """How much of an endless text is taken before the connection is cut off."""
    taken = 0
    with suppress(OSError):
        while taken < most:
            writer.write(block)
            await writer.drain()
            taken += len(block)
    return taken


async def answer(reader):
    """The first line of an answer, once the connection is closed."""
    with suppress(ConnectionResetError):
        return (await reader.read()).partition(b"\r\n")[0]
    return b"reset"


@pytest.mark.parametrize(
    "begun",
    [
        b"GET /",
        b"GET / HTTP/1.1\r\nX-Long: ",
        b"GET / HTTP/1.1\r\nHost: x\r\n",
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1;",
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n",
    ],
    ids=["address", "header", "headers", "chunk extension", "trailers"],
)
async def test_what_never_ends_is_cut_off(port, begun):
    block = b"X-A: b\r\n" * 4096 if begun.endswith(b"\r\n") else b"a" * 32768
    async with connected(port, begun) as (_, writer):
        most = 64 * READ_BYTES
        assert await poured(writer, block, most) < most


async def test_a_head_that_is_too_large_is_refused_and_a_large_one_is_not(port):
    head = b"GET / HTTP/1.1\r\nConnection: close\r\nX-Long: %b\r\n"
    async with connected(port, head % bytes(b"a" * (HEAD_BYTES - 1000)) + b"\r\n") as (reader, _):
        assert await answer(reader) == b"HTTP/1.1 200 OK"
    async with connected(port, head % bytes(b"a" * HEAD_BYTES)) as (reader, _):
        content = await reader.read()
    assert content.startswith(b"HTTP/1.1 431 Request Header Fields Too Large\r\n")
    assert b"application/problem+json" in content


async def test_a_body_of_many_parts_is_taken(port, application):
    chunks = b"1\r\na\r\n" * HEAD_BYTES
    head = b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
    async with connected(port, head + chunks + b"0\r\n\r\n") as (reader, _):
        assert (await reader.read()).endswith(b"%d\r\n0\r\n\r\n" % HEAD_BYTES)
    assert not application.disconnected


async def test_who_brings_no_whole_head_in_time_is_let_go(port, monkeypatch):
    monkeypatch.setattr(bounded_http, "HEAD_SECONDS", 0.2)
    async with connected(port, b"") as (reader, _):
        assert await reader.read() == b""
    async with connected(port, b"GET / HTTP/1.1\r\nHo") as (reader, _):
        assert await answer(reader) == b"HTTP/1.1 408 Request Timeout"
    whole = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
    async with connected(port, whole + b"GET") as (reader, _):
        assert (await reader.read()).count(b"HTTP/1.1 ") == 2, "the answer, and that the next came too late"


async def test_the_time_of_a_head_is_not_that_of_its_body_or_answer(port, application, monkeypatch):
    monkeypatch.setattr(bounded_http, "HEAD_SECONDS", 0.05)
    application.turns = asyncio.Semaphore(0)
    head = b"POST / HTTP/1.1\r\nContent-Length: 2\r\nConnection: close\r\n\r\na"
    async with connected(port, head) as (reader, writer), connected(port, UPGRADE + b"\r\n") as (frames, _):
        assert b"101 " in await frames.readline()
        await asyncio.sleep(0.2)
        writer.write(b"b")
        application.turns.release()
        assert await answer(reader) == b"HTTP/1.1 200 OK"
        assert not frames.at_eof()


async def test_requests_sent_ahead_wait_outside(server, port, application):
    application.turns = asyncio.Semaphore(0)
    request = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
    async with connected(port, request * 4 * (READ_BYTES // len(request))) as (reader, writer):
        for _ in range(5):
            application.turns.release()
            await reader.readuntil(b"0\r\n\r\n")
        (connection,) = server.server_state.connections
        assert len(connection.pipeline) <= READ_BYTES // len(request)
        writer.transport.abort()


@pytest.mark.parametrize(
    ("header", "status"),
    [
        (b"X-Long: %b\r\n" % (b"a" * 20_000), b"431"),
        (b"".join(b"X-%d: y\r\n" % number for number in range(200)), b"431"),
        (b"Content-Length: 5\r\n", b"400"),
    ],
    ids=["long", "many", "body"],
)
async def test_a_handshake_that_cannot_be_read_is_answered(port, header, status):
    async with connected(port, UPGRADE + header + b"\r\n") as (reader, _):
        assert (await answer(reader)).split(b" ")[1] == status


def frame(kind, content=b"", *, last=True):
    """A frame of a client whose mask changes nothing (RFC 6455 section 5.2)."""
    size = len(content)
    length = bytes([0x80 | size]) if size < 126 else b"\xfe" + struct.pack(">H", size)
    return bytes([(0x80 if last else 0) | kind]) + length + bytes(4) + content


async def test_a_message_is_bounded_before_it_is_whole(port, settings):
    async with connected(port, UPGRADE + b"\r\n") as (reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(frame(2, b"", last=False))
        part = frame(0, bytes(60_000), last=False)
        most = 4 * settings.INGEST_BODY_BYTES
        await poured(writer, part, most)
        assert b"\x03\xf1" in await reader.read(4), "1009: the message is too big"


async def test_a_message_in_many_fragments_arrives_whole(port, application):
    async with connected(port, UPGRADE + b"\r\n") as (reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(frame(2, b"<", last=False) + frame(0, b"a", last=False) * 5000 + frame(0, b">"))
        await until(lambda: application.frames)
    assert application.frames == [b"<" + b"a" * 5000 + b">"]


async def test_what_strangers_send_is_not_in_the_log(port, caplog):
    with caplog.at_level(logging.INFO, "uvicorn.error"):
        for sent in (
            b"\x16\x03\x01\r\n\r\n",
            b"GET / HTTP/1.1\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n",
        ):
            async with connected(port, sent) as (reader, _):
                await reader.readline()
        async with connected(port, UPGRADE + b"\r\n") as (reader, writer):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(frame(1, b"\xff"))
            assert b"\x03\xef" in await reader.read(4), "1007: no UTF-8"
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]
