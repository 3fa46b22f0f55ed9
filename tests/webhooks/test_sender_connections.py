"""The sender's connections: one deadline, vetted addresses only, trusted TLS, kept and closed."""

import asyncio
import socket
import ssl

import pytest

from streams.outbound import Guard
from tests.webhooks.authority import DAY, NOW, Authority
from tests.webhooks.receivers import Receiver, dripping, hang_after_request, read_request, replying
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
from webhooks import sender
from webhooks.exchange import ErrorClass, public_class
from webhooks.sender import Sender

pytestmark = BOTH_LOOPS


# --- the deadline -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("receive", "status"),
    [
        (hang_after_request, None),
        (dripping(b"HTTP/1.1 200 OK\r\n", b"X-A: b\r\n"), None),
        (dripping(b"", b"HTTP/1.1 100 Continue\r\n\r\n"), None),
        (dripping(b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n", b"x"), 200),
        (dripping(b"HTTP/1.0 200 OK\r\n\r\n", b"x"), 200),
    ],
    ids=["no answer", "header drip", "informational drip", "body drip", "drip until close"],
)
async def test_the_deadline_holds_for_the_whole_exchange(make_sender, receive, status):
    async with Receiver(receive).running() as receiver:
        exchange = await make_sender(exchange_seconds=SHORT).post(plain(receiver))
        assert (exchange.error, exchange.status) == (ErrorClass.TIMEOUT, status)
        assert exchange.total_ms >= SHORT * 1000
        await asyncio.wait_for(receiver.hung_up.wait(), 30) if status else None


async def test_a_tls_handshake_that_hangs_ends_at_the_deadline_and_closes_the_connection(make_sender):
    closed = asyncio.Event()

    async def receive(reader, writer):
        await reader.read()
        closed.set()

    async with Receiver(receive).running() as receiver:
        exchange = await make_sender(exchange_seconds=SHORT).post(
            request_to(f"https://127.0.0.1:{receiver.port}/")
        )
        assert exchange.error is ErrorClass.TIMEOUT
        assert exchange.phases.connect is not None
        assert exchange.phases.tls is None
        await asyncio.wait_for(closed.wait(), 30)


async def test_a_connect_that_is_not_answered_is_given_up_before_the_deadline(make_sender):
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        fillers = [socket.socket() for _ in range(4)]
        for filler in fillers:
            filler.setblocking(False)
            filler.connect_ex(full.getsockname())
        exchange = await make_sender(connect_seconds=SHORT).post(
            request_to(f"http://127.0.0.1:{full.getsockname()[1]}/")
        )
        for filler in fillers:
            filler.close()
    assert exchange.error is ErrorClass.CONNECT_TIMEOUT


async def test_a_resolver_that_does_not_answer_ends_at_the_deadline(authority):
    release = asyncio.Event()
    loop = asyncio.get_running_loop()

    def stuck(host):
        asyncio.run_coroutine_threadsafe(release.wait(), loop).result(60)
        return ["127.0.0.1"]

    guard = Guard(["127.0.0.0/8"], resolver=stuck)
    stuck_sender = Sender(guard, exchange_seconds=SHORT)
    exchange = await stuck_sender.post(request_to("http://stuck.example/"))
    assert exchange.error is ErrorClass.DNS_ERROR
    release.set()
    await stuck_sender.close()
    guard.close()


# --- connecting -------------------------------------------------------------------------------------


async def test_a_refused_connection_is_said_to_be_refused(make_sender):
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        exchange = await make_sender().post(request_to(f"http://127.0.0.1:{bound.getsockname()[1]}/"))
    assert exchange.error is ErrorClass.CONNECT_REFUSED
    assert exchange.phases.connect is None


async def test_the_next_address_is_tried_when_the_first_refuses(make_sender, names):
    names.addresses["two.example"] = ["127.0.0.9", "127.0.0.1"]
    async with Receiver(replying(NO_CONTENT)).running() as receiver:
        exchange = await make_sender().post(request_to(f"http://two.example:{receiver.port}/"))
    assert exchange.status == 204


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "inside.example", "half.example", "[::1]", "[::ffff:127.0.0.1]"]
)
async def test_a_forbidden_address_is_never_connected_to_from_the_first_request_on(make_sender, names, host):
    names.addresses |= {"inside.example": ["127.0.0.1"], "half.example": ["1.1.1.1", "127.0.0.1"]}
    async with Receiver(replying(NO_CONTENT)).running() as receiver:
        exchange = await make_sender(allow=()).post(request_to(f"http://{host}:{receiver.port}/"))
        assert exchange.error is ErrorClass.BLOCKED_ADDRESS
        assert receiver.connections == 0
    assert "loopback" in exchange.detail or "carries" in exchange.detail
    assert public_class(exchange.error) is ErrorClass.DNS_ERROR


