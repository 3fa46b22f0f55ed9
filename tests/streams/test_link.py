"""Connections that are opened when they are needed, and anew when they were lost."""

import asyncio

import pytest

from streams.errors import ConnectError, OutputError
from streams.link import Link, connect_first
from streams.outbound import Guard
from streams.servers import Server


class Opening:
    """Opens numbered clients, or fails as long as it is told to."""

    def __init__(self, failing=False):
        self.failing = failing
        self.opened = 0
        self.closed = []
        self.go = asyncio.Event()

    async def open(self):
        self.opened += 1
        await self.go.wait()
        if self.failing:
            raise ConnectError(f"failure {self.opened}")
        return self.opened

    async def close(self, client):
        self.closed.append(client)
        raise RuntimeError("it was broken already")


async def test_all_who_ask_share_one_client_until_it_is_dropped():
    opening = Opening()
    link = Link(opening.open, opening.close)
    opening.go.set()
    assert await asyncio.gather(*(link.client() for _ in range(5))) == [1] * 5
    await link.drop(1, "gone")
    await link.drop(1, "told again by another")
    assert (link.status().error, await link.client_to_write(), link.status().error) == ("gone", 2, "")
    await link.close()
    assert opening.closed == [1, 2]


async def test_all_who_waited_for_a_try_that_failed_hear_of_it_at_once():
    opening = Opening(failing=True)
    link = Link(opening.open, opening.close)
    asking = [asyncio.create_task(link.client_to_write()) for _ in range(5)]
    await asyncio.sleep(0)
    opening.go.set()
    assert {str(one) for one in await asyncio.gather(*asking, return_exceptions=True)} == {"failure 1"}
    assert opening.opened == 1
    with pytest.raises(OutputError, match="failure 2"):
        await link.client_to_write()


async def test_the_first_server_that_lets_us_in_is_used_at_a_vetted_address():
    guard = Guard(
        ["10.0.0.0/8"], resolver={"a.test": ["10.0.0.1", "10.0.0.2"], "b.test": ["192.168.0.1"]}.get
    )
    tried = []

    async def connect(server, address):
        tried.append((server.host, address))
        if address != "10.0.0.2":
            raise OSError("refused")
        return address

    servers = [Server(host, 1, tls=False, username="", password="", path="") for host in ("b.test", "a.test")]
    assert await connect_first(servers, guard, connect, ()) == "10.0.0.2"
    assert tried == [("a.test", "10.0.0.1"), ("a.test", "10.0.0.2")]
    with pytest.raises(ConnectError) as refused:
        await connect_first(servers[:1], guard, connect, ())
    assert "192.168" not in str(refused.value), "a tenant learns what a private zone holds"
    guard.close()
