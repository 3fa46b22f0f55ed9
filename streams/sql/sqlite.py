"""Sessions with SQLite files, each in a thread. Only files in directories that the operator names are opened."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar
from urllib.parse import parse_qs, unquote, urlsplit

from streams.errors import ConfigError
from streams.sql.session import MAX_ROWS, Parameter, Row, SqlError, too_many_rows

_Made = TypeVar("_Made")

_MODES: Final = ("ro", "rw", "rwc")
_DENIED: Final = frozenset({sqlite3.SQLITE_ATTACH, sqlite3.SQLITE_DETACH, sqlite3.SQLITE_PRAGMA})
"""What reaches other files (`VACUUM INTO` attaches one), or changes how this one is written."""


@dataclass(frozen=True, slots=True)
class SqliteDirectories:
    """Where definitions may open SQLite files: a value that the operator chooses."""

    paths: tuple[str, ...] = ()

    def uri(self, dsn: str) -> str:
        """The URI by which a file is opened that a DSN names. Raises ConfigError."""
        url = urlsplit(dsn if dsn.startswith("file:") else f"file:{dsn}")
        options = parse_qs(url.query)
        mode = options.pop("mode", ["rwc"])[-1]
        if options or mode not in _MODES:
            raise ConfigError("the DSN is written as file:/path/to/file, maybe with ?mode=ro")
        path = Path(unquote(url.path)).resolve()
        if not any(path.is_relative_to(Path(allowed).resolve()) for allowed in self.paths):
            raise ConfigError(
                f"the operator does not allow {dsn!r}; SLUICE_SQLITE_DIRECTORIES says what is allowed"
            )
        return f"{path.as_uri()}?mode={mode}"


class SqliteSession:
    """One connection to a file."""

    def __init__(self, connection: sqlite3.Connection, thread: ThreadPoolExecutor) -> None:
        self._connection = connection
        self._thread = thread

    async def query(self, text: str, parameters: Sequence[Parameter]) -> list[Row]:
        """The rows a statement gives. Raises SqlError."""
        return await self._run(lambda: self._rows(text, parameters))

    async def execute(self, text: str, parameters: Sequence[Parameter]) -> None:
        """Carry a statement out. Raises SqlError."""
        await self._run(lambda: self._connection.execute(text, parameters).close())

    async def close(self) -> None:
        """Close the file; what a thread is still doing is interrupted."""
        self._connection.interrupt()
        await asyncio.get_running_loop().run_in_executor(self._thread, self._connection.close)
        self._thread.shutdown(wait=False)

    async def _run(self, work: Callable[[], _Made]) -> _Made:
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, work)
        except asyncio.CancelledError:
            self._connection.interrupt()
            raise
        except (sqlite3.Error, OverflowError) as error:
            raise SqlError(str(error)) from error

    def _rows(self, text: str, parameters: Sequence[Parameter]) -> list[Row]:
        cursor = self._connection.execute(text, parameters)
        try:
            rows = cursor.fetchmany(MAX_ROWS + 1)
            names = [column[0] for column in cursor.description or ()]
        finally:
            cursor.close()
        if len(rows) > MAX_ROWS:
            raise too_many_rows()
        return [dict(zip(names, map(_json, row), strict=True)) for row in rows]


async def open_sqlite(uri: str, seconds: float) -> SqliteSession:
    """Open a file. seconds: how long to wait for another's lock. Raises sqlite3.Error."""
    thread = ThreadPoolExecutor(1, thread_name_prefix="sqlite")
    try:
        connection = await asyncio.get_running_loop().run_in_executor(thread, lambda: _open(uri, seconds))
    except BaseException:
        thread.shutdown(wait=False)
        raise
    return SqliteSession(connection, thread)


def _open(uri: str, seconds: float) -> sqlite3.Connection:
    connection = sqlite3.connect(
        uri, uri=True, timeout=seconds, isolation_level=None, check_same_thread=False
    )
    connection.set_authorizer(_authorize)
    return connection


def _authorize(action: int, *_: Any) -> int:
    return sqlite3.SQLITE_DENY if action in _DENIED else sqlite3.SQLITE_OK


def _json(value: Any) -> Any:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value
