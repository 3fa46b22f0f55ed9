"""Servers that are stopped for ten seconds while streams write and read: nothing that they had and kept is lost."""

import asyncio
import uuid
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest
from websockets.asyncio.server import serve

from portal.embedded import ports
from streams.message import Message
from tests.parts import mosquitto, nats_server, rabbitmq, valkey_tcp
from tests.streams.connecting import contents, numbered, output_of, reading, until, write_at_last

pytestmark = [pytest.mark.slow, pytest.mark.exhaustive]

AWAY_SECONDS = 10
TOGETHER = 50


@dataclass
class Ends:
    """How to write to a server and to read it, in YAML."""

    writes: str
    reads: str


def redis_ends(port):
    url = f"redis://127.0.0.1:{port}"
    return Ends(
        f"{{redis_streams: {{url: '{url}', stream: a}}}}",
        f"{{redis_streams: {{url: '{url}', streams: [a], consumer_group: g, timeout: 100ms}}}}",
    )


def mqtt_ends(port):
    url = f"urls: ['tcp://127.0.0.1:{port}']"
    session = f"client_id: {uuid.uuid4().hex}, clean_session: false"
    return Ends(f"{{mqtt: {{{url}, topic: t}}}}", f"{{mqtt: {{{url}, topics: [t], {session}}}}}")


def amqp_ends(port):
    url = f"urls: ['amqp://127.0.0.1:{port}']"
    return Ends(
        f"{{amqp_0_9: {{{url}, exchange: '', key: q, persistent: true, mandatory: true}}}}",
        f"{{amqp_0_9: {{{url}, queue: q, queue_declare: {{enabled: true}}}}}}",
    )


KEEPING = [(valkey_tcp, redis_ends), (mosquitto, mqtt_ends), (rabbitmq, amqp_ends)]


async def test_what_servers_had_and_kept_is_not_lost(tmp_path):
    """All at once, as they mostly wait."""
    await asyncio.gather(_keeping(tmp_path), _forgetting(tmp_path / "nats"))


async def _keeping(tmp_path):
    """Brokers that keep what comes while nobody reads."""
    brokers = [(part.make(tmp_path / part.__name__), ends) for part, ends in KEEPING]
    await asyncio.gather(*(asyncio.to_thread(broker.start) for broker, _ in brokers))
    try:
        await asyncio.gather(*(_outlive(broker, ends(broker.port)) for broker, ends in brokers))
    finally:
        await asyncio.gather(*(asyncio.to_thread(broker.stop) for broker, _ in brokers))


async def _outlive(broker, ends):
    """Write before, while the broker is away, and after; then all must have been read."""
    async with reading(ends.reads) as (pipeline, kept), output_of(ends.writes) as output:
        await write_at_last(output, _messages(0))
        await until(lambda: len(kept.taken) >= TOGETHER / 2)
        await asyncio.to_thread(broker.stop)
        writing = asyncio.create_task(write_at_last(output, _messages(1)))
        await until(lambda: pipeline.statistics.source().error)
        await asyncio.sleep(AWAY_SECONDS)
        await asyncio.to_thread(broker.start)
        await writing
        await write_at_last(output, _messages(2))
        await until(lambda: set(contents(kept)) == set(numbered(3 * TOGETHER)))
        await until(lambda: not pipeline.statistics.source().error)


def _messages(round_):
    return [Message(content) for content in numbered(TOGETHER, round_ * TOGETHER)]


async def _forgetting(directory):
    """Servers that keep nothing for who is away: they take nothing meanwhile, and all that comes after is read."""
    broker = nats_server.make(directory)
    await asyncio.to_thread(broker.start)
    urls = f"urls: ['nats://127.0.0.1:{broker.port}']"
    ends = Ends(f"{{nats: {{{urls}, subject: s}}}}", f"{{nats: {{{urls}, subject: s}}}}")
    try:
        await asyncio.gather(_resume(_Process(broker), ends), _resume(*_relay()))
    finally:
        await asyncio.to_thread(broker.stop)


async def _resume(server, ends):
    async with server.running(), reading(ends.reads) as (pipeline, kept), output_of(ends.writes) as output:
        await _heard(output, kept, b"before")
        await server.stop()
        writing = asyncio.create_task(write_at_last(output, _messages(0)))
        await until(lambda: pipeline.statistics.source().error)
        await asyncio.sleep(AWAY_SECONDS)
        assert not writing.done(), "a server that was away had taken messages"
        await server.start()
        await writing
        await _heard(output, kept, b"after")
        kept.taken.clear()
        await output.write(_messages(1))
        await until(lambda: set(numbered(TOGETHER, TOGETHER)) <= set(contents(kept)))


async def _heard(output, kept, content):
    """Write until the reader, which may not listen yet, has heard it."""
    async with asyncio.timeout(30):
        while content not in contents(kept):
            await write_at_last(output, [Message(content)])
            await asyncio.sleep(0.05)


class _Process:
    """A broker as `_resume` takes it."""

    def __init__(self, broker):
        self._broker = broker

    @asynccontextmanager
    async def running(self):
        yield

    async def stop(self):
        await asyncio.to_thread(self._broker.stop)

    async def start(self):
        await asyncio.to_thread(self._broker.start)


class _Relay:
    """A service that sends what anybody says to all."""

    def __init__(self):
        self.port = ports.free()
        self._sockets = set()
        self._server = None

    @asynccontextmanager
    async def running(self):
        await self.start()
        yield
        await self.stop()

    async def start(self):
        self._server = await serve(self._talk, "127.0.0.1", self.port)

    async def stop(self):
        self._server.close()
        await self._server.wait_closed()

    async def _talk(self, socket):
        self._sockets.add(socket)
        try:
            async for message in socket:
                for other in self._sockets:
                    await other.send(message)
        finally:
            self._sockets.discard(socket)


def _relay():
    relay = _Relay()
    text = f"{{websocket: {{url: 'ws://127.0.0.1:{relay.port}'}}}}"
    return relay, Ends(text, text)
