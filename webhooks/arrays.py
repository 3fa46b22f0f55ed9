"""PostgreSQL arrays in their binary form, built column by column.

A bulk statement takes one array per column. psycopg would adapt each element by itself, which costs more than all
the rest of a publish; here a column is one pack or one join. The format is that of PostgreSQL's `array_send`:
dimensions, a null flag, the element's type, then length and bytes of each element.
"""

import struct
from collections.abc import Iterable, Sequence
from typing import Any, Final

from psycopg import AsyncConnection, Connection
from psycopg.adapt import Dumper
from psycopg.pq import Format

_HEADER: Final = struct.Struct(">iiiii")
_LENGTH: Final = struct.Struct(">i").pack
_NULL: Final = _LENGTH(-1)
_EPOCH_MS: Final = 946_684_800_000  # 2000-01-01 in Unix milliseconds, where PostgreSQL's clock starts
_EPOCH_DAYS: Final = 10_957  # the same in days
_DAY_MS: Final = 86_400_000


class _Element:
    """What a type of element needs: its own oid, its array's oid."""

    BOOLEAN = (16, 1000)
    BYTEA = (17, 1001)
    INT8 = (20, 1016)
    INT2 = (21, 1005)
    TEXT = (25, 1009)
    DATE = (1082, 1182)
    TIMESTAMPTZ = (1184, 1185)
    FLOAT8 = (701, 1022)
    UUID = (2950, 2951)


class BinaryArray:
    """One column's values, ready to send."""

    __slots__ = ("data", "oid")

    def __init__(self, element: tuple[int, int], count: int, elements: bytes, *, nulls: bool = False) -> None:
        self.oid = element[1]
        dimensions = 1 if count else 0
        header = _HEADER.pack(dimensions, int(nulls), element[0], count, 1)
        self.data = header + elements if count else header[:12]


def int8s(values: Sequence[int]) -> BinaryArray:
    """A bigint[]."""
    return BinaryArray(_Element.INT8, len(values), _fixed("iq", 8, values))


def int2s(values: Sequence[int]) -> BinaryArray:
    """A smallint[]."""
    return BinaryArray(_Element.INT2, len(values), _fixed("ih", 2, values))


def nullable_int2s(values: Sequence[int | None]) -> BinaryArray:
    """A smallint[] with nulls."""
    pack = struct.Struct(">ih").pack
    parts = [_NULL if value is None else pack(2, value) for value in values]
    return BinaryArray(_Element.INT2, len(values), b"".join(parts), nulls=True)


def booleans(values: Sequence[bool]) -> BinaryArray:
    """A boolean[]."""
    return BinaryArray(_Element.BOOLEAN, len(values), _fixed("i?", 1, values))


def nullable_float8s(values: Sequence[float | None]) -> BinaryArray:
    """A double precision[] with nulls."""
    pack = struct.Struct(">id").pack
    parts = [_NULL if value is None else pack(8, value) for value in values]
    return BinaryArray(_Element.FLOAT8, len(values), b"".join(parts), nulls=True)


def dates(days: Sequence[int]) -> BinaryArray:
    """A date[] of days as `day_of` counts them."""
    return BinaryArray(_Element.DATE, len(days), _fixed("ii", 4, days))


def timestamps(milliseconds: Sequence[int]) -> BinaryArray:
    """A timestamptz[] of Unix milliseconds."""
    microseconds = [(value - _EPOCH_MS) * 1000 for value in milliseconds]
    return BinaryArray(_Element.TIMESTAMPTZ, len(microseconds), _fixed("iq", 8, microseconds))


def uuids(values: Sequence[bytes]) -> BinaryArray:
    """A uuid[] of 16-byte values."""
    length = _LENGTH(16)
    return BinaryArray(_Element.UUID, len(values), length + length.join(values) if values else b"")


def texts(values: Sequence[str | None]) -> BinaryArray:
    """A text[]; None is null."""
    encoded = [None if value is None else value.encode() for value in values]
    return BinaryArray(_Element.TEXT, len(values), _variable(encoded), nulls=True)


def byteas(values: Sequence[bytes | None]) -> BinaryArray:
    """A bytea[]; None is null."""
    return BinaryArray(_Element.BYTEA, len(values), _variable(values), nulls=True)


def day_of(timestamp_ms: int) -> int:
    """The UTC day of a Unix time in milliseconds, counted as PostgreSQL's date does: from 2000-01-01."""
    return timestamp_ms // _DAY_MS - _EPOCH_DAYS


def _fixed(code: str, size: int, values: Sequence[Any]) -> bytes:
    interleaved: list[Any] = [size] * (2 * len(values))
    interleaved[1::2] = values
    return struct.pack(">" + code * len(values), *interleaved)


def _variable(values: Iterable[bytes | None]) -> bytes:
    parts: list[bytes] = []
    for value in values:
        if value is None:
            parts.append(_NULL)
        else:
            parts += (_LENGTH(len(value)), value)
    return b"".join(parts)


class _BinaryArrayDumper(Dumper):
    format = Format.BINARY

    def __init__(self, cls: type, context: Any = None) -> None:
        super().__init__(cls, context)
        self._oid = 0

    def get_key(self, obj: BinaryArray, format: Any) -> Any:  # noqa: A002, ARG002 - psycopg's own names
        """One dumper per array type, since a dumper has one oid."""
        return (BinaryArray, obj.oid)

    def upgrade(self, obj: BinaryArray, format: Any) -> Dumper:  # noqa: A002, ARG002 - psycopg's own names
        """The dumper for this array's type."""
        dumper = type(self)(BinaryArray)
        dumper.oid = obj.oid
        return dumper

    def dump(self, obj: BinaryArray) -> bytes:
        """The bytes as they are."""
        return obj.data


def register(connection: Connection[Any] | AsyncConnection[Any]) -> None:
    """Let `connection` take BinaryArray as a parameter (of `%b`)."""
    connection.adapters.register_dumper(BinaryArray, _BinaryArrayDumper)
