import asyncio
import json
import socket

import aiohttp
import psutil
import pytest

from gateway.upstream import Patience
from streams.openapi import KeyPlaces
from tests.gateway.ingesting import until
from tests.gateway.upstreams import answered, api, gateway_before, pour, upstream_server

MEGABYTE = 1 << 20
SHORT = Patience(connect=0.2, upstream=0.2, caller=0.2)
KEY = "slk_" + "k" * 43


async def plainly(peer):
    await peer.answer()


async def hang(_peer):
    await asyncio.Event().wait()


async def problem_of(response):
    return response.status, (await response.json(content_type="application/problem+json"))["code"]


@pytest.fixture
async def client():
    async with aiohttp.ClientSession(auto_decompress=False) as session:
        yield session


async def test_a_request_reaches_the_upstream_as_it_was_and_says_who_called(client):
    async with upstream_server(plainly) as behind, gateway_before(api(behind.url + "/v1?a=1")) as before:
        async with client.get(before.url + "/shop/orders?b=2") as response:
            assert (response.status, await response.read()) == (200, b"ok")
        assert behind.line == "GET /v1/orders?a=1&b=2 HTTP/1.1"
        assert behind.header("x-forwarded-for") == ["192.0.2.7"]
        assert behind.header("x-forwarded-proto") == ["http"]
        assert behind.header("x-forwarded-host") == [f"127.0.0.1:{before.port}"]
        assert behind.header("host") == [f"127.0.0.1:{behind.port}"]
        assert behind.header("via")[0].startswith("1.1 sluice-")
        assert before.meter.brought == [(0, 2)]


async def test_what_is_the_callers_and_the_portals_alone_is_not_passed_on(client):
    given = {
        "Authorization": "Bearer secret",
        "X-Api-Key": "secret",
        "X-Other": f"token {KEY}",
        "X-Forwarded-For": "10.0.0.1",
        "X-Real-IP": "10.0.0.1",
        "Cookie": "sessionid=s; theme=dark; csrftoken=c",
        "Connection": "X-Named",
        "X-Named": "1",
        "TE": "trailers",
        "Accept": "text/plain",
    }
    async with (
        upstream_server(plainly) as behind,
        gateway_before(api(behind.url)) as before,
        client.get(before.url + "/shop/", headers=given) as response,
    ):
        assert response.status == 200
    for name in ("authorization", "x-api-key", "x-other", "x-real-ip", "x-named", "te", "connection"):
        assert behind.header(name) == [], name
    assert behind.header("cookie") == ["theme=dark"]
    assert behind.header("x-forwarded-for") == ["192.0.2.7"]
    assert behind.header("accept") == ["text/plain"]


async def test_an_open_api_and_one_with_a_key_header_of_its_own_leave_authorization_to_the_upstream(client):
    for of in ({"authenticated": False}, {"places": KeyPlaces(header="X-Shop-Key", query="key")}):
        async with upstream_server(plainly) as behind, gateway_before(api(behind.url, **of)) as before:
            headers = {"Authorization": "Basic eA==", "X-Shop-Key": "secret"}
            async with client.get(before.url + "/shop/?key=secret&a=1", headers=headers) as response:
                assert response.status == 200
        assert behind.header("authorization") == ["Basic eA=="]
        if "places" in of:
            assert behind.header("x-shop-key") == []
            assert behind.line == "GET /?a=1 HTTP/1.1"


async def test_bodies_go_both_ways_by_length_and_in_chunks(client):
    async def echo(peer):
        head = peer_heads[-1].lower()
        if b"transfer-encoding: chunked" in head:
            assert b"content-length" not in head
            body = await peer.reader.readuntil(b"0\r\n\r\n")
            await peer.answer(b"HTTP/1.1 201 Made\r\ntransfer-encoding: chunked\r\n\r\n" + body)
        else:
            length = int(head.partition(b"content-length: ")[2].partition(b"\r\n")[0])
            body = await peer.reader.readexactly(length)
            await peer.answer(b"HTTP/1.1 201 Made\r\ncontent-length: %d\r\n\r\n" % length + body)

    async def parts():
        yield b"a" * 70_000
        yield b"b" * 70_000

    async with upstream_server(echo) as behind, gateway_before(api(behind.url)) as before:
        peer_heads = behind.heads
        async with client.post(before.url + "/shop/x", data=b"c" * 140_000) as response:
            assert (response.status, await response.read()) == (201, b"c" * 140_000)
        async with client.put(before.url + "/shop/x", data=parts()) as response:
            assert (response.status, await response.read()) == (201, b"a" * 70_000 + b"b" * 70_000)
        assert len(behind.peers) == 1  # the connection was kept


