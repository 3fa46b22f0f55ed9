"""GET for one message: what the client is answered, and what becomes of a message it did not get."""

import asyncio
from email import message_from_bytes

import orjson
import pytest

from gateway.broadcast import Broadcast
from gateway.client import CloseReason
from gateway.client_queue import ClientQueue
from gateway.internal_topic import InternalTopics
from gateway.poll import Poll
from gateway.routes import Purpose
from streams.errors import ConnectError
from streams.message import Message
from tests.gateway.serving import api, call, kafka_text, produce
from webhooks.database import open_pool

OUTPUT = ", timeout: 200ms"


class Queue:
    """Stands for round robin: one queue, no broker."""

    def __init__(self) -> None:
        self.queue = ClientQueue()
        self.error: Exception | None = None

    async def join(self, _call, *, lingering):
        assert lingering
        if self.error is not None:
            raise self.error
        return self.queue.reader(1)


class Browser:
    """One request and its answer."""

    def __init__(self, method="GET", shop=None, query=b""):
        self.events = []
        self.left = asyncio.Event()
        self.shop = shop or api(kafka_text("k:1", "orders", "g", output=OUTPUT))
        receive, send = self.receive, self.send
        self.call = call(
            self.shop, purpose=Purpose.POLL, receive=receive, send=send, method=method, query=query
        )

    async def receive(self):
        await self.left.wait()
        return {"type": "http.disconnect"}

    async def send(self, event):
        self.events.append(event)

    async def ask(self, queue, broadcast=None):
        await Poll(queue, broadcast).request(self.call)
        return self

    @property
    def status(self):
        return self.events[0]["status"]

    @property
    def headers(self):
        return dict(self.events[0]["headers"])

    @property
    def body(self):
        return b"".join(event.get("body", b"") for event in self.events[1:])


@pytest.fixture
async def queue():
    return Queue()


async def test_a_request_gets_one_message_which_is_done_with_then(queue):
    putting = [asyncio.create_task(queue.queue.put([Message(body)])) for body in (b"1", b"2")]
    answered = await Browser().ask(queue)
    assert (answered.status, answered.body) == (200, b"1")
    assert answered.headers[b"content-type"] == b"application/octet-stream"
    await putting[0]
    assert not putting[1].done()
    assert answered.call.meter.handed == 1
    assert answered.call.client.ending.result() is CloseReason.LEFT
    putting[1].cancel()


async def test_a_request_waits_for_its_message(queue):
    asking = asyncio.create_task(Browser().ask(queue))
    await asyncio.sleep(0.01)
    await queue.queue.put([Message(b"late")])
    assert (await asking).body == b"late"


async def test_messages_made_together_come_as_parts(queue):
    putting = asyncio.create_task(queue.queue.put([Message(b"one"), Message(b"\r\ntwo--")]))
    answered = await Browser().ask(queue)
    await putting
    whole = b"Content-Type: " + answered.headers[b"content-type"] + b"\r\n\r\n" + answered.body
    parts = message_from_bytes(whole).get_payload()
    assert [part.get_payload(decode=True) for part in parts] == [b"one", b"\r\ntwo--"]
    assert answered.headers[b"content-type"].startswith(b"multipart/form-data; boundary=")


async def test_without_a_message_in_time_the_answer_is_408(queue):
    answered = await Browser().ask(queue)
    assert answered.status == 408
    assert orjson.loads(answered.body)["detail"] == "Timed out waiting for message"


async def test_what_a_client_who_left_was_to_get_goes_to_the_next(queue):
    gone = Browser()
    gone.left.set()
    putting = asyncio.create_task(queue.queue.put([Message(b"1")]))
    await gone.ask(queue)
    assert gone.events == []
    assert (await Browser().ask(queue)).body == b"1"
    await putting


@pytest.mark.parametrize(
    ("reason", "status"),
    [(CloseReason.REVOKED, 401), (CloseReason.UNSUBSCRIBED, 403), (CloseReason.SHUTDOWN, 503)],
)
async def test_who_is_closed_while_waiting_is_told_why(queue, reason, status):
    asked = Browser()
    asked.call.client.end(reason)
    answered = await asked.ask(queue)
    assert answered.status == status
    assert orjson.loads(answered.body)["code"] == reason.value


