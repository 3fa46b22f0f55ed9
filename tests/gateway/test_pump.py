"""One client's stream: it keeps to its plan, stays alive, and ends when it is told to, read or not."""

import asyncio
import dataclasses

import pytest

from gateway import pump
from gateway.caller import Limits
from gateway.client import CloseReason
from gateway.message_log import Portion
from gateway.pump import Pump
from tests.gateway.serving import api, call, kafka_text


class OnePortion:
    """A feed of one portion, and then nothing."""

    def __init__(self, count=1):
        self.portions = [Portion(content=b"one", count=count, size=3)]
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

    async def end(self, reason):
        self.said.append(reason)

    def cut_off(self):
        self.said.append("cut off")


class Stuck(Told):
    """A writer whose client does not read: from its first message on, or from the end on."""

    def __init__(self, client, *, reads_messages):
        super().__init__(client)
        self.reads_messages = reads_messages
        self.writing = asyncio.Event()

    async def write(self, portion):
        self.writing.set()
        if not self.reads_messages:
            await asyncio.Event().wait()

    async def end(self, reason):
        await asyncio.Event().wait()


def made_call(monkeypatch, seconds=0.0, rate=None):
    made = call(api(kafka_text("127.0.0.1:1", "orders", "group")))
    monkeypatch.setattr(made.budget, "take_messages", lambda _count: seconds)
    caller = dataclasses.replace(made.caller, limits=Limits(messages_per_second=rate))
    return dataclasses.replace(made, caller=caller)


async def pumped(monkeypatch, seconds, **more):
    made = made_call(monkeypatch, seconds)
    feed, writer = OnePortion(), Told(made.client)
    async with asyncio.timeout(30):
        reason = await Pump(made, made.client, feed, writer, heartbeat=0.05, write_wait=10, **more).run()
    return reason, writer.said, feed.handed_over


async def test_a_stream_that_waits_for_its_plan_is_alive_and_is_not_written_to_before(monkeypatch):
    reason, said, handed_over = await pumped(monkeypatch, 0.3)
    assert said[-2:] == [b"one", CloseReason.AGED]
    assert said.count("alive") >= 2
    assert (reason, handed_over) == (CloseReason.AGED, 1)


async def test_a_stream_whose_quota_is_used_up_ends_and_says_so(monkeypatch):
    reason, said, handed_over = await pumped(monkeypatch, 86_400.0)
    assert (reason, said, handed_over) == (CloseReason.LIMITED, [CloseReason.LIMITED], 0)


@pytest.mark.parametrize(("rate", "ends"), [(5, False), (50, True)])
async def test_a_plan_of_few_messages_takes_its_time_for_many_at_once(monkeypatch, rate, ends):
    """320 messages come in one piece, for which a plan of five a second asks 64 seconds."""
    made = made_call(monkeypatch, 64.0, rate)
    feed, writer = OnePortion(320), Told(made.client)
    running = asyncio.create_task(Pump(made, made.client, feed, writer, heartbeat=0.05, write_wait=10).run())
    async with asyncio.timeout(30):
        while "alive" not in writer.said and not running.done():
            await asyncio.sleep(0.01)
        made.client.end(CloseReason.AGED)
        assert await running is (CloseReason.LIMITED if ends else CloseReason.AGED)


@pytest.mark.parametrize("reads_messages", [False, True])
@pytest.mark.parametrize("reason", [CloseReason.REVOKED, CloseReason.SHUTDOWN])
async def test_who_does_not_read_is_cut_off_when_the_stream_is_to_end(monkeypatch, reason, reads_messages):
    monkeypatch.setattr(pump, "LAST_WRITE_SECONDS", 0.05)
    made = made_call(monkeypatch)
    writer = Stuck(made.client, reads_messages=reads_messages)
    running = asyncio.create_task(
        Pump(made, made.client, OnePortion(), writer, heartbeat=0, write_wait=3600).run()
    )
    async with asyncio.timeout(30):
        await writer.writing.wait()
        made.client.end(reason)
        await running
    assert writer.said == ["cut off"]


async def test_who_cannot_be_told_of_a_gap_is_told_why_it_ends(monkeypatch):
    made = made_call(monkeypatch)
    feed, writer = OnePortion(), Told(made.client)
    feed.portions = [Portion(0, 0, gap="the broker has deleted 3 records")]

    async def no_place(_reason):
        return False

    monkeypatch.setattr(writer, "gap", no_place)
    async with asyncio.timeout(30):
        reason = await Pump(made, made.client, feed, writer, heartbeat=0, write_wait=60).run()
    assert (reason, writer.said) == (CloseReason.GAP, [CloseReason.GAP])


async def test_a_write_may_not_take_forever(monkeypatch):
    made = made_call(monkeypatch)
    writer = Stuck(made.client, reads_messages=False)
    async with asyncio.timeout(30):
        reason = await Pump(made, made.client, OnePortion(), writer, heartbeat=0, write_wait=0.05).run()
    assert (reason, writer.said) == (CloseReason.SLOW, ["cut off"])