async def test_an_unknown_name_is_a_dns_error(make_sender):
    assert (await make_sender().post(request_to("http://unknown.example/"))).error is ErrorClass.DNS_ERROR


# --- TLS --------------------------------------------------------------------------------------------


async def test_an_https_receiver_is_reached_by_its_name_and_kept(make_sender, names, authority):
    names.addresses["hooks.example"] = ["127.0.0.1"]
    context = authority.server_context("hooks.example")
    asked = []
    context.sni_callback = lambda _socket, name, _context: asked.append(name)
    async with Receiver(replying(OK, OK)).running(context) as receiver:
        posting = make_sender()
        first = await posting.post(request_to(f"https://hooks.example:{receiver.port}/"))
        second = await posting.post(request_to(f"https://hooks.example:{receiver.port}/", b"x" * 100_000))
    assert (first.status, second.status, second.body) == (200, 200, b"ok")
    assert asked == ["hooks.example"]
    assert receiver.connections == 1
    assert None not in {first.phases.dns, first.phases.connect, first.phases.tls}
    assert (second.phases.dns, second.phases.connect, second.phases.tls) == (None, None, None)


async def test_a_certificate_for_another_name_is_refused(make_sender, names, authority):
    names.addresses["hooks.example"] = ["127.0.0.1"]
    async with Receiver(replying(OK)).running(authority.server_context("other.example")) as receiver:
        exchange = await make_sender().post(request_to(f"https://hooks.example:{receiver.port}/"))
    assert exchange.error is ErrorClass.TLS_ERROR
    assert "hooks.example" in exchange.detail


async def test_an_expired_certificate_is_refused(make_sender, names, authority):
    names.addresses["hooks.example"] = ["127.0.0.1"]
    context = authority.server_context("hooks.example", expires=NOW - DAY)
    async with Receiver(replying(OK)).running(context) as receiver:
        exchange = await make_sender().post(request_to(f"https://hooks.example:{receiver.port}/"))
    assert exchange.error is ErrorClass.TLS_ERROR
    assert "expired" in exchange.detail


async def test_a_certificate_of_an_unknown_authority_is_refused(make_sender, names, tmp_path):
    names.addresses["hooks.example"] = ["127.0.0.1"]
    async with Receiver(replying(OK)).running(
        Authority(tmp_path).server_context("hooks.example")
    ) as receiver:
        exchange = await make_sender().post(request_to(f"https://hooks.example:{receiver.port}/"))
    assert exchange.error is ErrorClass.TLS_ERROR


async def test_tls_before_1_2_is_refused(make_sender, names, authority):
    names.addresses["hooks.example"] = ["127.0.0.1"]
    context = authority.server_context("hooks.example")
    context.set_ciphers("DEFAULT@SECLEVEL=0")
    with pytest.warns(DeprecationWarning, match="TLS"):
        context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
    async with Receiver(replying(OK)).running(context) as receiver:
        exchange = await make_sender().post(request_to(f"https://hooks.example:{receiver.port}/"))
    assert exchange.error is ErrorClass.TLS_ERROR


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
async def test_long_answers_come_through_every_allowed_tls_version(make_sender, names, authority, version):
    names.addresses["hooks.example"] = ["127.0.0.1"]
    context = authority.server_context("hooks.example")
    context.maximum_version = version
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 60000\r\n\r\n" + b"x" * 60000
    async with Receiver(replying(answer, OK)).running(context) as receiver:
        posting = make_sender()
        assert (await posting.post(request_to(f"https://hooks.example:{receiver.port}/"))).truncated
        assert (await posting.post(request_to(f"https://hooks.example:{receiver.port}/"))).body == b"ok"
        assert receiver.connections == 1