async def test_other_verbs_are_refused(queue):
    answered = await Browser("POST").ask(queue)
    assert (answered.status, answered.headers[b"allow"]) == (405, b"GET")


async def test_a_stream_that_cannot_be_read_is_worth_another_try(queue):
    queue.error = ConnectError("no broker answers")
    answered = await Browser().ask(queue)
    assert answered.status == 503
    assert answered.headers[b"retry-after"] == b"1"
    assert answered.call.meter.errors == ["stream_unavailable"]


async def test_a_stream_that_ends_meanwhile_is_worth_another_try(queue):
    queue.queue.end()
    assert (await Browser().ask(queue)).status == 503


@pytest.fixture
async def broadcast(postgres_url, kafka_bootstrap):
    pool = await open_pool(postgres_url)
    made = Broadcast(pool, InternalTopics(kafka_bootstrap), b"k" * 32)
    yield made
    await made.stop()
    await pool.close()


@pytest.mark.parametrize("sent", [b"x%0d%0aset-cookie:%20a=b", b"nonsense"])
async def test_what_a_client_sends_as_its_cursor_is_no_header_of_an_answer(postgres_url, sent):
    pool = await open_pool(postgres_url)
    nowhere = Broadcast(pool, InternalTopics("127.0.0.1:1"), b"k" * 32)
    shop = api(kafka_text("127.0.0.1:1", "orders", "g", output=", delivery: broadcast, timeout: 200ms"))
    answered = await Browser(shop=shop, query=b"cursor=" + sent).ask(None, nowhere)
    assert answered.status == 408
    assert b"sluice-cursor" not in answered.headers
    await nowhere.stop()
    await pool.close()


@pytest.mark.kafka
class TestBroadcast:
    """Of a stream that everybody reads."""

    @pytest.fixture
    def topic(self, kafka_bootstrap, topic_factory):
        return topic_factory(kafka_bootstrap, partitions=2)

    @pytest.fixture
    def shop(self, kafka_bootstrap, topic):
        odd = "mapping: 'root = if content() == \"3\" { deleted() }'"
        more = ", delivery: broadcast, timeout: 20s"
        return api(kafka_text(kafka_bootstrap, topic, "g", odd, output=more))

    async def test_cursors_lead_each_client_through_everything(self, broadcast, shop, kafka_bootstrap, topic):
        produce(kafka_bootstrap, topic, [b"%d" % n for n in range(10)])
        seen = []
        for _ in range(2):
            answered, got = await Browser(shop=shop, query=b"start=earliest").ask(None, broadcast), []
            while len(got) < 9:
                assert answered.status == 200
                got.append(answered.body)
                cursor = answered.headers[b"sluice-cursor"]
                if len(got) < 9:
                    answered = await Browser(shop=shop, query=b"cursor=" + cursor).ask(None, broadcast)
            seen.append(got)
        assert sorted(seen[0]) == sorted(seen[1]) == [b"%d" % n for n in range(10) if n != 3]

    async def test_who_got_nothing_is_told_where_to_go_on(self, broadcast, kafka_bootstrap, topic):
        text = kafka_text(kafka_bootstrap, topic, "g", output=", delivery: broadcast, timeout: 2s")
        shop = api(text)
        late = await Browser(shop=shop).ask(None, broadcast)
        assert late.status == 408
        produce(kafka_bootstrap, topic, [b"1"])
        cursor = late.headers[b"sluice-cursor"]
        assert (await Browser(shop=shop, query=b"cursor=" + cursor).ask(None, broadcast)).body == b"1"

    async def test_a_cursor_that_is_none_is_refused(self, broadcast, shop):
        answered = await Browser(shop=shop, query=b"cursor=forged").ask(None, broadcast)
        assert answered.status == 400
        assert orjson.loads(answered.body)["code"] == "cursor_invalid"
