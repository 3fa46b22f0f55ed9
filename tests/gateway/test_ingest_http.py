"""POST over a real server: bodies that are too large, come slowly, or stop coming."""

import asyncio
import resource

import pytest

from gateway.ingest import IngestLimits
from tests.gateway.ingesting import Output, api, listening, serving, until

PLAIN = """
input: {http_server: {path: /chat, timeout: 60s}}
output: {kept: {}}
"""
GIGABYTE = 1_000_000_000
MEGABYTE = b"x" * 1_000_000


@pytest.fixture
def output():
    return Output()


async def head_of(reader):
    """The status and headers of an answer."""
    lines = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
    return int(lines[0].split()[1]), dict(line.lower().split(": ", 1) for line in lines[1:] if line)


async def send_forever(writer, chunk, count):
    """Send until all is sent or the server has had enough."""
    try:
        for _ in range(count):
            writer.write(chunk)
            await writer.drain()
    except ConnectionError:
        return


@pytest.mark.parametrize("announced", [True, False])
async def test_a_body_of_a_gigabyte_is_refused_and_never_in_memory(output, announced):
    async with serving(api(PLAIN, output)) as served, listening(served) as port:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        length = f"Content-Length: {GIGABYTE}" if announced else "Transfer-Encoding: chunked"
        writer.write(f"POST /shop/chat HTTP/1.1\r\nHost: gateway\r\n{length}\r\n\r\n".encode())
        chunk = MEGABYTE if announced else b"%x\r\n%b\r\n" % (len(MEGABYTE), MEGABYTE)
        sending = asyncio.create_task(send_forever(writer, chunk, 1000))

        status, headers = await head_of(reader)
        await sending

        assert (status, headers["connection"]) == (413, "close")
        assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000
        assert not output.taken
        writer.close()


async def test_a_slow_body_is_given_up_and_the_connection_closed(output):
    limits = IngestLimits(body_seconds=0.2)
    async with serving(api(PLAIN, output), limits) as served, listening(served) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"POST /shop/chat HTTP/1.1\r\nHost: gateway\r\nContent-Length: 100\r\n\r\nx")

        status, headers = await head_of(reader)

        assert (status, headers["connection"]) == (408, "close")
        async with asyncio.timeout(60):
            assert b"body_timeout" in await reader.read()
        writer.close()


async def test_who_leaves_in_the_middle_of_a_body_brings_nothing(output):
    async with serving(api(PLAIN, output)) as served, listening(served) as port:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"POST /shop/chat HTTP/1.1\r\nHost: gateway\r\nContent-Length: 100\r\n\r\nx")
        await writer.drain()
        await until(lambda: served.ingest._held._held)
        writer.close()

        await until(lambda: served.counted.errors)

        assert (served.counted.errors, output.taken, served.ingest._held._held) == (["client_left"], [], 0)


async def test_many_requests_on_one_connection_are_each_answered(output):
    async with serving(api(PLAIN, output)) as served, listening(served) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for number in range(20):
            body = b"%d" % number
            head = f"POST /shop/chat HTTP/1.1\r\nHost: gateway\r\nContent-Length: {len(body)}\r\n\r\n"
            writer.write(head.encode() + body)
            assert (await head_of(reader))[0] == 200
        writer.close()

        assert [message.content for message in output.taken] == [b"%d" % number for number in range(20)]
        assert output.taken[0].metadata["Content-Length"] == "1"
