"""JSON values to what is bound to placeholders."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from streams import bloblang
from streams.bloblang import MappingError
from streams.jsontext import float_text, serialise
from streams.message import Message, NotStructuredError
from streams.sql.session import Parameter
from streams.timestamp import NANOSECONDS, Timestamp


def parameters_of(
    mapping: bloblang.Mapping | None, messages: list[Message], place: int, driver: str
) -> list[Parameter]:
    """The values that a mapping makes of one message of a batch. Raises MappingError."""
    if mapping is None:
        return []
    made = mapping.apply(messages, place)
    try:
        values: Any = made.value if isinstance(made, Message) else made
    except NotStructuredError:
        values = None
    if not isinstance(values, list):
        raise MappingError("the mapping `args_mapping` must give an array")
    return list(_bound(values, driver))


def _bound(values: Iterable[Any], driver: str) -> Iterable[Parameter]:
    for value in values:
        if isinstance(value, (dict, list)):
            yield serialise(value).decode()
        elif isinstance(value, Timestamp):
            yield _moment(value, driver)
        elif isinstance(value, bool):
            yield ("true" if value else "false") if driver == "postgres" else int(value)
        elif isinstance(value, float):
            yield float_text(value) if driver == "postgres" else float(value)
        else:
            yield value


def _moment(moment: Timestamp, driver: str) -> str:
    if driver != "mysql":
        return moment.rfc3339()
    seconds, nanosecond = divmod(moment.unix_nanoseconds, NANOSECONDS)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M:%S}.{nanosecond // 1000:06d}"
