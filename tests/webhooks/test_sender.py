"""The sender asks as it must, and reads every answer a receiver can give."""

import asyncio
import gzip
import socket
import struct
import zlib

import pytest

from tests.webhooks.receivers import Receiver, hang, hang_after_request, read_request, replying
from tests.webhooks.sending import (  # noqa: F401
    BOTH_LOOPS,
    NO_CONTENT,
    OK,
    SHORT,
    authority,
    event_loop_policy,
    make_sender,
    names,
    plain,
    request_to,
)
from webhooks.exchange import EXCERPT_BYTES, ErrorClass
from webhooks.http_response import BODY_BYTES

pytestmark = BOTH_LOOPS


# --- the request ------------------------------------------------------------------------------------


async def test_the_receiver_gets_the_standards_headers_and_the_bytes_that_were_signed(make_sender):
    got = []

    async def receive(reader, writer):
        got.append(await read_request(reader))
        writer.write(NO_CONTENT)

    async with Receiver(receive).running() as receiver:
        request = request_to(f"http://127.0.0.1:{receiver.port}/a?b=c", b"\x00\xff", b"X-Api-Key: k\r\n")
        exchange = await make_sender().post(request)
    assert (exchange.status, exchange.error) == (204, None)
    head, body = got[0]
    assert body == b"\x00\xff"
    assert head.split(b"\r\n") == [
        b"POST /a?b=c HTTP/1.1",
        b"Host: 127.0.0.1:%d" % receiver.port,
        b"User-Agent: Sluice/0.1.0",
        b"Content-Type: application/json",
        b"Content-Length: 2",
        b"webhook-id: msg_1",
        b"webhook-timestamp: 1700000000",
        b"webhook-signature: v1,c2ln",
        b"X-Api-Key: k",
        b"",
        b"",
    ]


async def test_a_body_larger_than_every_buffer_arrives_whole(make_sender):
    got = []

    async def receive(reader, writer):
        got.append((await read_request(reader))[1])
        writer.write(NO_CONTENT)

    body = b"0123456789abcdef" * 300_000
    async with Receiver(receive).running() as receiver:
        assert (
            await make_sender().post(request_to(f"http://127.0.0.1:{receiver.port}/", body))
        ).status == 204
    assert got == [body]


# --- the answer -------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [200, 204, 301, 302, 307, 410, 429, 500, 599])
async def test_every_final_status_is_an_answer_and_no_redirect_is_followed(make_sender, status):
    answer = b"HTTP/1.1 %d X\r\nLocation: /other\r\nContent-Length: 0\r\n\r\n" % status
    async with Receiver(replying(answer, NO_CONTENT)).running() as receiver:
        exchange = await make_sender().post(plain(receiver))
    assert (exchange.status, exchange.error) == (status, None)


@pytest.mark.parametrize(
    ("answer", "body"),
    [
        (OK, b"ok"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n1\r\n!\r\n0\r\n\r\n", b"ok!"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX-Trailer: t\r\n\r\n", b"ok"),
        (b"HTTP/1.0 200 OK\r\n\r\nuntil the close", b"until the close"),
        (b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n", b""),
        (b"HTTP/1.1 100 Continue\r\nX-A: b\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\n" + OK, b"ok"),
        (NO_CONTENT, b""),
    ],
)
async def test_every_way_to_frame_an_answer_is_read(make_sender, answer, body):
    async with Receiver(replying(answer)).running() as receiver:
        exchange = await make_sender().post(plain(receiver))
    assert (exchange.error, exchange.body, exchange.truncated) == (None, body, False)
    assert exchange.header(b"x-a") is None


async def test_an_answer_in_single_bytes_is_read(make_sender):
    async def receive(reader, writer):
        await read_request(reader)
        for byte in OK:
            writer.write(bytes((byte,)))
            await writer.drain()
            await asyncio.sleep(0)
        await reader.read()

    async with Receiver(receive).running() as receiver:
        assert (await make_sender().post(plain(receiver))).body == b"ok"


async def test_headers_are_kept_and_found_in_any_case(make_sender):
    answer = b"HTTP/1.1 503 X\r\nRetry-After:  120 \r\nX-Odd: caf\xe9\r\nContent-Length: 0\r\n\r\n"
    async with Receiver(replying(answer)).running() as receiver:
        exchange = await make_sender().post(plain(receiver))
    assert exchange.header(b"retry-after") == "120"
    assert exchange.headers_text().startswith("Retry-After: 120")
    assert "X-Odd: café" in exchange.headers_text()


def encoded_answer(encoding, body):
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: %b\r\nContent-Length: %d\r\n\r\n" % (encoding, len(body))
    return head + body


def bare_deflate(data):
    compressor = zlib.compressobj(wbits=-15)
    return compressor.compress(data) + compressor.flush()


@pytest.mark.parametrize(
    ("encoding", "compress"),
    [
        (b"gzip", gzip.compress),
        (b"X-GZIP", gzip.compress),
        (b"deflate", zlib.compress),
        (b"deflate", bare_deflate),
    ],
)
async def test_a_compressed_answer_is_shown_decompressed(make_sender, encoding, compress):
    async with Receiver(replying(encoded_answer(encoding, compress(b"plain text")))).running() as receiver:
        exchange = await make_sender().post(plain(receiver))
    assert (exchange.body, exchange.truncated) == (b"plain text", False)


async def test_a_compression_bomb_is_cut_after_decompression(make_sender):
    bomb = gzip.compress(b"\0" * 50_000_000)
    assert len(bomb) < BODY_BYTES
    async with Receiver(replying(encoded_answer(b"gzip", bomb))).running() as receiver:
        exchange = await make_sender().post(plain(receiver))
    assert (exchange.status, exchange.error) == (200, None)
    assert (exchange.body, exchange.truncated) == (b"\0" * EXCERPT_BYTES, True)


@pytest.mark.parametrize("encoding", [b"gzip", b"br", b"deflate"])
async def test_a_body_that_does_not_decompress_is_shown_as_it_came(make_sender, encoding):
    async with Receiver(replying(encoded_answer(encoding, b"not compressed"))).running() as receiver:
        assert (await make_sender().post(plain(receiver))).body == b"not compressed"


async def test_a_long_body_is_cut_and_is_no_failure(make_sender):
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 10000\r\n\r\n" + b"x" * 10000
    async with Receiver(replying(answer)).running() as receiver:
        exchange = await make_sender().post(plain(receiver))
    assert (exchange.status, exchange.error, exchange.truncated) == (200, None, True)
    assert exchange.body == b"x" * EXCERPT_BYTES


async def test_an_endless_body_is_given_up_at_the_limit_and_its_connection_with_it(make_sender):
    async def receive(reader, writer):
        await read_request(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            writer.write(b"1000\r\n" + b"x" * 4096 + b"\r\n")
            await writer.drain()

    async with Receiver(receive).running() as receiver:
        exchange = await make_sender().post(plain(receiver))
        assert (exchange.status, exchange.error, exchange.truncated) == (200, None, True)
        await asyncio.wait_for(receiver.hung_up.wait(), 30)


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\n" + b"X-Long: " + b"x" * 1_000_000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X-Many: y\r\n" * 100_000 + b"\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"".join(b"X-%d: y\r\n" % number for number in range(2000)) + b"\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n" * 10_000,
    ],
    ids=["one long header", "very many headers", "many headers at once", "endless informational answers"],
)
async def test_headers_past_the_limit_are_refused(make_sender, answer):
    async with Receiver(replying(answer)).running() as receiver:
        exchange = await make_sender().post(plain(receiver))
    assert exchange.error is ErrorClass.RESPONSE_TOO_LARGE
    assert exchange.status is None


