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


class SchemaError(ConfigError):
    """A text that is no Avro schema, or one by which foreign bytes cannot be decoded within bounds."""


def read_schema(text: str, references: Mapping[str, str] | None = None) -> Any:
    """The schema of a text, ready for fastavro. references: texts of schemas it names, by name. Raises SchemaError."""
    named: dict[str, Any] = {}
    for reference in (references or {}).values():
        _parsed(reference, named)
    schema = _parsed(text, named)
    _check_bounds(schema, named, ())
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


def _check_bounds(schema: Any, named: Mapping[str, Any], inside: tuple[str, ...]) -> None:
    """Refuse what lets few bytes stand for any amount of work. Raises SchemaError.

    fastavro follows a type that holds itself on the C stack, which a hostile message overflows; and an array whose
    items take no bytes may claim any number of them.
    """
    if len(inside) > _MAX_DEPTH:
        raise SchemaError(f"the schema nests deeper than {_MAX_DEPTH} levels")
    for branch in schema if isinstance(schema, list) else [schema]:
        resolved = named.get(branch, branch) if isinstance(branch, str) else branch
        if not isinstance(resolved, dict):
            continue
        name = str(resolved.get("name", ""))
        if name and name in inside:
            raise SchemaError(f"the type {name!r} holds itself; such schemas are not supported")
        kind = resolved["type"]
        if kind == "array" and _takes_nothing(resolved["items"], named):
            raise SchemaError("the items of an array take no bytes; such schemas are not supported")
        for child in _children(resolved):
            _check_bounds(child, named, (*inside, name))


def _children(schema: Mapping[str, Any]) -> list[Any]:
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
