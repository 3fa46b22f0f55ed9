"""Inputs and outputs that are connected and closed as one."""

import asyncio

import pytest

from streams.connecting import close_all, connect_all
from streams.errors import ConnectError
from tests.streams.making import ListOutput


class Opened(ListOutput):
    """Is open from the end of a connect to a close."""

    def __init__(self, failure=None):
        super().__init__()
        self.failure = failure
        self.may_connect = asyncio.Event()
        self.is_open = False

    async def connect(self):
        if self.failure is not None:
            raise self.failure
        await self.may_connect.wait()
        self.is_open = True

    async def close(self):
        if self.failure is not None:
            raise self.failure
        await asyncio.sleep(0)
        self.is_open = False


async def test_a_failure_is_told_when_nothing_is_still_connecting_that_nobody_would_close():
    slow = Opened()
    connecting = asyncio.create_task(connect_all([Opened(ConnectError("away")), slow]))
    for _ in range(5):
        await asyncio.sleep(0)
    assert not connecting.done()
    slow.may_connect.set()
    with pytest.raises(ConnectError, match="away"):
        await connecting
    assert slow.is_open


async def test_one_that_cannot_be_closed_leaves_the_others_closed():
    other = Opened()
    other.may_connect.set()
    await connect_all([other])
    with pytest.raises(RuntimeError, match="broken"):
        await close_all([Opened(RuntimeError("broken")), other])
    assert not other.is_open