async def test_a_receiver_that_speaks_plain_http_is_a_tls_error(make_sender):
    async def receive(reader, writer):
        await reader.read(10)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    async with Receiver(receive).running() as receiver:
        exchange = await make_sender().post(request_to(f"https://127.0.0.1:{receiver.port}/"))
    assert exchange.error is ErrorClass.TLS_ERROR


async def test_a_receiver_that_hangs_up_in_the_handshake_is_a_tls_error(make_sender):
    async def receive(reader, writer):
        await reader.read(10)

    async with Receiver(receive).running() as receiver:
        exchange = await make_sender().post(request_to(f"https://127.0.0.1:{receiver.port}/"))
    assert exchange.error is ErrorClass.TLS_ERROR


async def test_a_close_in_tls_ends_an_answer_without_a_length(make_sender, names, authority):
    names.addresses["hooks.example"] = ["127.0.0.1"]
    answer = b"HTTP/1.0 200 OK\r\n\r\nuntil the close"
    async with Receiver(replying(answer)).running(authority.server_context("hooks.example")) as receiver:
        exchange = await make_sender().post(request_to(f"https://hooks.example:{receiver.port}/"))
    assert (exchange.error, exchange.body) == (None, b"until the close")


# --- kept connections -------------------------------------------------------------------------------


async def test_a_connection_is_kept_for_the_next_request(make_sender):
    async with Receiver(replying(OK, OK, OK)).running() as receiver:
        posting = make_sender()
        for _ in range(3):
            assert (await posting.post(plain(receiver))).status == 200
        assert receiver.connections == 1


async def test_requests_at_the_same_time_go_over_connections_of_their_own(make_sender):
    together = asyncio.Barrier(5)

    async def receive(reader, writer):
        await read_request(reader)
        await together.wait()
        writer.write(NO_CONTENT)
        await reader.read()

    async with Receiver(receive).running() as receiver:
        posting = make_sender()
        exchanges = await asyncio.gather(*(posting.post(plain(receiver)) for _ in range(5)))
    assert [each.status for each in exchanges] == [204] * 5


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n",
        OK + b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
        OK + b"nonsense",
    ],
    ids=["connection: close", "HTTP/1.0", "an answer nobody asked for", "bytes nobody asked for"],
)
async def test_a_connection_that_cannot_be_trusted_with_another_request_is_closed(make_sender, answer):
    async with Receiver(replying(answer, NO_CONTENT)).running() as receiver:
        posting = make_sender()
        assert (await posting.post(plain(receiver))).status == 200
        assert (await posting.post(plain(receiver))).error is None
        assert receiver.connections == 2


async def test_a_connection_that_the_receiver_closed_between_requests_costs_no_failure(make_sender):
    """The receiver closes as soon as the second request comes: the worst moment, seen from the sender."""
    served = []

    async def receive(reader, writer):
        await read_request(reader)
        writer.write(NO_CONTENT)
        served.append(1)
        if len(served) == 1:
            await reader.readexactly(1)

    async with Receiver(receive).running() as receiver:
        posting = make_sender()
        assert (await posting.post(plain(receiver))).status == 204
        assert (await posting.post(plain(receiver))).status == 204
        assert receiver.connections == 2


async def test_a_reused_connection_that_breaks_after_a_first_byte_is_not_tried_again(make_sender):
    async def receive(reader, writer):
        await read_request(reader)
        writer.write(NO_CONTENT)
        await read_request(reader)
        writer.write(b"HTTP/1.1 2")

    async with Receiver(receive).running() as receiver:
        posting = make_sender()
        assert (await posting.post(plain(receiver))).status == 204
        assert (await posting.post(plain(receiver))).error is ErrorClass.RESET
        assert receiver.connections == 1


