"""Connections to AMQP 0.9.1 brokers: declared alike by the input and the output, and opened through the guard."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import parse_qsl

import aio_pika
from aio_pika.abc import AbstractChannel, AbstractExchange
from aiormq.exceptions import AMQPError
from yarl import URL

from streams.connections import Connections
from streams.errors import ConfigError
from streams.http.tls import TLS, check_tls
from streams.link import Link, connect_first
from streams.outbound import Guard
from streams.server_tls import server_context
from streams.servers import Scheme, Server, check_servers, find_servers
from streams.spec import BuildContext, Config, Field, FieldType, Problem, Rules, Shape

SCHEME: Final = Scheme("amqp", {"amqp": 5672, "amqps": 5671}, frozenset({"amqps"}))
FAILURES: Final = (AMQPError, OSError, RuntimeError, asyncio.TimeoutError)
"""What aio-pika raises when the broker refuses something, or is lost."""
_HEARTBEAT: Final = "heartbeat"
_HEARTBEAT_SECONDS: Final = "10"
_GUEST: Final = "guest"

CONNECTION: Final = (
    Field(
        "urls",
        FieldType.STRING,
        "The name of a connection, or URLs such as `amqp://host:5672/vhost`; the first that lets us in is used.",
        shape=Shape.LIST,
    ),
    TLS,
)


@dataclass(frozen=True, slots=True)
class AmqpClient:
    """A connection with its one channel."""

    connection: aio_pika.Connection
    channel: AbstractChannel
    exchanges: dict[str, AbstractExchange] = field(default_factory=dict)
    """Those that are known to be there."""

    async def close(self) -> None:
        """Close both."""
        await self.connection.close()

    @property
    def is_lost(self) -> bool:
        """Either is closed."""
        return self.connection.is_closed or self.channel.is_closed

    async def lost(self, cancelled: asyncio.Future[None]) -> None:
        """Return when either is closed, or `cancelled` is done."""
        ends: tuple[Awaitable[object], ...] = (self.connection.closed(), self.channel.closed(), cancelled)
        closed = [asyncio.ensure_future(end) for end in ends]
        try:
            await asyncio.wait(closed, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for one in closed:
                one.cancel()


AmqpLink = Link[AmqpClient]
Prepare = Callable[[AmqpClient], Awaitable[None]]


async def _nothing(_client: AmqpClient) -> None:
    """Nothing to prepare."""


def amqp_servers(config: Config, context: BuildContext) -> tuple[Server, ...]:
    """The servers of a checked body. Raises ConfigError."""
    return find_servers(config["urls"], SCHEME, context.service(Connections))


def make_link(
    servers: tuple[Server, ...], config: Config, context: BuildContext, prepare: Prepare = _nothing
) -> AmqpLink:
    """Make the link to the first of the servers that lets us in.

    prepare: what is done by each new client before anything else; what it raises counts as a failure to connect.
    """
    guard = context.service(Guard)

    async def connect(server: Server, address: str) -> AmqpClient:
        connection = _connection(server, address, config)
        try:
            await connection.connect()
            client = AmqpClient(connection, await connection.channel(on_return_raises=True))
            await prepare(client)
        except BaseException:
            await connection.close()
            raise
        return client

    return Link(lambda: connect_first(servers, guard, connect, FAILURES), AmqpClient.close)


async def consumer_cancelled(client: AmqpClient) -> asyncio.Future[None]:
    """Return a future of when the broker ends what is consumed, as where the queue is deleted."""
    cancelled: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def cancel(_frame: object) -> None:
        if not cancelled.done():
            cancelled.set_result(None)

    channel = await client.channel.get_underlay_channel()
    channel.on_consumer_cancel_callbacks.add(cancel)
    return cancelled


def check_amqp(
    config: Config, rules: Rules, topics: Mapping[str, tuple[str | int, ...]]
) -> Iterable[Problem]:
    """What is wrong with URLs and TLS, and with queues or exchanges that the connection does not allow.

    topics: each with the path where it is written.
    """
    yield from check_servers("urls", config["urls"], SCHEME, rules, topics)
    yield from check_tls(config)
    try:
        servers = find_servers(config["urls"], SCHEME, Connections(raw_addresses=True))
    except ConfigError:
        return
    for name in {name for server in servers for name, _ in parse_qsl(server.query)} - {_HEARTBEAT}:
        message = f"the parameter {name!r} of the URL means nothing here"
        yield Problem(("urls",), "bad_url", message, f"known: {_HEARTBEAT}, in seconds")


def _connection(server: Server, address: str, config: Config) -> aio_pika.Connection:
    context = server_context(server, config)
    url = URL.build(
        scheme="amqp" if context is None else "amqps",
        user=server.username or _GUEST,
        password=server.password or _GUEST,
        host=address,
        port=server.port,
        path="/" + server.path,
        query={_HEARTBEAT: _HEARTBEAT_SECONDS, **dict(parse_qsl(server.query))},
    )
    connection = aio_pika.Connection(
        url, ssl_context=context, client_properties={"connection_name": "sluice"}
    )
    if context is not None:
        connection.kwargs["server_hostname"] = server.host
    return connection
