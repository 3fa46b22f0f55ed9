"""Sessions with PostgreSQL. Parameters travel apart from the statement, as texts that the server gives their types."""

from __future__ import annotations

import os
import ssl
import tempfile
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any, Final

import certifi
import psycopg
from psycopg import AsyncConnection
from psycopg.adapt import AdaptersMap
from psycopg.rows import dict_row
from psycopg.types.string import TextLoader

from streams.servers import Server
from streams.sql.session import MAX_ROWS, Parameter, Row, SessionLostError, SqlError, too_many_rows

_JSON_TYPES: Final = frozenset(
    {"bool", "int2", "int4", "int8", "float4", "float8", "bytea", "timestamptz", "timestamp", "date"}
)
"""Types whose values are more than their text; all others are given as the text that PostgreSQL writes."""
_MODES: Final = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
OPTIONS: Final = ("sslmode", "search_path", "application_name", "connect_timeout")
"""What the query of a DSN may say."""


class PostgresSession:
    """One connection to PostgreSQL."""

    def __init__(self, connection: AsyncConnection[Any]) -> None:
        self._connection = connection

    async def query(self, text: str, parameters: Sequence[Parameter]) -> list[Row]:
        """The rows a statement gives. Raises SqlError."""
        rows: list[Row] = []
        try:
            async with psycopg.AsyncRawCursor(self._connection, row_factory=dict_row) as cursor:
                # One row at a time, so that a result of any size stays on the other side.
                async for row in cursor.stream(text.encode(), _texts(parameters)):
                    if len(rows) == MAX_ROWS:
                        raise too_many_rows()
                    rows.append({name: _json(value) for name, value in row.items()})
        except psycopg.Error as error:
            raise self._failed(error) from error
        return rows

    async def execute(self, text: str, parameters: Sequence[Parameter]) -> None:
        """Carry a statement out. Raises SqlError."""
        try:
            async with psycopg.AsyncRawCursor(self._connection) as cursor:
                await cursor.execute(text.encode(), _texts(parameters))
        except psycopg.Error as error:
            raise self._failed(error) from error

    async def close(self) -> None:
        """Close the connection."""
        await self._connection.close()

    def _failed(self, error: psycopg.Error) -> SqlError:
        kind = SessionLostError if self._connection.closed else SqlError
        return kind(str(error).strip())


async def open_postgres(
    server: Server, address: str, options: Mapping[str, str], seconds: float
) -> PostgresSession:
    """Connect to an address. seconds: after which the server gives a statement up. Raises psycopg.Error.

    Nothing is taken from the environment or files of this process that a definition could put to use.
    """
    settings: dict[str, Any] = _encryption(server, options)
    connection = await AsyncConnection.connect(
        host=server.host,
        hostaddr=address if address != server.host else None,
        port=server.port,
        user=server.username or None,
        password=server.password or None,
        dbname=server.path or None,
        application_name=options.get("application_name", "sluice"),
        passfile=f"{os.devnull}/none",
        autocommit=True,
        context=_adapters(),
        **settings,
    )
    try:
        async with psycopg.AsyncRawCursor(connection) as cursor:
            for name, value in _settings(options, seconds).items():
                await cursor.execute("SELECT set_config($1, $2, false)", [name, value])
    except BaseException:
        await connection.close()
        raise
    return PostgresSession(connection)


def check_options(options: Mapping[str, str]) -> str:
    """What is wrong with the query of a DSN; empty: nothing."""
    for name in options:
        if name not in OPTIONS:
            return f"{name!r} is not supported (there are: {', '.join(OPTIONS)})"
    mode = options.get("sslmode", "require")
    return "" if mode in _MODES else f"sslmode cannot be {mode!r} (there are: {', '.join(_MODES)})"


def _settings(options: Mapping[str, str], seconds: float) -> dict[str, str]:
    made = {"statement_timeout": f"{max(1, int(seconds * 1000))}ms"}
    return made | ({"search_path": options["search_path"]} if "search_path" in options else {})


def _encryption(server: Server, options: Mapping[str, str]) -> dict[str, str]:
    connection = server.connection
    if connection is None:
        mode = options.get("sslmode", "require")
        return {"sslmode": mode} | ({"sslrootcert": _system_authorities()} if "verify" in mode else {})
    if not connection.tls:
        return {"sslmode": "disable"}
    own = connection.ca_certificate
    return {
        "sslmode": "verify-full",
        "sslrootcert": _authorities_file(own) if own else _system_authorities(),
    }


def _system_authorities() -> str:
    return ssl.get_default_verify_paths().cafile or certifi.where()


@cache
def _authorities_file(pem: str) -> str:
    """A file with certificates, which libpq wants; it is there as long as the process."""
    descriptor, name = tempfile.mkstemp(prefix="sluice-", suffix=".pem")
    os.close(descriptor)
    Path(name).write_text(pem)
    return name


@cache
def _adapters() -> AdaptersMap:
    adapters = AdaptersMap(psycopg.adapters)
    for known in psycopg.adapters.types:
        if known.name not in _JSON_TYPES:
            adapters.register_loader(known.oid, TextLoader)
        if known.array_oid:
            adapters.register_loader(known.array_oid, TextLoader)
    return adapters


def _texts(parameters: Sequence[Parameter]) -> list[str | bytes | None]:
    """Texts without a type, so that each gets the one that the statement asks for in its place."""
    return [
        value if value is None or isinstance(value, bytes) else str(value).replace("\0", "")
        for value in parameters
    ]


def _json(value: Any) -> Any:
    if isinstance(value, datetime):
        return (value.isoformat() + ("Z" if value.tzinfo is None else "")).replace("+00:00", "Z")
    if isinstance(value, date):
        return f"{value.isoformat()}T00:00:00Z"
    return value
