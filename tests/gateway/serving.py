"""Gateway processes and clients for tests, without a server before them."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from confluent_kafka import Producer
from django.db import connections

from gateway.call import Call
from gateway.caller import Caller, Limits
from gateway.client import Client
from gateway.http_server import HTTP_SERVER_OUTPUT
from gateway.http_server_input import HTTP_SERVER_INPUT
from gateway.internal_topic import InternalTopics
from gateway.reading import http_outputs
from gateway.round_robin import RoundRobin
from gateway.routes import ActiveApi, Purpose, Route
from streams.builtin import core_registry
from streams.connections import Connections
from tests.streams.making import stream
from webhooks.database import open_pool

REGISTRY = core_registry().with_component(HTTP_SERVER_INPUT, HTTP_SERVER_OUTPUT)
DEADLINE = 60.0


class Counted:
    """A meter that remembers, and a budget that never makes anybody wait."""

    def __init__(self) -> None:
        self.handed = 0
        self.errors: list[str] = []

    def take_messages(self, _count: int) -> float:
        return 0.0

    def messages(self, count: int, _size: int) -> None:
        self.handed += count

    def error(self, kind: str) -> None:
        self.errors.append(kind)

    def opened(self) -> None: ...

    def closed(self, *_: Any) -> None: ...


def kafka_text(bootstrap: str, topic: str, group: str, *processors: str, output: str = "") -> str:
    """A stream from a topic to clients."""
    return f"""
input: {{kafka: {{addresses: ['{bootstrap}'], topics: [{topic}], consumer_group: {group}}}}}
pipeline: {{processors: [{", ".join(processors)}]}}
output: {{http_server: {{path: /get, stream_path: /sse{output}}}}}
"""


def api(text: str, *, definition_id: int = 1, dialect: str = "tyk", revision: int = 1) -> ActiveApi:
    """A definition with one stream, `orders`."""
    return ActiveApi(
        definition_id=definition_id,
        organization_id=1,
        name="shop",
        dialect=dialect,
        revision=revision,
        listen_path="/shop/",
        strip_listen_path=True,
        authenticated=False,
        upstream_url="",
        connections=Connections(raw_addresses=True),
        streams={"orders": stream(text, REGISTRY)},
    )


def call(
    of: ActiveApi,
    *,
    purpose: Purpose = Purpose.STREAM,
    query: bytes = b"",
    receive: Any = None,
    send: Any = None,
    method: str = "GET",
) -> Call:
    """A call of a client of the stream."""
    checked = of.streams["orders"]
    route = Route(of, purpose, checked, next(http_outputs(checked)), path="/get")
    caller = Caller("192.0.2.1", Limits())
    scope: Mapping[str, Any] = {
        "type": "http", "method": method, "path": "/shop/get", "query_string": query, "headers": [],
    }  # fmt: skip
    counted = Counted()
    client = Client(route, caller, 1, 0.0)
    return Call(scope, receive, send, {}, route, caller, counted, counted, client)


@dataclass(eq=False)
class Reader:
    """A client that reads on, and what it got."""

    got: list[bytes] = field(default_factory=list)
    task: asyncio.Task[None] | None = None

    async def join(self, process: RoundRobin, of: ActiveApi, query: bytes = b"") -> "Reader":
        reader = await process.join(call(of, query=query))
        self.task = asyncio.create_task(self._read(reader))
        return self

    async def _read(self, reader: Any) -> None:
        try:
            async for batch in reader:
                self.got += [message.content for message in batch]
                await reader.handed_over(batch)
        finally:
            await reader.close()

    async def leave(self) -> None:
        if self.task is not None:
            self.task.cancel()
            with suppress(asyncio.CancelledError):
                await self.task


@asynccontextmanager
async def processes(
    postgres_url: str, valkey_url: str, internal: InternalTopics, count: int = 1
) -> AsyncIterator[list[RoundRobin]]:
    """So many gateway processes, as far as round robin is concerned."""
    pool = await open_pool(postgres_url)
    made = [RoundRobin(pool, internal, valkey_url) for _ in range(count)]
    try:
        for one in made:
            await one.start()
        yield made
    finally:
        for one in made:
            await one.stop()
        await pool.close()


async def until(true: Any) -> None:
    """Wait until it is so."""
    async with asyncio.timeout(DEADLINE):
        while not true():
            await asyncio.sleep(0.02)


async def in_database(work: Callable[[], Any]) -> Any:
    """What a function that uses Django's ORM returns; no connection of its stays open."""

    def run() -> Any:
        try:
            return work()
        finally:
            connections.close_all()

    return await asyncio.to_thread(run)


def produce(bootstrap: str, topic: str, contents: Sequence[bytes]) -> None:
    """Write records whose keys are their values."""
    producer = Producer({"bootstrap.servers": bootstrap})
    for content in contents:
        producer.produce(topic, content, key=content)
    assert producer.flush(DEADLINE) == 0
