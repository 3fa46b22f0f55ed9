"""The database that a definition names: by a DSN, whose host may be the name of a connection of the operator."""

from __future__ import annotations

import sqlite3
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl

import psycopg
from asyncmy.errors import MySQLError

from streams.connections import Connections
from streams.errors import ConfigError, ConnectError
from streams.link import connect_first
from streams.outbound import Guard
from streams.servers import Scheme, Server, find_servers, topic_refusal
from streams.spec import BuildContext, Config, Problem, Rules, Severity
from streams.sql import mysql, postgresql
from streams.sql.pool import Limits, Pool
from streams.sql.session import Session
from streams.sql.sqlite import SqliteDirectories, open_sqlite

DRIVERS: Final = ("mysql", "postgres", "sqlite")
DEFAULT_OPEN: Final = 10
"""Sessions at a time, where a definition does not say."""
MAX_OPEN: Final = 50
_POSTGRES: Final = Scheme("postgresql", {"postgres": 5432, "postgresql": 5432}, frozenset())
_MYSQL: Final = Scheme("mysql", {"mysql": 3306}, frozenset())
_FOR_EVER: Final = float("inf")


@dataclass(frozen=True, slots=True)
class Driver:
    """What two kinds of servers differ in."""

    scheme: Scheme
    url: Callable[[str], str]
    """A DSN as a URL. Raises ConfigError."""
    check: Callable[[Mapping[str, str]], str]
    open: Callable[[Server, str, Mapping[str, str], float], Awaitable[Session]]
    failures: tuple[type[Exception], ...]
    """What `open` raises besides OSError."""


_SERVERS: Final = {
    "postgres": Driver(_POSTGRES, str, postgresql.check_options, postgresql.open_postgres, (psycopg.Error,)),
    "mysql": Driver(_MYSQL, mysql.dsn_url, mysql.check_options, mysql.open_mysql, (MySQLError,)),
}


def make_pool(config: Config, context: BuildContext) -> Pool:
    """The sessions that the components of a stream share which name the same database alike. Raises ConfigError."""
    limits = _limits(config)
    key = f"sql/{config['driver']}/{config['dsn']}/{limits}/{config['init_statement']}"
    if key not in context.resources:
        context.resources[key] = Pool(_opener(config, context), limits, config["init_statement"])
    pool: Pool = context.resources[key]
    return pool


def check_source(config: Config, rules: Rules) -> Iterable[Problem]:
    """What is wrong with the database that a body names."""
    if not 0 <= config["conn_max_open"] <= MAX_OPEN:
        yield Problem(("conn_max_open",), "wrong_value", f"at most {MAX_OPEN} sessions may be open")
    if config["timeout"] <= 0:
        yield Problem(("timeout",), "wrong_value", "the timeout is more than nothing")
    try:
        servers = _check_server(config, rules)
    except ConfigError as error:
        yield Problem(("dsn",), "bad_dsn", str(error))
        return
    if any(server.password and server.connection is None for server in servers):
        message = "whoever may read the definition reads this password"
        remedy = "name a connection of the operator in place of the host"
        yield Problem(("dsn",), "password_in_url", message, remedy, Severity.WARNING)


def _check_server(config: Config, rules: Rules) -> tuple[Server, ...]:
    if config["driver"] == "sqlite":
        allowed = ("/",) if rules.sqlite_directories is None else rules.sqlite_directories
        SqliteDirectories(allowed).uri(config["dsn"])
        return ()
    return _servers(config, rules.connections or Connections(raw_addresses=True))


def _servers(config: Config, connections: Connections) -> tuple[Server, ...]:
    """The servers of a DSN, each with a database that may be used there. Raises ConfigError."""
    driver = _SERVERS[config["driver"]]
    servers = find_servers([driver.url(config["dsn"]).replace(",", "%2C")], driver.scheme, connections)
    for server in servers:
        if server.connection is not None and not server.path:
            raise ConfigError("the DSN names no database")
        if problem := topic_refusal([server], server.path) or driver.check(dict(parse_qsl(server.query))):
            raise ConfigError(problem)
    return servers


def _opener(config: Config, context: BuildContext) -> Callable[[], Awaitable[Session]]:
    seconds = config["timeout"]
    if config["driver"] == "sqlite":
        return _sqlite_opener(context.choice(SqliteDirectories()).uri(config["dsn"]), seconds)
    driver, guard = _SERVERS[config["driver"]], context.service(Guard)
    servers = _servers(config, context.service(Connections))

    async def connect(server: Server, address: str) -> Session:
        return await driver.open(server, address, dict(parse_qsl(server.query)), seconds)

    return lambda: connect_first(servers, guard, connect, driver.failures)


def _sqlite_opener(uri: str, seconds: float) -> Callable[[], Awaitable[Session]]:
    async def connect() -> Session:
        try:
            return await open_sqlite(uri, seconds)
        except sqlite3.Error as error:
            raise ConnectError(str(error)) from error

    return connect


def _limits(config: Config) -> Limits:
    most = config["conn_max_open"] or DEFAULT_OPEN
    return Limits(
        most,
        min(most, max(0, config["conn_max_idle"])),
        config["conn_max_idle_time"] or _FOR_EVER,
        config["conn_max_life_time"] or _FOR_EVER,
        config["timeout"],
    )
