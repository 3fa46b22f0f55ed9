"""A JSON Schema as rows that people read: member, type, whether it is always there, what it means. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Final

from streams.message import JsonValue

MOST_ROWS: Final = 200
"""Rows of one schema; what follows is left to the schema itself."""
MOST_LOOKS: Final = 20_000
"""At parts of one schema: what is still unread then is left to the schema itself, too."""
_MOST_DEPTH: Final = 8
_CHOICES: Final = ("oneOf", "anyOf")
_BOUNDS: Final = {
    "minimum": "at least {}",
    "exclusiveMinimum": "more than {}",
    "maximum": "at most {}",
    "exclusiveMaximum": "less than {}",
    "multipleOf": "a multiple of {}",
    "minLength": "at least {} characters",
    "maxLength": "at most {} characters",
    "minItems": "at least {} items",
    "maxItems": "at most {} items",
    "pattern": "matches {}",
    "const": "always {}",
}
_LOCAL: Final = "#/"


@dataclass(frozen=True, slots=True)
class SchemaField:
    """One member of a payload."""

    path: str
    """`order.lines[].price`; empty: the payload itself."""
    kind: str
    """`string`, `array of integer`, `string or null`; with its format."""
    is_required: bool
    description: str
    limits: tuple[str, ...]
    """What its values are held to, in words."""
    is_deprecated: bool


def schema_fields(schema: JsonValue) -> tuple[SchemaField, ...]:
    """Return the members that a JSON Schema describes, each after the one it lies in; at most MOST_ROWS.

    References within the schema are followed; what only validators understand, such as `if`, is left out.
    """
    if not isinstance(schema, Mapping):
        return ()
    return tuple(islice(_Reader(schema).members(schema, "", _MOST_DEPTH), MOST_ROWS))


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads one schema, each part of it once at a path: references may lead to the same ones again and again."""

    root: Mapping[str, Any]
    looks: Iterator[int] = field(default_factory=lambda: iter(range(MOST_LOOKS)))
    """One is taken for each look at a part."""
    seen: set[tuple[int, str]] = field(default_factory=set)

    def members(self, schema: Mapping[str, Any], path: str, depth: int) -> Iterator[SchemaField]:
        """What lies in an object, or in the items of an array."""
        part = self._target(schema)
        if depth == 0 or self._is_enough() or (id(part), path) in self.seen:
            return
        self.seen.add((id(part), path))
        schema = self._followed(part)
        required = _texts(schema.get("required"))
        for name, member in _mapping(schema.get("properties")).items():
            if self._is_enough():
                return
            place = f"{path}.{name}" if path else str(name)
            yield self._field(self._followed(_mapping(member)), place, is_required=name in required)
            yield from self.members(_mapping(member), place, depth - 1)
        for inner in self._inner(schema):
            yield from self.members(inner, path, depth - 1)
        if items := _mapping(schema.get("items")):
            yield from self.members(items, f"{path}[]", depth - 1)

    def _is_enough(self) -> bool:
        return next(self.looks, None) is None

    def _inner(self, schema: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
        for keyword in ("allOf", *_CHOICES):
            yield from (_mapping(each) for each in _sequence(schema.get(keyword)))

    def _field(self, schema: Mapping[str, Any], path: str, *, is_required: bool) -> SchemaField:
        return SchemaField(
            path,
            self._kind(schema, 3),
            is_required,
            str(schema.get("description") or schema.get("title") or ""),
            tuple(_limits(schema)),
            schema.get("deprecated") is True,
        )

    def _kind(self, schema: Mapping[str, Any], depth: int) -> str:
        return " or ".join(dict.fromkeys(self._kinds(schema, depth, set()))) or "anything"

    def _kinds(self, schema: Mapping[str, Any], depth: int, seen: set[int]) -> Iterator[str]:
        part = self._target(schema)
        if self._is_enough() or id(part) in seen:
            return
        seen.add(id(part))
        schema = self._followed(part)
        if kinds := _texts(schema.get("type")):
            yield from (self._named(kind, schema, depth) for kind in kinds)
            return
        for word in _CHOICES:
            for each in _sequence(schema.get(word)):
                yield from self._kinds(_mapping(each), depth, seen)

    def _named(self, kind: str, schema: Mapping[str, Any], depth: int) -> str:
        if kind == "array" and depth > 0 and (items := _mapping(schema.get("items"))):
            return f"array of {self._kind(items, depth - 1)}"
        written = schema.get("format")
        return f"{kind} ({written})" if kind == "string" and isinstance(written, str) else kind

    def _target(self, schema: Mapping[str, Any]) -> Mapping[str, Any]:
        """What a reference that stands alone leads to; any other schema as it is."""
        for _ in range(_MOST_DEPTH):
            if len(schema) != 1 or (found := self._referred(schema)) is None:
                break
            schema = found
        return schema

    def _followed(self, schema: Mapping[str, Any]) -> Mapping[str, Any]:
        """What a reference within the schema leads to, with what stands beside the reference."""
        for _ in range(_MOST_DEPTH):
            found = self._referred(schema)
            if found is None:
                break
            schema = {**found, **{name: value for name, value in schema.items() if name != "$ref"}}
        return schema

    def _referred(self, schema: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """What a reference, a JSON pointer (RFC 6901) as a fragment, names; empty where that is no schema."""
        reference = schema.get("$ref")
        if not isinstance(reference, str) or not reference.startswith(_LOCAL):
            return None
        found: Any = self.root
        for step in reference.removeprefix(_LOCAL).split("/"):
            found = _mapping(found).get(step.replace("~1", "/").replace("~0", "~"))
        return _mapping(found)


def _limits(schema: Mapping[str, Any]) -> Iterator[str]:
    if values := _sequence(schema.get("enum")):
        yield f"one of {', '.join(str(value) for value in values)}"
    for keyword, words in _BOUNDS.items():
        if keyword in schema:
            yield words.format(schema[keyword])


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _sequence(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list) else ()


def _texts(value: Any) -> Sequence[str]:
    texts = [value] if isinstance(value, str) else value
    return [each for each in _sequence(texts) if isinstance(each, str)]
