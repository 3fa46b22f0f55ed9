"""A JSON Schema guessed from samples of a payload: a beginning for its publisher to mend. Pure."""

import datetime as dt
import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, Final

from streams.message import JsonValue

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
MOST_DEPTH: Final = 30
"""Levels that are described; what lies deeper may be anything."""

_TYPES: Final[tuple[tuple[type | tuple[type, ...], str], ...]] = (
    (type(None), "null"),
    (bool, "boolean"),  # before int, of which it is one
    (int, "integer"),
    (float, "number"),
    (str, "string"),
    (list, "array"),
    (dict, "object"),
)
_UUID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE | re.ASCII)
_MOMENT: Final = re.compile(
    r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,6})?(Z|[+-]\d{2}:\d{2})", re.IGNORECASE | re.ASCII
)
_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_ADDRESS: Final = re.compile(r"https?://[A-Za-z0-9.-]+(:\d+)?(/[A-Za-z0-9._~/-]*)?", re.ASCII)


def guess_schema(samples: Sequence[JsonValue]) -> dict[str, Any]:
    """Return a JSON Schema (draft 2020-12) that every sample satisfies.

    A member is required where every sample has it. Strings that all look like a moment, a day, a UUID or a web address
    are given that `format`.
    """
    return {"$schema": DIALECT, **_described(samples, MOST_DEPTH)}


def _described(values: Sequence[JsonValue], depth: int) -> dict[str, Any]:
    if not values or depth == 0:
        return {}
    schema: dict[str, Any] = {"type": _type_of_all(values)}
    if strings := [value for value in values if isinstance(value, str)]:
        schema |= _format_of(strings)
    if objects := [value for value in values if isinstance(value, dict)]:
        schema |= _members(objects, depth)
    if items := [item for value in values if isinstance(value, list) for item in value]:
        schema["items"] = _described(items, depth - 1)
    return schema


def _type_of_all(values: Sequence[JsonValue]) -> str | list[str]:
    found = {_type_of(value) for value in values}
    if "number" in found:
        found.discard("integer")  # every integer is a number
    return found.pop() if len(found) == 1 else sorted(found)


def _type_of(value: JsonValue) -> str:
    return next(name for kind, name in _TYPES if isinstance(value, kind))


def _members(objects: Sequence[dict[str, JsonValue]], depth: int) -> dict[str, Any]:
    names = list(dict.fromkeys(name for each in objects for name in each))
    properties = {
        name: _described([each[name] for each in objects if name in each], depth - 1) for name in names
    }
    required = [name for name in names if all(name in each for each in objects)]
    return {"properties": properties, **({"required": required} if required else {})}


def _format_of(strings: Sequence[str]) -> dict[str, str]:
    for name, is_one in _FORMATS.items():
        if all(is_one(text) for text in strings):
            return {"format": name}
    return {}


def _is_moment(text: str) -> bool:
    """Whether it is a date-time of RFC 3339 section 5.6; leap seconds are none to Python."""
    return _MOMENT.fullmatch(text) is not None and _is_read(dt.datetime.fromisoformat, text.upper())


def _is_day(text: str) -> bool:
    return _DAY.fullmatch(text) is not None and _is_read(dt.date.fromisoformat, text)


def _is_read(read: Callable[[str], object], text: str) -> bool:
    with suppress(ValueError):
        read(text)
        return True
    return False


_FORMATS: Final[dict[str, Callable[[str], bool]]] = {
    "date-time": _is_moment,
    "date": _is_day,
    "uuid": lambda text: _UUID.fullmatch(text) is not None,
    "uri": lambda text: _ADDRESS.fullmatch(text) is not None,
}