async def test_redirects_encodings_and_several_cookies_are_the_callers_to_see_but_not_the_portals_cookies(
    client,
):
    async def redirect(peer):
        await peer.answer(
            b"HTTP/1.1 302 Found\r\nLocation: http://10.0.0.1/\r\nSet-Cookie: a=1\r\n"
            b"Set-Cookie: sessionid=evil; Path=/\r\n"
            b"Set-Cookie: b=2\r\nContent-Encoding: gzip\r\nKeep-Alive: timeout=5\r\nConnection: X-Hop\r\nX-Hop: 1\r\n"
            b"Content-Length: 3\r\n\r\nabc"
        )

    async with (
        upstream_server(redirect) as behind,
        gateway_before(api(behind.url)) as before,
        client.get(before.url + "/shop/x", allow_redirects=False) as response,
    ):
        assert (response.status, await response.read()) == (302, b"abc")
        assert response.headers["location"] == "http://10.0.0.1/"
        assert response.headers.getall("set-cookie") == ["a=1", "b=2"]
        assert response.headers["content-encoding"] == "gzip"
        assert not {"keep-alive", "x-hop"} & {name.lower() for name in response.headers}


async def test_head_and_204_have_no_body(client):
    async def bare(peer):
        await peer.answer(
            b"HTTP/1.1 204 No Content\r\n\r\n"
            if b"DELETE" in behind.heads[-1]
            else b"HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n"
        )

    async with upstream_server(bare) as behind, gateway_before(api(behind.url)) as before:
        async with client.head(before.url + "/shop/x") as response:
            assert (response.status, response.headers["content-length"]) == (200, "99")
        async with client.delete(before.url + "/shop/x") as response:
            assert (response.status, await response.read()) == (204, b"")


async def test_an_api_without_upstream_answers_404_and_a_websocket_is_closed():
    scope = {"type": "http", "method": "GET", "path": "/shop/x", "query_string": b"", "headers": []}
    start, body = await answered("", scope)
    assert start["status"] == 404
    assert json.loads(body["body"])["code"] == "not_found"
    assert [event["type"] for event in await answered("", {**scope, "type": "websocket"})] == [
        "websocket.close"
    ]


async def test_an_upstream_that_refuses_hangs_up_or_speaks_no_http_is_a_502(client):
    async def hang_up(peer):
        peer.writer.close()

    async def babble(peer):
        await peer.answer(b"SSH-2.0-OpenSSH\r\n\r\n")

    async def inject(peer):
        await peer.answer(b"HTTP/1.1 200 OK\r\nx: a\x00b\r\ncontent-length: 0\r\n\r\n")

    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    async with (
        gateway_before(api(f"http://127.0.0.1:{port}")) as before,
        client.post(before.url + "/shop/x", data=b"x") as response,
    ):
        assert await problem_of(response) == (502, "upstream_failed")
    for script in (hang_up, babble, inject):
        async with upstream_server(script) as behind, gateway_before(api(behind.url)) as before:
            async with client.post(before.url + "/shop/x", data=b"x") as response:
                assert await problem_of(response) == (502, "upstream_failed")
            assert before.meter.errors == ["upstream_failed"]


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:1", "http://localhost:1", "http://nowhere.invalid", "ftp://x"]
)
async def test_what_must_not_be_called_and_what_does_not_exist_are_told_alike(client, url):
    async with gateway_before(api(url), allow=()) as before, client.get(before.url + "/shop/x") as response:
        assert await problem_of(response) == (502, "upstream_refused")
        assert "loopback" not in await response.text()


async def test_an_upstream_that_never_answers_is_a_504(client):
    async with upstream_server(hang) as behind, gateway_before(api(behind.url), SHORT) as before:
        async with client.get(before.url + "/shop/x") as response:
            assert await problem_of(response) == (504, "upstream_timeout")
        assert before.meter.errors == ["upstream_timeout"]


async def test_an_upstream_that_does_not_take_the_request_is_a_504(client):
    async with upstream_server(hang) as behind, gateway_before(api(behind.url), SHORT) as before:
        reader, writer = await before.raw(
            b"POST /shop/x HTTP/1.1\r\nhost: a\r\ncontent-length: 1000000000\r\n\r\n"
        )
        writing = asyncio.create_task(pour(writer, 900))
        assert b" 504 " in await reader.readuntil(b"\r\n\r\n")
        writing.cancel()
        writer.close()


async def test_a_caller_that_does_not_send_on_is_answered_408():
    async with upstream_server(hang) as behind, gateway_before(api(behind.url), SHORT) as before:
        reader, writer = await before.raw(
            b"POST /shop/x HTTP/1.1\r\nhost: a\r\ncontent-length: 10\r\n\r\nabc"
        )
        assert b" 408 " in await reader.readuntil(b"\r\n\r\n")
        assert before.meter.errors == []
        writer.close()


async def stop_short(_peer):
    raise ConnectionResetError