async def test_the_second_copy_after_a_stale_connection_has_its_place_under_the_same_deadline(make_sender):
    served = []

    async def receive(reader, writer):
        await read_request(reader)
        served.append(1)
        if len(served) == 1:
            writer.write(NO_CONTENT)
            await reader.readexactly(1)
        else:
            await reader.read()

    async with Receiver(receive).running() as receiver:
        posting = make_sender(exchange_seconds=SHORT)
        assert (await posting.post(plain(receiver))).status == 204
        exchange = await posting.post(plain(receiver))
    assert exchange.error is ErrorClass.TIMEOUT
    assert len(served) == 2


async def test_an_answer_before_the_whole_request_went_out_is_taken_and_the_connection_closed(make_sender):
    async def receive(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n")
        await asyncio.sleep(60)

    async with Receiver(receive).running() as receiver:
        posting = make_sender()
        request = request_to(f"http://127.0.0.1:{receiver.port}/", b"x" * 20_000_000)
        assert (await posting.post(request)).status == 413
        assert (await posting.post(request)).status == 413
        assert receiver.connections == 2


async def test_an_idle_connection_is_closed_after_its_time(make_sender):
    async with Receiver(replying(NO_CONTENT, NO_CONTENT)).running() as receiver:
        assert (await make_sender(idle_seconds=0.0).post(plain(receiver))).status == 204
        await asyncio.wait_for(receiver.hung_up.wait(), 30)


async def test_idle_connections_are_no_more_than_their_bound(make_sender, monkeypatch):
    monkeypatch.setattr(sender, "IDLE_PER_RECEIVER", 1)
    together = asyncio.Barrier(3)

    async def receive(reader, writer):
        await read_request(reader)
        await together.wait()
        writer.write(NO_CONTENT)
        await read_request(reader)
        writer.write(NO_CONTENT)
        await reader.read()

    async with Receiver(receive).running() as receiver:
        posting = make_sender()
        await asyncio.gather(*(posting.post(plain(receiver)) for _ in range(3)))
        await asyncio.wait_for(receiver.hung_up.wait(), 30)
        assert (await posting.post(plain(receiver))).status == 204
        assert receiver.connections == 3


async def test_a_name_that_moves_is_followed_when_its_verdict_is_old(make_sender, names, monkeypatch):
    for seconds in ("RESOLUTION_SECONDS", "FAILURE_SECONDS"):
        monkeypatch.setattr(f"streams.outbound.{seconds}", -1.0)  # every verdict is old at once
    names.addresses["hooks.example"] = ["127.0.0.1"]
    async with Receiver(replying(NO_CONTENT, NO_CONTENT)).running() as receiver:
        posting = make_sender()
        url = f"http://hooks.example:{receiver.port}/"
        assert (await posting.post(request_to(url))).status == 204
        names.addresses["hooks.example"] = ["10.0.0.1"]  # rebound to the inside
        assert (await posting.post(request_to(url))).error is ErrorClass.BLOCKED_ADDRESS
        names.addresses["hooks.example"] = ["127.0.0.9"]  # moved to where nobody listens
        assert (await posting.post(request_to(url))).error is ErrorClass.CONNECT_REFUSED
        await asyncio.wait_for(receiver.hung_up.wait(), 30)


async def test_a_connection_stays_when_the_fresh_verdict_still_holds_its_address(make_sender, names):
    names.addresses["hooks.example"] = ["127.0.0.1"]
    async with Receiver(replying(NO_CONTENT, NO_CONTENT)).running() as receiver:
        posting = make_sender()
        url = f"http://hooks.example:{receiver.port}/"
        assert (await posting.post(request_to(url))).status == 204
        for kept in posting._idle.values():
            kept[0].vetted_until = 0.0
        exchange = await posting.post(request_to(url))
        assert (exchange.status, receiver.connections) == (204, 1)
