"""Connections to AMQP 1.0 brokers: declared alike by the input and the output, and opened through the guard.

Only where their client is installed: see `streams.amqp_1.optional`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Final

from streams.amqp.connection import SCHEME
from streams.amqp_1.session import Session
from streams.connections import Connections
from streams.errors import ConnectError
from streams.http.tls import TLS, check_tls
from streams.link import Link, connect_first
from streams.outbound import Guard
from streams.server_tls import server_context
from streams.servers import Server, check_servers, find_servers
from streams.spec import BuildContext, Config, Field, FieldType, Problem, Rules, Shape

CONNECTION: Final = (
    Field(
        "urls",
        FieldType.STRING,
        "The name of a connection, or URLs such as `amqp://host:5672`; the first that lets us in is used.",
        default=[],
        shape=Shape.LIST,
    ),
    Field("url", FieldType.STRING, "The older name, for one.", default=""),
    TLS,
    Field(
        "sasl",
        FieldType.OBJECT,
        "How we are recognised, where neither a connection nor the URL has a name and a password.",
        children=(
            Field(
                "mechanism",
                FieldType.STRING,
                "The mechanism.",
                default="none",
                options=("none", "anonymous", "plain"),
            ),
            Field("user", FieldType.STRING, "The name.", default=""),
            Field("password", FieldType.STRING, "The password.", default="", secret=True),
        ),
    ),
)

AmqpLink = Link[Session]
Prepare = Callable[[Session], Awaitable[None]]


def amqp_1_servers(config: Config, context: BuildContext) -> tuple[Server, ...]:
    """The servers of a checked body. Raises ConfigError."""
    return find_servers(_urls(config), SCHEME, context.service(Connections))


def make_link(
    servers: tuple[Server, ...], config: Config, context: BuildContext, prepare: Prepare
) -> AmqpLink:
    """Make the link to the first of the servers that lets us in.

    prepare: what is done by each new session before anything else; what it raises counts as a failure to connect.
    """
    guard = context.service(Guard)

    async def connect(server: Server, address: str) -> Session:
        secured = server_context(server, config)
        name = None if secured is None else server.host
        session = Session(
            *await asyncio.open_connection(address, server.port, ssl=secured, server_hostname=name)
        )
        try:
            await session.open(server.host, *_credentials(server, config))
            await prepare(session)
        except BaseException:
            await session.close()
            raise
        return session

    return Link(lambda: connect_first(servers, guard, connect, (ConnectError,)), Session.close)


def check_amqp_1(
    config: Config, rules: Rules, topics: Mapping[str, tuple[str | int, ...]]
) -> Iterable[Problem]:
    """What is wrong with URLs and TLS, and with addresses that the connection does not allow.

    topics: addresses, each with the path where it is written.
    """
    yield from check_servers("urls", _urls(config), SCHEME, rules, topics)
    yield from check_tls(config)


def _urls(config: Config) -> list[str]:
    return config["urls"] or [config["url"]]


def _credentials(server: Server, config: Config) -> tuple[str, str, str]:
    """SASL's mechanism, name and password."""
    sasl = config["sasl"]
    if server.username:
        return "PLAIN", server.username, server.password
    return "" if sasl["mechanism"] == "none" else sasl["mechanism"].upper(), sasl["user"], sasl["password"]
