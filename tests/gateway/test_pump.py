import asyncio

from gateway.client import CloseReason
from gateway.message_log import Portion
from gateway.pump import Pump
from tests.gateway.serving import api, call, kafka_text


class OnePortion:
    """A feed of one portion, and then nothing."""

    def __init__(self):
        self.portions = [Portion(content=b"one", count=1, size=3)]
        self.handed_over = 0

    async def take(self):
        return self.portions.pop() if self.portions else None

    def watch(self, waiter): ...

    async def delivered(self):
        self.handed_over += 1

    async def close(self): ...


class Told:
    """A writer that remembers; the stream ends once something was written."""

    def __init__(self, client):
        self.client = client
        self.said = []

    async def write(self, portion):
        self.said.append(portion.content)
        self.client.end(CloseReason.AGED)

    async def gap(self, reason):
        return True

    async def heartbeat(self):
        self.said.append("alive")


async def pumped(monkeypatch, seconds):
    made = call(api(kafka_text("127.0.0.1:1", "orders", "group")))
    monkeypatch.setattr(made.budget, "take_messages", lambda _count: seconds)
    feed, writer = OnePortion(), Told(made.client)
    async with asyncio.timeout(30):
        reason = await Pump(made, made.client, feed, writer, heartbeat=0.05, write_wait=10).run()
    return reason, writer.said, feed.handed_over


async def test_a_stream_that_waits_for_its_plan_is_alive_and_is_not_written_to_before(monkeypatch):
    reason, said, handed_over = await pumped(monkeypatch, 0.3)
    assert said[-1] == b"one"
    assert said.count("alive") >= 2
    assert (reason, handed_over) == (CloseReason.AGED, 1)


async def test_a_stream_whose_quota_is_used_up_ends_and_says_so(monkeypatch):
    reason, said, handed_over = await pumped(monkeypatch, 86_400.0)
    assert (reason, said, handed_over) == (CloseReason.LIMITED, [], 0)
