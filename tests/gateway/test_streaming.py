"""Streams under Channels: whoever leaves, fails or is to end leaves nothing behind."""

import asyncio
from types import SimpleNamespace

import pytest

from gateway.answers import with_headers
from gateway.broadcast import Asked, asked_position
from gateway.client import CloseReason
from gateway.cors import response_headers
from gateway.message_log import Portion
from gateway.server_flow import abort
from gateway.sse import EventStreams
from streams.errors import ConnectError
from tests.gateway.serving import api, call, kafka_text, until

SHOP = api(kafka_text("127.0.0.1:1", "orders", "group"))


class Feeds:
    """Opens one feed, when it may; it has one message, or fails."""

    def __init__(self, error=None):
        self.may_open = asyncio.Event()
        self.error = error
        self.opening = False
        self.closed = 0
        self.portions = [Portion(1, 3, b"one\n")]

    async def open(self, _call, _form):
        self.opening = True
        await self.may_open.wait()
        return self

    async def take(self):
        if self.error is not None:
            raise self.error
        return self.portions.pop() if self.portions else None

    def watch(self, waiter): ...

    async def delivered(self): ...

    async def close(self):
        self.closed += 1


class Connection:
    """A request that is being served."""

    def __init__(self, feeds):
        self.left = asyncio.Event()
        self.sent = []
        self.aborted = asyncio.Event()
        self.call = call(SHOP, receive=self.receive, send=self.send)
        self.transport = SimpleNamespace(abort=self.aborted.set)
        self.client = self.call.client
        self.serving = asyncio.create_task(EventStreams(feeds).request(self.call))

    async def receive(self):
        """Nothing of the request's body ever comes."""
        await self.left.wait()
        return {"type": "http.disconnect"}

    async def send(self, event):
        self.sent.append(event)

    async def ended(self):
        async with asyncio.timeout(30):
            await self.serving
        return self.client.ending.result()

    @property
    def body(self):
        return b"".join(event.get("body", b"") for event in self.sent)


async def test_who_leaves_before_the_stream_stands_is_not_waited_for():
    feeds = Feeds()
    connection = Connection(feeds)
    await until(lambda: feeds.opening)
    connection.left.set()
    assert await connection.ended() is CloseReason.LEFT
    assert connection.sent == []


async def test_a_feed_that_opens_as_its_client_leaves_is_closed():
    feeds = Feeds()
    connection = Connection(feeds)
    await until(lambda: feeds.opening)
    feeds.may_open.set()
    connection.left.set()
    assert await connection.ended() is CloseReason.LEFT
    assert feeds.closed == 1


async def test_who_is_to_end_before_the_stream_stands_is_told_so():
    feeds = Feeds()
    connection = Connection(feeds)
    await until(lambda: feeds.opening)
    connection.client.end(CloseReason.SHUTDOWN)
    assert await connection.ended() is CloseReason.SHUTDOWN
    assert connection.sent[0]["status"] == 503
    assert b"shutdown" in connection.body


async def test_nothing_is_opened_for_who_is_to_end_already():
    feeds = Feeds()
    connection = Connection(feeds)
    connection.client.end(CloseReason.CHANGED)
    assert await connection.ended() is CloseReason.CHANGED
    assert (feeds.opening, connection.sent[0]["status"]) == (False, 503)


async def test_a_request_whose_body_never_comes_gets_its_stream_and_ends_in_order():
    feeds = Feeds()
    feeds.may_open.set()
    connection = Connection(feeds)
    await until(lambda: b"one" in connection.body)
    connection.client.end(CloseReason.REVOKED)
    assert await connection.ended() is CloseReason.REVOKED
    assert connection.sent[-1] == {"type": "http.response.body", "body": b"", "more_body": False}
    assert feeds.closed == 1


async def test_a_fault_of_the_gateways_own_cuts_the_client_off(caplog):
    feeds = Feeds(RuntimeError("a fault"))
    feeds.may_open.set()
    connection = Connection(feeds)
    assert await connection.ended() is CloseReason.FAILED
    assert connection.aborted.is_set()
    assert feeds.closed == 1
    assert "a fault" in caplog.text


async def test_a_page_is_cut_off_through_what_adds_its_headers():
    connection = Connection(Feeds())
    abort(with_headers(connection.send, response_headers("https://page.example")))
    assert connection.aborted.is_set()
    connection.left.set()
    await connection.ended()


async def test_a_server_that_gives_up_leaves_no_pump_behind():
    feeds = Feeds()
    feeds.may_open.set()
    connection = Connection(feeds)
    await until(lambda: b"one" in connection.body)
    connection.serving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await connection.serving
    assert feeds.closed == 1


async def test_a_stream_that_cannot_be_opened_is_refused(monkeypatch):
    feeds = Feeds()

    async def fail(_call, _form):
        raise ConnectError("no broker answers")

    monkeypatch.setattr(feeds, "open", fail)
    connection = Connection(feeds)
    assert await connection.ended() is CloseReason.FAILED
    assert connection.sent[0]["status"] == 503


@pytest.mark.parametrize(
    ("query", "last", "asked"),
    [
        (b"", None, Asked()),
        (b"cursor=first", None, Asked("first")),
        (b"start=earliest", None, Asked(oldest=True)),
        # An EventSource comes back by the address it was given at first.
        (b"cursor=first", b"second", Asked("second", lenient=True)),
        (b"start=earliest", b"second", Asked("second", lenient=True)),
    ],
)
def test_how_far_a_browser_has_got_counts_for_more_than_its_address(query, last, asked):
    headers = [] if last is None else [(b"last-event-id", last)]
    assert asked_position({"query_string": query, "headers": headers}) == asked


async def test_a_write_to_who_has_left_is_no_fault(caplog):
    feeds, left = Feeds(), asyncio.Event()
    feeds.may_open.set()

    async def receive():
        await left.wait()
        return {"type": "http.disconnect"}

    async def send(_event):
        raise ConnectionResetError

    served = call(SHOP, receive=receive, send=send)
    serving = asyncio.create_task(EventStreams(feeds).request(served))
    async with asyncio.timeout(30):
        reason = await asyncio.shield(served.client.ending)
    left.set()
    await serving
    assert (reason, caplog.records, feeds.closed) == (CloseReason.LEFT, [], 1)