@pytest.mark.parametrize(
    "answer",
    [
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"HTTP/1.1 abc OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nBad Header\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n",
        b"\x16\x03\x01\x02\x00",
    ],
)
async def test_what_is_not_http_is_an_invalid_response(make_sender, answer):
    async with Receiver(replying(answer)).running() as receiver:
        assert (await make_sender().post(plain(receiver))).error is ErrorClass.INVALID_RESPONSE


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (b"", None),
        (b"HTTP/1.1 200 OK\r\nContent-", None),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", 200),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nha", 200),
    ],
)
async def test_an_answer_that_ends_early_is_a_reset(make_sender, answer, status):
    async with Receiver(replying(answer)).running() as receiver:
        exchange = await make_sender().post(plain(receiver))
        assert (exchange.error, exchange.status) == (ErrorClass.RESET, status)
        assert receiver.connections == 1


async def test_a_connection_reset_by_the_receiver_is_a_reset(make_sender):
    async def receive(reader, writer):
        await read_request(reader)
        linger = struct.pack("ii", 1, 0)  # close sends RST
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        writer.transport.abort()

    async with Receiver(receive).running() as receiver:
        assert (await make_sender().post(plain(receiver))).error is ErrorClass.RESET


# --- the sender itself ------------------------------------------------------------------------------


async def test_what_is_sent_from_the_callback_has_the_connection_that_is_just_free(make_sender):
    done = asyncio.get_running_loop().create_future()
    async with Receiver(replying(OK, OK)).running() as receiver:
        posting = make_sender()
        posting.start(plain(receiver), lambda _: posting.start(plain(receiver), done.set_result))
        assert (await asyncio.wait_for(done, 30)).status == 200
        assert receiver.connections == 1


async def test_closing_ends_what_is_under_way_and_says_so(make_sender):
    async with Receiver(hang_after_request).running() as receiver, Receiver(hang).running() as mute:
        posting = make_sender()
        sent = asyncio.create_task(posting.post(plain(receiver)))
        handshaking = asyncio.create_task(posting.post(request_to(f"https://127.0.0.1:{mute.port}/")))
        while not (posting._busy and mute.connections):
            await asyncio.sleep(0.01)
        await posting.close()
        assert {(await each).error for each in (sent, handshaking)} == {ErrorClass.INTERNAL}


async def test_whoever_gives_up_waiting_breaks_nothing(make_sender):
    async with Receiver(replying(OK, OK)).running() as receiver:
        posting = make_sender()
        waiting = asyncio.create_task(posting.post(plain(receiver)))
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.wait([waiting])
        assert (await posting.post(plain(receiver))).status == 200


async def test_a_fault_of_our_own_frees_the_slot_and_is_logged(make_sender, monkeypatch, caplog):
    async def broken(*_):
        raise RuntimeError("a fault of our own")

    posting = make_sender()
    monkeypatch.setattr(posting._guard, "resolve", broken)
    exchange = await posting.post(request_to("http://127.0.0.1/"))
    assert exchange.error is ErrorClass.INTERNAL
    assert "a fault of our own" in caplog.text
