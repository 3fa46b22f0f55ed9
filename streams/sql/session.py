"""One connection to a database, whatever its kind."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, Protocol

from streams.errors import SluiceError

Row = dict[str, Any]
"""A JSON value by the name of its column."""
Parameter = str | int | float | bytes | None
"""What is bound to a placeholder."""

MAX_ROWS: Final = 10_000
"""The most rows a query may give for one message."""


class SqlError(SluiceError):
    """The database did not do what was asked."""


class SessionLostError(SqlError):
    """The same, and the session is of no use any more."""


class Session(Protocol):
    """One connection. A session that was interrupted is not used again."""

    async def query(self, text: str, parameters: Sequence[Parameter]) -> list[Row]:
        """The rows a statement gives; none for one that gives none. Raises SqlError."""

    async def execute(self, text: str, parameters: Sequence[Parameter]) -> None:
        """Carry a statement out. Raises SqlError."""

    async def close(self) -> None:
        """Let go of the connection."""


def too_many_rows() -> SqlError:
    """What is raised for a query that gives more rows than a message may hold."""
    return SqlError(f"the query gives more than {MAX_ROWS} rows: add a limit to it")
