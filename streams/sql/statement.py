"""Statements made of the parts that a definition gives. Values are never among them: they have placeholders."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

# What may hold a question mark that is none of ours: quoted texts and names, comments, dollar-quoted texts.
_TOKEN: Final = re.compile(
    r"""'(?:[^']|'')*'|"(?:[^"]|"")*"|--[^\n]*|/\*.*?\*/|(\$\w*\$).*?\1|\?\?|\?""", re.DOTALL
)


def select(  # noqa: PLR0913 - the parts of the statement, by their names
    driver: str, *, table: str, columns: Sequence[str], where: str, prefix: str, suffix: str
) -> str:
    """A SELECT with its placeholders as the driver writes them."""
    parts = [prefix, "SELECT", ", ".join(columns), "FROM", table, f"WHERE {where}" if where else "", suffix]
    return numbered(driver, " ".join(part for part in parts if part))


def insert(  # noqa: PLR0913 - the parts of the statement, by their names
    driver: str, *, table: str, columns: Sequence[str], rows: int, prefix: str, suffix: str
) -> str:
    """An INSERT of some rows with its placeholders as the driver writes them."""
    row = f"({', '.join('?' * len(columns))})"
    values = ", ".join([row] * rows)
    parts = [prefix, "INSERT INTO", table, f"({', '.join(columns)})", "VALUES", values, suffix]
    return numbered(driver, " ".join(part for part in parts if part))


def numbered(driver: str, statement: str) -> str:
    """The statement with `?` as `$1`, `$2` and so on, where PostgreSQL reads it; `??` is a question mark."""
    if driver != "postgres":
        return statement
    counted = 0

    def replace(match: re.Match[str]) -> str:
        nonlocal counted
        if match[0] == "??":
            return "?"
        if match[0] != "?":
            return match[0]
        counted += 1
        return f"${counted}"

    return _TOKEN.sub(replace, statement)
