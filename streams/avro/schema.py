"""Avro schemas that are safe to decode foreign bytes by."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import fastavro
from fastavro.schema import fingerprint, to_parsing_canonical_form

from streams.errors import ConfigError
from streams.jsontext import NotJsonError, parse

_CONTAINERS: Final = {"array": "items", "map": "values"}
_MAX_DEPTH: Final = 64
_MAX_PARTS: Final = 10_000
"""Types within types, each counted as often as it is named."""
_MAX_EMPTY: Final = 100
"""Of them, those whose values take no bytes."""


class SchemaError(ConfigError):
    """A text that is no Avro schema, or one by which foreign bytes cannot be decoded within bounds."""


def read_schema(text: str, references: Mapping[str, str] | None = None) -> Any:
    """The schema of a text, ready for fastavro. references: texts of schemas it names, by name. Raises SchemaError."""
    named: dict[str, Any] = {}
    for reference in (references or {}).values():
        _parsed(reference, named)
    schema = _parsed(text, named)
    _Bounds(named).check(schema)
    return schema


def schema_fingerprint(schema: Any) -> bytes:
    """The CRC-64-AVRO of its canonical form, as single-object encoding writes it."""
    return bytes.fromhex(fingerprint(to_parsing_canonical_form(schema), "CRC-64-AVRO"))


def _parsed(text: str, named: dict[str, Any]) -> Any:
    try:
        return fastavro.parse_schema(parse(text), named_schemas=named)
    except NotJsonError as error:
        raise SchemaError(f"the schema is not JSON: {error}") from error
    except (
        fastavro.schema.SchemaParseException,
        fastavro.schema.UnknownType,
        ValueError,
        TypeError,
    ) as error:
        raise SchemaError(f"the schema cannot be read: {error}") from error
    except (KeyError, AttributeError, RecursionError) as error:
        raise SchemaError(f"the schema cannot be read: {error!r}") from error


class _Bounds:
    """Refuses what lets few bytes stand for any amount of work.

    fastavro follows a type that holds itself on the C stack, which a hostile message overflows; an array whose items
    take no bytes may claim any number of them; and types that each hold the next one twice are soon without end.
    """

    def __init__(self, named: Mapping[str, Any]) -> None:
        self._named = named
        self._parts = 0
        self._empty = 0

    def check(self, schema: Any, inside: tuple[str, ...] = ()) -> None:
        """Follow a schema. inside: the names of the types around it. Raises SchemaError."""
        if len(inside) > _MAX_DEPTH:
            raise SchemaError(f"the schema nests deeper than {_MAX_DEPTH} levels")
        if not isinstance(schema, list):
            self._check_one(schema, inside)
            return
        for branch in schema:
            # A union's own byte says that it is null.
            if branch != "null":
                self._check_one(branch, inside)

    def _check_one(self, schema: Any, inside: tuple[str, ...]) -> None:
        resolved = self._named.get(schema, schema) if isinstance(schema, str) else schema
        self._count(resolved)
        if not isinstance(resolved, dict):
            return
        name = str(resolved.get("name", ""))
        if name and name in inside:
            raise SchemaError(f"the type {name!r} holds itself; such schemas are not supported")
        for child in _children(resolved):
            self.check(child, (*inside, name))
        if resolved["type"] == "array" and _takes_nothing(resolved["items"], self._named):
            raise SchemaError("the items of an array take no bytes; such schemas are not supported")

    def _count(self, resolved: Any) -> None:
        self._parts += 1
        if self._parts > _MAX_PARTS:
            raise SchemaError(f"the schema has more than {_MAX_PARTS} types within types")
        self._empty += not _children(resolved) and _takes_nothing(resolved, self._named)
        if self._empty > _MAX_EMPTY:
            raise SchemaError(f"more than {_MAX_EMPTY} types in the schema take no bytes")


def _children(schema: Any) -> list[Any]:
    if not isinstance(schema, dict):
        return []
    if "fields" in schema:
        return [field["type"] for field in schema["fields"]]
    kind = schema["type"]
    key = _CONTAINERS.get(kind) if isinstance(kind, str) else None
    if key:
        return [schema[key]]
    return [kind] if isinstance(kind, (dict, list)) else []


def _takes_nothing(schema: Any, named: Mapping[str, Any], depth: int = 0) -> bool:
    """Tell whether a value may be encoded in no bytes."""
    resolved = named.get(schema, schema) if isinstance(schema, str) else schema
    if depth > _MAX_DEPTH or isinstance(resolved, list):
        return False
    if isinstance(resolved, str):
        return resolved == "null"
    if resolved["type"] == "fixed":
        return not resolved["size"]
    if resolved["type"] in {"record", "error"}:
        return all(_takes_nothing(field["type"], named, depth + 1) for field in resolved["fields"])
    return bool(resolved["type"] == "null")
