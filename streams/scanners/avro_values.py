"""Avro's binary encoding to JSON values (https://avro.apache.org/docs/current/specification)."""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from streams.errors import SluiceError
from streams.jsontext import JsonValue

_LONGEST_NUMBER: Final = 10
"""Bytes of a variable-length long."""
_DEEPEST: Final = 100
_MOST_ITEMS: Final = 1_000_000


class AvroError(SluiceError):
    """The bytes or the schema are not Avro's."""


class CutOffError(AvroError):
    """The bytes end within a value."""


@dataclass(slots=True)
class Bytes:
    """Bytes and a place in them."""

    data: bytes
    at: int = 0

    def take(self, count: int) -> bytes:
        """The next bytes. Raises CutOffError."""
        taken = self.data[self.at : self.at + count]
        if count < 0 or len(taken) < count:
            raise CutOffError("the bytes end within a value")
        self.at += count
        return taken

    def long(self) -> int:
        """A number of variable length, zigzag. Raises CutOffError, AvroError."""
        number = 0
        for place in range(_LONGEST_NUMBER):
            byte = self.take(1)[0]
            number |= (byte & 0x7F) << 7 * place
            if byte < 0x80:
                return number >> 1 ^ -(number & 1)
        raise AvroError("a number is too long")

    def counted(self) -> bytes:
        """Bytes with their length before them. Raises CutOffError, AvroError."""
        length = self.long()
        if length < 0:
            raise AvroError("a length is negative")
        return self.take(length)

    def block_count(self) -> int:
        """How many items of an array or map follow; 0: it ends. Raises CutOffError, AvroError."""
        count = self.long()
        if count < 0:
            self.long()  # the block's size in bytes
            count = -count
        if count > _MOST_ITEMS:
            raise AvroError(f"there are {count} items, where at most {_MOST_ITEMS} may be")
        return count

    def rest(self) -> bytes:
        """What was not taken."""
        return self.data[self.at :]


@dataclass(frozen=True, slots=True)
class Schema:
    """A schema and the named types in it."""

    type: Any
    names: dict[str, Any] = field(default_factory=dict)


def read_schema(text: Any) -> Schema:
    """A schema of its parsed JSON. Raises AvroError."""
    schema = Schema(text)
    _collect(text, schema.names, "", 0)
    return schema


def _collect(kind: Any, names: dict[str, Any], namespace: str, depth: int) -> None:
    if depth > _DEEPEST:
        raise AvroError("the schema nests too deeply")
    if isinstance(kind, list):
        for branch in kind:
            _collect(branch, names, namespace, depth + 1)
    elif isinstance(kind, dict):
        full, namespace = _full_name(kind, namespace)
        if full:
            names[full] = kind
            names.setdefault(str(kind["name"]), kind)
        inner = [kind.get("items"), kind.get("values"), kind.get("type")]
        inner += [one.get("type") for one in kind.get("fields", []) if isinstance(one, dict)]
        for one in inner:
            _collect(one, names, namespace, depth + 1)


def _full_name(kind: Mapping[str, Any], namespace: str) -> tuple[str, str]:
    """The full name of a named type, and the namespace of what is inside it."""
    if "name" not in kind or kind.get("type") not in _NAMED:
        return "", namespace
    name = str(kind["name"])
    space = name.rpartition(".")[0] or str(kind.get("namespace") or namespace)
    return (name if "." in name or not space else f"{space}.{name}"), space


def decode_value(schema: Schema, data: Bytes, *, raw: bool) -> JsonValue:
    """The next value. raw: values of unions stand for themselves. Raises AvroError."""
    try:
        return _Decoding(schema, data, raw=raw).value(schema.type, 0)
    except (KeyError, TypeError, ValueError) as error:
        raise AvroError(f"the schema is not well-formed: {error!r}") from error


class _Decoding:
    def __init__(self, schema: Schema, data: Bytes, *, raw: bool) -> None:
        self._names = schema.names
        self._data = data
        self._raw = raw

    def value(self, kind: Any, depth: int) -> JsonValue:
        if depth > _DEEPEST:
            raise AvroError("a value nests too deeply")
        if isinstance(kind, list):
            return self._union(kind, depth)
        if isinstance(kind, dict):
            return self._complex(kind, depth)
        if (primitive := _PRIMITIVES.get(str(kind))) is not None:
            return primitive(self._data)
        if kind not in self._names:
            raise AvroError(f"there is no type {kind!r}")
        return self._complex(self._names[kind], depth)

    def _union(self, branches: list[Any], depth: int) -> JsonValue:
        at = self._data.long()
        if not 0 <= at < len(branches):
            raise AvroError(f"a union has no branch {at}")
        value = self.value(branches[at], depth + 1)
        name = self._branch_name(branches[at])
        return value if self._raw or name == "null" else {name: value}

    def _branch_name(self, branch: Any) -> str:
        named = self._names.get(branch) if isinstance(branch, str) else branch
        if not isinstance(named, dict):
            return str(branch)
        full = next((name for name, kind in self._names.items() if kind is named), "")
        return full or str(named.get("type"))

    def _complex(self, kind: Mapping[str, Any], depth: int) -> JsonValue:
        name = kind.get("type")
        if name in ("record", "error"):
            return {one["name"]: self.value(one["type"], depth + 1) for one in kind.get("fields", [])}
        if name == "enum":
            return self._symbol(kind.get("symbols", []))
        if name == "fixed":
            return self._data.take(int(kind.get("size", 0))).decode("latin-1")
        if name == "array":
            return [self.value(kind["items"], depth + 1) for _ in self._items()]
        if name == "map":
            return {_text(self._data): self.value(kind["values"], depth + 1) for _ in self._items()}
        return self.value(name, depth + 1)

    def _symbol(self, symbols: list[str]) -> str:
        at = self._data.long()
        if not 0 <= at < len(symbols):
            raise AvroError(f"an enum has no symbol {at}")
        return symbols[at]

    def _items(self) -> Any:
        left = _MOST_ITEMS
        while count := self._data.block_count():
            left -= count
            if left < 0:
                raise AvroError(f"there are more than {_MOST_ITEMS} items")
            yield from range(count)


def _text(data: Bytes) -> str:
    return data.counted().decode("utf-8", "replace")


_NAMED: Final = ("record", "error", "enum", "fixed")
_PRIMITIVES: Final[dict[str, Callable[[Bytes], JsonValue]]] = {
    "null": lambda _: None,
    "boolean": lambda data: data.take(1) != b"\0",
    "int": Bytes.long,
    "long": Bytes.long,
    "float": lambda data: struct.unpack("<f", data.take(4))[0],
    "double": lambda data: struct.unpack("<d", data.take(8))[0],
    "bytes": lambda data: data.counted().decode("latin-1"),
    "string": _text,
}
