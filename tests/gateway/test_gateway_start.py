"""The gateway between its start and its end, by the order of events."""

import asyncio
import signal
from types import SimpleNamespace

import orjson
import pytest

from gateway.asgi import Gateway
from gateway.client_counts import ClientCounts
from gateway.clients import Clients
from gateway.configuration import Configuration
from gateway.end_signals import SIGNALS


@pytest.fixture(autouse=True)
def _handlers_as_they_were():
    """A gateway takes the signals of its process, which is the tests' here."""
    before = {number: signal.getsignal(number) for number in SIGNALS}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


class Follower:
    """Reads when it is let."""

    def __init__(self):
        self.now = Configuration()
        self.is_stale = True
        self.may_read = asyncio.Event()

    async def start(self):
        await self.may_read.wait()
        self.is_stale = False

    async def look_again(self):
        return False

    async def stop(self): ...


class Background:
    async def start(self): ...

    async def stop(self): ...


def gateway_with(follower):
    clients = Clients(ClientCounts("redis://127.0.0.1:1", "here"))
    admission = SimpleNamespace(clients=clients, budgets=Background(), analytics=Background())

    async def close(): ...

    async def make(_changed):
        return SimpleNamespace(serving=(), admission=admission, follower=follower, close=close)

    return Gateway(make)


async def answer(gateway):
    """Status and code of what a request is answered."""
    sent = []

    async def send(event):
        sent.append(event)

    await gateway({"type": "http", "method": "GET", "path": "/shop/sse", "headers": []}, None, send)
    return sent[0]["status"], orjson.loads(sent[1]["body"])["code"]


async def test_requests_that_come_first_wait_until_it_knows_what_it_serves():
    follower = Follower()
    gateway = gateway_with(follower)
    waiting = [asyncio.create_task(answer(gateway)) for _ in range(3)]
    await asyncio.sleep(0.05)
    assert not any(task.done() for task in waiting)
    follower.may_read.set()
    assert await asyncio.gather(*waiting) == [(404, "not_found")] * 3


async def test_who_comes_when_it_is_about_to_end_is_sent_elsewhere():
    follower = Follower()
    follower.may_read.set()
    gateway = gateway_with(follower)
    assert await answer(gateway) == (404, "not_found")
    gateway.drain()
    assert await answer(gateway) == (503, "shutdown")
