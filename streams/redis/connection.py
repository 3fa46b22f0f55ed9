"""Connections to Redis: declared alike by every component that has one, and opened through the guard."""

from __future__ import annotations

import ssl
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, Final

from redis.asyncio import Redis
from redis.asyncio.connection import Connection, ConnectionPool
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.maint_notifications import MaintNotificationsConfig

from streams.connections import Connections
from streams.errors import ConfigError
from streams.http.tls import TLS, check_tls
from streams.link import Link, connect_first
from streams.outbound import Guard
from streams.server_tls import server_context
from streams.servers import Scheme, Server, check_servers, find_servers
from streams.spec import BuildContext, Config, Field, FieldType, Problem, Rules

ANSWER_SECONDS: Final = 30.0
"""After which a server that was asked is taken for away."""
SCHEME: Final = Scheme("redis", {"redis": 6379, "rediss": 6379, "tcp": 6379}, frozenset({"rediss"}))
_ONE_SERVER: Final = "Sluice speaks to one server; name the address of the cluster's or sentinel's proxy"

CONNECTION: Final = (
    Field(
        "url",
        FieldType.STRING,
        "The name of a connection, or a URL such as `redis://host:6379/0`; the path is the database.",
    ),
    Field(
        "kind",
        FieldType.STRING,
        "Which kind of client.",
        default="simple",
        options=("simple", "cluster", "failover"),
        refused=_ONE_SERVER,
    ),
    Field("master", FieldType.STRING, "The master's name, of `failover`.", default="", refused=_ONE_SERVER),
    TLS,
)

RedisLink = Link[Redis]


def redis_servers(config: Config, context: BuildContext) -> tuple[Server, ...]:
    """The servers of a checked body. Raises ConfigError."""
    return find_servers([config["url"]], SCHEME, context.service(Connections))


async def _ping(client: Redis) -> None:
    await client.ping()


def make_link(
    servers: tuple[Server, ...],
    config: Config,
    context: BuildContext,
    prepare: Callable[[Redis], Awaitable[None]] = _ping,
) -> RedisLink:
    """Make the link to the first of the servers that lets us in.

    prepare: what is done by each new client before anything else; what it raises counts as a failure to connect.
    """
    guard = context.service(Guard)

    async def connect(server: Server, address: str) -> Redis:
        client = Redis.from_pool(_pool(server, address, server_context(server, config)))
        try:
            await prepare(client)
        except BaseException:
            await client.aclose()
            raise
        return client

    return Link(lambda: connect_first(servers, guard, connect, (RedisError,)), Redis.aclose)


def check_redis(
    config: Config, rules: Rules, topics: Mapping[str, tuple[str | int, ...]]
) -> Iterable[Problem]:
    """What is wrong with a body's URL and TLS, and with names that the connection does not allow.

    topics: each with the path where it is written.
    """
    yield from check_servers("url", [config["url"]], SCHEME, rules, topics)
    yield from check_tls(config)
    try:
        servers = find_servers([config["url"]], SCHEME, Connections(raw_addresses=True))
    except ConfigError:
        return
    if any(not server.path.isdecimal() for server in servers if server.path):
        yield Problem(("url",), "bad_url", "the URL's path is the number of a database, such as /0")


class _Connection(Connection):
    """Connects to the address it is given, encrypted for the server's name where it has a context."""

    def __init__(self, *, context: ssl.SSLContext | None, server_name: str, **options: Any) -> None:
        super().__init__(**options)
        self._secured = {} if context is None else {"ssl": context, "server_hostname": server_name}

    def _connection_arguments(self) -> Mapping[str, Any]:
        return {**super()._connection_arguments(), **self._secured}


def _pool(server: Server, address: str, context: ssl.SSLContext | None) -> ConnectionPool:
    return ConnectionPool(
        _Connection,
        context=context,
        server_name=server.host,
        host=address,
        port=server.port,
        db=int(server.path or 0),
        username=server.username or None,
        password=server.password or None,
        socket_timeout=ANSWER_SECONDS,
        protocol=2,
        # A server could send its client elsewhere by them, past the guard.
        maint_notifications_config=MaintNotificationsConfig(enabled=False),
        retry=Retry(NoBackoff(), 0),
    )
