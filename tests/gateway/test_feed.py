"""A client's part of a queue, as its pump takes it."""

import asyncio

import pytest

from gateway.client_queue import ClientQueue
from gateway.feed import FeedEndedError, QueueFeed
from gateway.message_log import Form
from streams.message import Message


def watched(feed):
    waiter = asyncio.get_running_loop().create_future()
    feed.watch(waiter)
    return waiter


async def test_a_client_that_waits_for_long_is_remembered_once():
    queue = ClientQueue()
    feed = QueueFeed(queue.reader(), Form.LINES)
    waiters = [watched(feed) for _ in range(100)]
    putting = asyncio.create_task(queue.put([Message(b"one")]))
    async with asyncio.timeout(30):
        await waiters[-1]
    assert not any(waiter.done() for waiter in waiters[:-1])
    portion = await feed.take()
    assert portion.content == b"one\n"
    await feed.delivered()
    await putting
    await feed.close()


async def test_who_watches_after_a_batch_has_come_is_told_at_once():
    queue = ClientQueue()
    feed = QueueFeed(queue.reader(), Form.LINES)
    putting = asyncio.create_task(queue.put([Message(b"one")]))
    async with asyncio.timeout(30):
        await watched(feed)
        await watched(feed)
    await feed.close()
    queue.withdraw()
    await asyncio.gather(putting, return_exceptions=True)


async def test_a_queue_that_ends_ends_the_feed():
    queue = ClientQueue()
    feed = QueueFeed(queue.reader(), Form.LINES)
    waiter = watched(feed)
    queue.end()
    async with asyncio.timeout(30):
        await waiter
    with pytest.raises(FeedEndedError):
        await feed.take()
    await feed.close()
