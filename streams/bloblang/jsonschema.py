"""JSON Schema, drafts 4 to 7, with the words of https://github.com/xeipuuv/gojsonschema."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

from streams.bloblang.errors import Fault
from streams.bloblang.methods.regexp import compiled
from streams.bloblang.values import equal, is_number, string_bytes, to_string

Problem = tuple[str, str]
"""Where (a dotted path, or `(root)`) and what."""

_MAX_DEPTH = 64
_TYPES: dict[str, Callable[[Any], bool]] = {
    "null": lambda value: value is None,
    "boolean": lambda value: isinstance(value, bool),
    "string": lambda value: isinstance(value, str),
    "array": lambda value: isinstance(value, list),
    "object": lambda value: isinstance(value, dict),
    "number": is_number,
    "integer": lambda value: is_number(value) and math.isfinite(value) and value == int(value),
}


class Schema:
    """A schema ready to check values. `charge` is called for each part of a value checked."""

    def __init__(self, document: Any, charge: Callable[[int], None]) -> None:
        self._document = document
        self._charge = charge

    def problems(self, value: Any) -> list[Problem]:
        """All that is wrong with a value. Raises Fault for a schema that cannot be used."""
        return list(self._check(self._document, value, "(root)", 0))

    def _check(self, schema: Any, value: Any, path: str, depth: int) -> Iterator[Problem]:
        self._charge(16)
        if depth > _MAX_DEPTH:
            raise Fault(f"the schema or the value nests deeper than {_MAX_DEPTH} levels")
        if schema is True or schema == {}:
            return
        if schema is False:
            yield path, "false always fails validation"
            return
        if not isinstance(schema, dict):
            raise Fault("failed to parse json schema definition: a schema must be an object or a bool")
        if "$ref" in schema:
            yield from self._check(self._referred(schema["$ref"]), value, path, depth + 1)
            return
        yield from _type_problems(schema, value, path)
        yield from _value_problems(schema, value, path)
        yield from self._combined(schema, value, path, depth)
        if isinstance(value, dict):
            yield from self._object(schema, value, path, depth)
        elif isinstance(value, list):
            yield from self._array(schema, value, path, depth)

    def _referred(self, reference: Any) -> Any:
        if not isinstance(reference, str) or not reference.startswith("#"):
            raise Fault(
                f"failed to parse json schema definition: only references within the schema are followed: {reference}"
            )
        target = self._document
        for part in filter(None, reference[1:].split("/")):
            name = part.replace("~1", "/").replace("~0", "~")
            if not isinstance(target, dict) or name not in target:
                raise Fault(f"failed to parse json schema definition: Object has no key '{name}'")
            target = target[name]
        return target

    def _passes(self, schema: Any, value: Any, path: str, depth: int) -> bool:
        return next(self._check(schema, value, path, depth + 1), None) is None

    def _combined(self, schema: dict[str, Any], value: Any, path: str, depth: int) -> Iterator[Problem]:
        matches = {
            word: [self._passes(part, value, path, depth) for part in schema.get(word, ())]
            for word in ("anyOf", "oneOf", "allOf")
        }
        if matches["anyOf"] and not any(matches["anyOf"]):
            yield path, "must validate at least one schema (anyOf)"
        if matches["oneOf"] and sum(matches["oneOf"]) != 1:
            yield path, "must validate one and only one schema (oneOf)"
        if not all(matches["allOf"]):
            for part in schema["allOf"]:
                yield from self._check(part, value, path, depth + 1)
            yield path, "must validate all the schemas (allOf)"
        if "not" in schema and self._passes(schema["not"], value, path, depth):
            yield path, "must not validate the schema (not)"
        if "if" in schema:
            yield from self._conditional(schema, value, path, depth)

    def _conditional(self, schema: dict[str, Any], value: Any, path: str, depth: int) -> Iterator[Problem]:
        holds = self._passes(schema["if"], value, path, depth)
        word = "then" if holds else "else"
        if word in schema and not self._passes(schema[word], value, path, depth):
            yield path, f'must validate "{word}" as "if" was {"" if holds else "not "}valid'

    def _object(
        self, schema: dict[str, Any], value: dict[str, Any], path: str, depth: int
    ) -> Iterator[Problem]:
        yield from _size_problems(len(value), schema, path, "Properties", "must have at {} {} properties")
        for name in schema.get("required", ()):
            if name not in value:
                yield path, f"{name} is required"
        properties = schema.get("properties", {})
        for name in properties.keys() & value.keys():
            yield from self._check(properties[name], value[name], _below(path, name), depth + 1)
        for name, item in value.items():
            yield from self._member(schema, name, item, path, depth)
        for name, needed in schema.get("dependencies", {}).items():
            if name in value:
                yield from self._dependency(needed, value, path, depth)

    def _member(
        self, schema: dict[str, Any], name: str, item: Any, path: str, depth: int
    ) -> Iterator[Problem]:
        covered = name in schema.get("properties", {})
        for pattern, part in schema.get("patternProperties", {}).items():
            if compiled(pattern).search(string_bytes(name)) is not None:
                covered = True
                yield from self._check(part, item, _below(path, name), depth + 1)
        additional = schema.get("additionalProperties", True)
        if not covered and additional is False:
            yield path, f"additional property {name} is not allowed"
        elif not covered and additional is not True:
            yield from self._check(additional, item, _below(path, name), depth + 1)
        if "propertyNames" in schema and not self._passes(schema["propertyNames"], name, path, depth):
            yield path, f'property name of "{name}" does not match'

    def _dependency(self, needed: Any, value: dict[str, Any], path: str, depth: int) -> Iterator[Problem]:
        if isinstance(needed, list):
            yield from ((path, f"has a dependency on {other}") for other in needed if other not in value)
        else:
            yield from self._check(needed, value, path, depth + 1)

    def _array(self, schema: dict[str, Any], value: list[Any], path: str, depth: int) -> Iterator[Problem]:
        yield from _size_problems(len(value), schema, path, "Items", "array must have at {} {} items")
        if schema.get("uniqueItems") is True:
            yield from self._duplicates(value, path)
        if "contains" in schema and not any(
            self._passes(schema["contains"], item, path, depth) for item in value
        ):
            yield path, "at least one of the items must match"
        items = schema.get("items", True)
        for index, item in enumerate(value):
            if not isinstance(items, list):
                yield from self._check(items, item, _below(path, str(index)), depth + 1)
            elif index < len(items):
                yield from self._check(items[index], item, _below(path, str(index)), depth + 1)
            elif schema.get("additionalItems", True) is False:
                yield path, "no additional items allowed on array"
                return
            else:
                yield from self._check(
                    schema.get("additionalItems", True), item, _below(path, str(index)), depth + 1
                )

    def _duplicates(self, value: list[Any], path: str) -> Iterator[Problem]:
        seen: dict[str, int] = {}
        for index, item in enumerate(value):
            text = to_string(item if not isinstance(item, str) else [item])
            self._charge(len(text))
            if text in seen:
                yield path, f"array items[{seen[text]},{index}] must be unique"
                return
            seen[text] = index


def _below(path: str, name: str) -> str:
    return name if path == "(root)" else f"{path}.{name}"


def _given(value: Any) -> str:
    for name in ("null", "boolean", "string", "array", "object", "integer", "number"):
        if _TYPES[name](value):
            return name
    return "unknown"


def _type_problems(schema: dict[str, Any], value: Any, path: str) -> Iterator[Problem]:
    wanted = schema.get("type")
    names = [wanted] if isinstance(wanted, str) else wanted or []
    for name in names:
        if name not in _TYPES:
            raise Fault(f"failed to parse json schema definition: {name} is not a type")
    if names and not any(_TYPES[name](value) for name in names):
        yield path, f"invalid type. expected: {'/'.join(names)}, given: {_given(value)}"


def _shown(value: Any) -> str:
    return f'"{value}"' if isinstance(value, str) else to_string(value)


def _value_problems(schema: dict[str, Any], value: Any, path: str) -> Iterator[Problem]:
    if "enum" in schema and not any(
        equal(option, value) and _given(option) == _given(value) for option in schema["enum"]
    ):
        yield path, f"{path} must be one of the following: {', '.join(map(_shown, schema['enum']))}"
    if "const" in schema and not equal(schema["const"], value):
        yield path, f"{path} does not match: {_shown(schema['const'])}"
    if isinstance(value, str):
        yield from _text_problems(schema, value, path)
    elif is_number(value):
        yield from _number_problems(schema, value, path)


def _text_problems(schema: dict[str, Any], value: str, path: str) -> Iterator[Problem]:
    if len(value) < schema.get("minLength", 0):
        yield path, f"string length must be greater than or equal to {schema['minLength']}"
    if len(value) > schema.get("maxLength", len(value)):
        yield path, f"string length must be less than or equal to {schema['maxLength']}"
    if "pattern" in schema and compiled(schema["pattern"]).search(string_bytes(value)) is None:
        yield path, f"does not match pattern '{schema['pattern']}'"


def _number_problems(schema: dict[str, Any], value: Any, path: str) -> Iterator[Problem]:
    bounds: tuple[tuple[str, Callable[[Any], bool], str], ...] = (
        ("minimum", lambda bound: value >= bound, "greater than or equal to"),
        ("maximum", lambda bound: value <= bound, "less than or equal to"),
        ("exclusiveMinimum", lambda bound: value > bound, "greater than"),
        ("exclusiveMaximum", lambda bound: value < bound, "less than"),
    )
    for word, holds, name in bounds:
        bound = schema.get(word)
        if is_number(bound) and not holds(bound):
            yield path, f"must be {name} {to_string(bound)}"
    multiple = schema.get("multipleOf") or 0
    if (
        is_number(multiple)
        and multiple > 0
        and not math.isclose(value / multiple, round(value / multiple), rel_tol=1e-12)
    ):
        yield path, f"must be a multiple of {to_string(multiple)}"


def _size_problems(size: int, schema: dict[str, Any], path: str, noun: str, words: str) -> Iterator[Problem]:
    if size < schema.get(f"min{noun}", 0):
        yield path, words.format("least", schema[f"min{noun}"])
    if size > schema.get(f"max{noun}", size):
        yield path, words.format("most", schema[f"max{noun}"])
