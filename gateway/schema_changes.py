"""What a new JSON Schema of an event type means for those who read its events by the old one. Pure.

A change breaks if an event that the new schema allows may be one that the old schema does not. What cannot be judged is
called breaking: better a warning too many than a receiver that stops at night.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from streams.message import JsonValue

MOST_DEPTH: Final = 30
"""Levels that are compared; what lies deeper and differs is called breaking."""

_WORDS: Final = frozenset(
    {"$comment", "$id", "$schema", "default", "deprecated", "description", "examples", "readOnly", "title"}
    | {"writeOnly"}
)
"""Keywords that describe and allow or forbid nothing."""
_LOWER: Final = frozenset({"exclusiveMinimum", "minItems", "minLength", "minProperties", "minimum"})
_UPPER: Final = frozenset({"exclusiveMaximum", "maxItems", "maxLength", "maxProperties", "maximum"})
_STRUCTURE: Final = frozenset({"type", "enum", "required", "properties", "items"})
_NARROWER: Final = (
    frozenset({"additionalProperties", "allOf", "anyOf", "const", "contains", "dependentRequired", "format"})
    | {"multipleOf", "not", "oneOf", "pattern", "propertyNames", "uniqueItems"}
    | _LOWER
    | _UPPER
)
"""Keywords that, added to any schema, leave it with fewer events."""
_UNEVALUATED: Final = frozenset({"unevaluatedItems", "unevaluatedProperties"})
"""Keywords whose meaning hangs on all others beside them."""
_EVERY_TYPE: Final = frozenset({"array", "boolean", "integer", "null", "number", "object", "string"})


@dataclass(frozen=True, slots=True)
class SchemaChange:
    """One difference between two schemas."""

    path: str
    """Of the member: `order.lines[].price`; empty: the payload itself."""
    text: str
    breaking: bool
    """Receivers written to the old schema may meet what they do not expect."""


def compare_schemas(before: JsonValue, after: JsonValue) -> tuple[SchemaChange, ...]:
    """Return what changed between two JSON Schemas, in the order of the old one; None: there is no schema."""
    if before is None and after is None:
        return ()
    if before is None:
        return (SchemaChange("", "is described by a schema now", breaking=False),)
    if after is None:
        return (SchemaChange("", "is not described by a schema any more", breaking=True),)
    return tuple(_compared(_as_object(before), _as_object(after), "", MOST_DEPTH))


def _as_object(schema: JsonValue) -> Mapping[str, Any]:
    """The boolean schemas as objects (JSON Schema core, section 4.3.2)."""
    if isinstance(schema, Mapping):
        return schema
    return {"not": {}} if schema is False else {}


def _compared(
    before: Mapping[str, Any], after: Mapping[str, Any], path: str, depth: int
) -> Iterator[SchemaChange]:
    if _same(before, after):
        return
    if depth == 0 or not _UNEVALUATED.isdisjoint(before):
        yield SchemaChange(path, "changed", breaking=True)
        return
    yield from _types(before, after, path)
    yield from _values(before, after, path)
    yield from _members(before, after, path, depth)
    yield from _compared(_items(before), _items(after), f"{path}[]", depth - 1)
    yield from _keywords(before, after, path)


def _same(one: JsonValue, other: JsonValue) -> bool:
    """Whether two values are the same JSON: to Python, 1 is true."""
    return bool(one == other) and json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


def _is_among(values: list[Any], wanted: Any) -> bool:
    return any(_same(value, wanted) for value in values)


def _items(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    return _as_object(schema.get("items"))


def _types(before: Mapping[str, Any], after: Mapping[str, Any], path: str) -> Iterator[SchemaChange]:
    old, new = _allowed(before), _allowed(after)
    if old != new:
        breaking = not all(kind in old or (kind == "integer" and "number" in old) for kind in new)
        yield SchemaChange(path, f"was {_spoken(old)}, is {_spoken(new)}", breaking)


def _allowed(schema: Mapping[str, Any]) -> frozenset[str]:
    kinds = schema.get("type", _EVERY_TYPE)
    return frozenset({kinds} if isinstance(kinds, str) else kinds)


def _spoken(kinds: frozenset[str]) -> str:
    return "anything" if kinds >= _EVERY_TYPE - {"integer"} else " or ".join(sorted(kinds))


def _values(before: Mapping[str, Any], after: Mapping[str, Any], path: str) -> Iterator[SchemaChange]:
    old, new = before.get("enum"), after.get("enum")
    if _same(old, new):
        return
    if old is None or new is None:
        text = "has fixed values now" if old is None else "has no fixed values any more"
        yield SchemaChange(path, text, breaking=new is None)
        return
    if gone := [value for value in old if not _is_among(new, value)]:
        yield SchemaChange(path, f"is not {_listed(gone)} any more", breaking=False)
    if come := [value for value in new if not _is_among(old, value)]:
        yield SchemaChange(path, f"may be {_listed(come)}", breaking=True)


def _listed(values: list[Any]) -> str:
    return " or ".join(repr(value) if isinstance(value, str) else str(value) for value in values)


def _members(
    before: Mapping[str, Any], after: Mapping[str, Any], path: str, depth: int
) -> Iterator[SchemaChange]:
    old, new = before.get("properties", {}), after.get("properties", {})
    closed = before.get("additionalProperties", True) is not True or "patternProperties" in before
    for name, schema in old.items():
        if name not in new:
            yield SchemaChange(_under(path, name), "is gone", breaking=True)
        else:
            yield from _compared(_as_object(schema), _as_object(new[name]), _under(path, name), depth - 1)
    for name in new:
        if name not in old:
            yield SchemaChange(_under(path, name), "is new", breaking=closed)
    yield from _required(before, after, path)


def _required(before: Mapping[str, Any], after: Mapping[str, Any], path: str) -> Iterator[SchemaChange]:
    old, new = before.get("required", []), after.get("required", [])
    for name in old:
        # What is gone has been said.
        if name not in new and (
            name in after.get("properties", {}) or name not in before.get("properties", {})
        ):
            yield SchemaChange(_under(path, name), "may be missing now", breaking=True)
    for name in new:
        if name not in old:
            yield SchemaChange(_under(path, name), "is always there now", breaking=False)


def _under(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _keywords(before: Mapping[str, Any], after: Mapping[str, Any], path: str) -> Iterator[SchemaChange]:
    """What of two schemas differs besides types, values and members."""
    names = dict.fromkeys((*before, *after))
    differing = [
        name
        for name in names
        if name not in _STRUCTURE
        and not (name in before and name in after and _same(before[name], after[name]))
    ]
    if any(name in _WORDS for name in differing):
        yield SchemaChange(path, "is described in other words", breaking=False)
    for name in differing:
        if name not in _WORDS:
            yield _keyword(name, before.get(name, _NOWHERE), after.get(name, _NOWHERE), path)


_NOWHERE: Final = object()


def _keyword(name: str, old: Any, new: Any, path: str) -> SchemaChange:
    if old is _NOWHERE:
        return SchemaChange(path, f"has {name} {_short(new)}".rstrip(), breaking=name not in _NARROWER)
    if new is _NOWHERE:
        return SchemaChange(path, f"has no {name} any more", breaking=True)
    narrower = (name in _LOWER and new >= old) or (name in _UPPER and new <= old)
    return SchemaChange(path, f"has another {name}: {_short(new)}".rstrip(": "), breaking=not narrower)


def _short(value: Any) -> str:
    return str(value) if isinstance(value, str | int | float) else ""
