"""Clients that read by themselves what they missed: a few at a time, and nobody for good."""

import asyncio
from types import SimpleNamespace

import pytest

from gateway import catch_up
from gateway.catch_up import CatchUp, OwnReaders
from gateway.cursor import CursorCodec, Next, cursor_key
from gateway.message_log import Chunk, Entry, Form, MessageLog, Stretch
from streams.kafka.topic_reader import Start
from tests.gateway.serving import until

PLACE = ("orders", 0)
CODEC = CursorCodec(cursor_key(b"secret"), b"stream")


class OwnHub:
    """Stands for a hub that has read three records from where it was asked to begin."""

    def __init__(self, start):
        at = start.offsets[PLACE]
        self.beginning = SimpleNamespace(offsets={PLACE: at})
        self.log = MessageLog(float("inf"))
        for offset in range(at, at + 3):
            following = Next(offset + 1)
            stretch = Stretch(PLACE, (Entry(PLACE, following, b"%d" % offset),), following)
            self.log.append(Chunk({PLACE: Next(offset)}, (stretch,), CODEC, 0.0))

    def watch(self, who, waiter): ...

    def drained(self): ...


class Brokers:
    """Opens hubs, and closes them when it is let."""

    def __init__(self):
        self.open = 0
        self.may_close = asyncio.Event()
        self.may_close.set()
        self.readers = OwnReaders(1, self._opened, lambda _hub: asyncio.create_task(self._close()))

    def client(self, offset):
        position = {PLACE: Next(offset)}
        return CatchUp(self.readers, None, position, Start({PLACE: offset}, oldest=True), tell_gap=True)

    def _opened(self, _shared, start):
        self.open += 1
        return OwnHub(start)

    async def _close(self):
        await self.may_close.wait()
        self.open -= 1


def taken(client):
    portion = client.take(Form.FRAMES)
    return [] if portion is None else list(portion.frames)


@pytest.fixture
def quick(monkeypatch):
    monkeypatch.setattr(catch_up, "TURN_SECONDS", 0.01)


async def test_a_client_that_does_not_get_on_shuts_nobody_out(quick):
    brokers = Brokers()
    stuck, other = brokers.client(0), brokers.client(100)
    got = []
    async with asyncio.timeout(30):
        while not got:
            got += taken(other)
            await asyncio.sleep(0.01)
    assert got == [b"100", b"101", b"102"]
    assert brokers.open == 1
    stuck.end()
    other.end()
    await until(lambda: not brokers.open)


async def test_a_client_goes_on_where_it_was_when_it_has_its_turn_again(quick):
    brokers = Brokers()
    clients = [brokers.client(0), brokers.client(100)]
    got = [[], []]
    async with asyncio.timeout(30):
        while min(map(len, got)) < 9:
            for client, mine in zip(clients, got, strict=True):
                mine.extend(taken(client))
            await asyncio.sleep(0.01)
    for first, mine in zip((0, 100), got, strict=True):
        assert mine == [b"%d" % number for number in range(first, first + len(mine))]
    for client in clients:
        client.end()
    await until(lambda: not brokers.open)


async def test_who_comes_and_goes_holds_no_more_brokers_than_there_are_turns():
    brokers = Brokers()
    brokers.may_close.clear()
    for _ in range(20):
        client = brokers.client(0)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        client.end()
    assert brokers.open == 1
    brokers.may_close.set()
    await until(lambda: not brokers.open)
