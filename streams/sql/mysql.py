"""Sessions with MySQL and MariaDB, by prepared statements: parameters travel apart from the text."""

from __future__ import annotations

import asyncio
import re
import socket
import ssl
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final
from urllib.parse import quote

import asyncmy
from asyncmy.errors import MySQLError

from streams.errors import ConfigError
from streams.servers import Server
from streams.sql.session import MAX_ROWS, Parameter, Row, SessionLostError, SqlError, too_many_rows
from streams.tls import client_context

OPTIONS: Final = ("parseTime", "tls", "charset", "collation", "timeout", "readTimeout", "writeTimeout", "loc")
"""What the query of a DSN may say; times and charsets may be anything, as they are Sluice's own."""
_PREPARED: Final = 64
"""Statements that a session keeps prepared."""
# As https://github.com/go-sql-driver/mysql describes it.
_DSN: Final = re.compile(
    r"(?:(?P<user>[^:@/]*)(?::(?P<password>.*))?@)?"
    r"(?:(?P<protocol>[^()/]*)(?:\((?P<address>[^)]*)\))?)?"
    r"/(?P<database>[^?]*)(?:\?(?P<query>.*))?",
    re.DOTALL,
)
_FAULTS: Final = (MySQLError, OSError, ValueError, TypeError, EOFError)


class MysqlSession:
    """One connection to MySQL or MariaDB."""

    def __init__(self, connection: Any, *, parse_time: bool) -> None:
        self._connection = connection
        self._parse_time = parse_time
        self._prepared: dict[str, Any] = {}

    async def query(self, text: str, parameters: Sequence[Parameter]) -> list[Row]:
        """The rows a statement gives. Raises SqlError."""
        result = await self._run(text, parameters)
        if result.rows is None:
            return []
        if len(result.rows) > MAX_ROWS:
            raise too_many_rows()
        names = [column[0] for column in result.description]
        return [dict(zip(names, map(self._json, row), strict=True)) for row in result.rows]

    async def execute(self, text: str, parameters: Sequence[Parameter]) -> None:
        """Carry a statement out. Raises SqlError."""
        await self._run(text, parameters)

    async def close(self) -> None:
        """Close the connection."""
        with suppress(*_FAULTS):
            await self._connection.ensure_closed()

    async def _run(self, text: str, parameters: Sequence[Parameter]) -> Any:
        try:
            prepared = self._prepared.get(text) or await self._prepare(text)
            if prepared.parameter_count != len(parameters):
                raise SqlError(
                    f"the statement has {prepared.parameter_count} placeholders, and there are {len(parameters)} values"
                )
            return await prepared.execute(tuple(parameters))
        except _FAULTS as error:
            lost = isinstance(error, (OSError, EOFError)) or not self._connection.connected
            raise (SessionLostError if lost else SqlError)(_words(error)) from error

    async def _prepare(self, text: str) -> Any:
        if len(self._prepared) >= _PREPARED:
            await self._prepared.pop(next(iter(self._prepared))).close()
        prepared = self._prepared[text] = await self._connection.prepare(text)
        return prepared

    def _json(self, value: Any) -> Any:
        if isinstance(value, bytes):
            return value.decode("utf-8", "replace")
        if isinstance(value, (Decimal, timedelta)):
            return str(value)
        if isinstance(value, (datetime, date)):
            return _moment(value, parse_time=self._parse_time)
        return value


async def open_mysql(
    server: Server, address: str, options: Mapping[str, str], seconds: float
) -> MysqlSession:
    """Connect to an address. seconds: after which the server gives a query up. Raises MySQLError, OSError."""
    reached = await _socket(address, server.port)
    try:
        connection = await asyncmy.connect(
            sock=reached,
            host=server.host,
            port=server.port,
            user=server.username,
            password=server.password,
            database=server.path or None,
            charset="utf8mb4",
            autocommit=True,
            ssl=_context(server, options),
        )
    except BaseException:
        reached.close()
        raise
    session = MysqlSession(connection, parse_time=options.get("parseTime") == "true")
    for statement in _settings(seconds):
        with suppress(SqlError):  # MySQL and MariaDB name this setting differently
            await session.execute(statement, [])
    return session


def dsn_url(text: str) -> str:
    """The URL that says what a DSN of Go's MySQL driver says. Raises ConfigError."""
    found = _DSN.fullmatch(text)
    if found is None:
        raise ConfigError("the DSN is written as user:password@tcp(host:port)/database")
    if (found["protocol"] or "tcp") != "tcp":
        raise ConfigError("the DSN leads by tcp, not by a socket of this machine")
    user = quote(found["user"] or "", safe="")
    password = f":{quote(found['password'], safe='')}" if found["password"] else ""
    credentials = f"{user}{password}@" if user or password else ""
    query = f"?{found['query']}" if found["query"] else ""
    return f"mysql://{credentials}{found['address'] or '127.0.0.1'}/{found['database']}{query}"


def check_options(options: Mapping[str, str]) -> str:
    """What is wrong with the query of a DSN; empty: nothing."""
    for name in options:
        if name not in OPTIONS:
            return f"{name!r} is not supported (there are: {', '.join(OPTIONS)})"
    if options.get("tls", "false") not in {"true", "false"}:
        return "tls is true or false: a certificate that is not verified proves nothing"
    return ""


async def _socket(address: str, port: int) -> socket.socket:
    """A socket to where the guard lets us; the client is told the name only for TLS."""
    loop = asyncio.get_running_loop()
    family, _, _, _, place = (await loop.getaddrinfo(address, port, type=socket.SOCK_STREAM))[0]
    made = socket.socket(family, socket.SOCK_STREAM)
    made.settimeout(0)
    made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    try:
        await loop.sock_connect(made, place)
    except BaseException:
        made.close()
        raise
    return made


def _context(server: Server, options: Mapping[str, str]) -> Any:
    connection = server.connection
    if connection is None:
        return client_context() if options.get("tls") == "true" else None
    if not connection.tls:
        return None
    if not connection.ca_certificate:
        return client_context()
    return ssl.create_default_context(cadata=connection.ca_certificate)


def _settings(seconds: float) -> tuple[str, ...]:
    return (
        f"SET SESSION sql_select_limit = {MAX_ROWS + 1}",
        "SET SESSION time_zone = '+00:00'",
        f"SET SESSION max_statement_time = {seconds:.3f}",
        f"SET SESSION max_execution_time = {max(1, int(seconds * 1000))}",
    )


def _moment(value: datetime | date, *, parse_time: bool) -> str:
    """Moments are texts as MySQL writes them, or with `parseTime` as RFC 3339."""
    if not parse_time:
        return str(value)
    return f"{value.isoformat()}Z" if isinstance(value, datetime) else f"{value.isoformat()}T00:00:00Z"


def _words(error: BaseException) -> str:
    if isinstance(error, MySQLError) and len(error.args) == 2:
        return f"{error.args[1]} ({error.args[0]})"
    return str(error) or repr(error)