@pytest.mark.parametrize("then", [hang, stop_short])
async def test_an_answer_that_breaks_off_does_not_look_complete(client, then):
    async def begin(peer):
        await peer.answer(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n")
        await then(peer)

    async with upstream_server(begin) as behind, gateway_before(api(behind.url), SHORT) as before:
        with pytest.raises(aiohttp.ClientError):
            async with client.get(before.url + "/shop/x") as response:
                await response.read()
        assert before.meter.errors == ["upstream_broke_off"]


async def test_an_answer_that_drips_goes_on_as_long_as_it_likes(client):
    step = asyncio.Event()

    async def drip(peer):
        await peer.answer(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
        for _ in range(3):
            await step.wait()
            step.clear()
            await peer.answer(b"1\r\nx\r\n")
        await peer.answer(b"0\r\n\r\n")

    async with (
        upstream_server(drip) as behind,
        gateway_before(api(behind.url)) as before,
        client.get(before.url + "/shop/x") as response,
    ):
        for _ in range(3):
            step.set()
            assert await response.content.readexactly(1) == b"x"  # each at once
        assert await response.content.read() == b""


@pytest.mark.slow
async def test_a_gigabyte_each_way_is_never_held(client):
    process = psutil.Process()

    async def gigabyte(peer):
        if b"POST" in behind.heads[-1]:
            for _ in range(1024):
                await peer.reader.readexactly(MEGABYTE)
            await peer.answer()
        else:
            await peer.answer(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % (1024 * MEGABYTE))
            await pour(peer.writer, 1024)

    async with upstream_server(gigabyte) as behind, gateway_before(api(behind.url)) as before:
        start, most, size = process.memory_info().rss, 0, 0
        async with client.get(before.url + "/shop/x") as response:
            async for chunk in response.content.iter_any():
                size += len(chunk)
                most = max(most, process.memory_info().rss) if size % 128 == 0 else most
        assert size == 1024 * MEGABYTE

        async def zeros():
            nonlocal most
            for _ in range(1024):
                most = max(most, process.memory_info().rss)
                yield bytes(MEGABYTE)

        headers = {"content-length": str(1024 * MEGABYTE)}
        async with client.post(before.url + "/shop/x", data=zeros(), headers=headers) as response:
            assert response.status == 200
        assert most - start < 100 * MEGABYTE


async def test_a_caller_that_does_not_read_stops_the_upstream_and_is_cut_off_in_time():
    sent = 0

    async def endless(peer):
        nonlocal sent
        await peer.answer(b"HTTP/1.1 200 OK\r\ncontent-length: 1000000000\r\n\r\n")
        for _ in range(900):
            await pour(peer.writer, 1)
            sent += MEGABYTE

    async with upstream_server(endless) as behind, gateway_before(api(behind.url), SHORT) as before:
        _, writer = await before.raw(b"GET /shop/x HTTP/1.1\r\nhost: a\r\n\r\n")
        await until(lambda: before.ended)
        assert before.meter.errors == ["caller_stalled"]
        assert sent < 100 * MEGABYTE
        writer.close()


async def test_a_caller_that_leaves_ends_the_call_to_the_upstream():
    gone = asyncio.Event()

    async def watch(peer):
        if b"/begun" in behind.heads[-1]:
            await peer.answer(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc")
        assert await peer.reader.read() == b""
        gone.set()
        raise ConnectionResetError

    async with upstream_server(watch) as behind, gateway_before(api(behind.url)) as before:
        for path in (b"/shop/waiting", b"/shop/begun"):
            gone.clear()
            heads = len(behind.heads)
            _, writer = await before.raw(b"GET " + path + b" HTTP/1.1\r\nhost: a\r\n\r\n")
            await until(lambda: len(behind.heads) > heads)  # noqa: B023 - awaited in this turn
            writer.close()
            await asyncio.wait_for(gone.wait(), 30)
        await until(lambda: len(before.ended) == 2)
        assert before.meter.errors == []


async def test_an_answer_before_the_end_of_the_request_comes_through():
    async def refuse(peer):
        await peer.answer(b"HTTP/1.1 413 Too Large\r\ncontent-length: 3\r\nconnection: close\r\n\r\nbig")

    async with upstream_server(refuse) as behind, gateway_before(api(behind.url)) as before:
        reader, writer = await before.raw(
            b"POST /shop/x HTTP/1.1\r\nhost: a\r\ncontent-length: 100\r\n\r\nabc"
        )
        assert b" 413 " in await reader.readuntil(b"\r\n\r\n")
        assert await reader.readexactly(3) == b"big"
        writer.close()


async def test_an_upstream_that_leads_back_here_is_told_from_one_that_does_not(client):
    async with upstream_server(plainly) as behind, gateway_before(api(behind.url)) as before:
        async with client.get(before.url + "/shop/x") as response:
            assert response.status == 200
        via = behind.header("via")[0]
        async with client.get(before.url + "/shop/x", headers={"Via": f"1.0 other, {via}"}) as response:
            assert await problem_of(response) == (508, "loop_detected")
        async with client.get(before.url + "/shop/x", headers={"Via": "1.0 other"}) as response:
            assert response.status == 200


async def test_a_kept_connection_that_was_closed_meanwhile_costs_no_request(client):
    async def once(peer):
        await peer.answer()
        if len(behind.heads) == 1:
            peer.writer.close()

    async with upstream_server(once) as behind, gateway_before(api(behind.url)) as before:
        for _ in range(2):
            async with client.get(before.url + "/shop/x") as response:
                assert await response.read() == b"ok"
