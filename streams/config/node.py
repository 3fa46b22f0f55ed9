"""Values of a configuration with their places in its text."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any

from streams.errors import Position
from streams.spec import Severity

MAX_DEPTH = 100
"""Deepest nesting a configuration may have."""
MAX_NODES = 200_000
"""Most values a configuration may have, YAML aliases expanded."""


class Style(Enum):
    """How a scalar is written; it decides how a place in its value is found in the text."""

    PLAIN = "plain"
    SINGLE = "'"
    DOUBLE = '"'
    LITERAL = "|"
    FOLDED = ">"


Value = "dict[str, Node] | list[Node] | str | int | float | bool | None"


@dataclass(frozen=True, slots=True)
class Node:
    """One value of a configuration."""

    value: Any
    """A dict of str to Node, a list of Node, or a scalar."""
    pointer: str
    """JSON pointer from the root of the document."""
    offset: int
    """Where the value begins, in characters from the start of the text."""
    key_offset: int | None = None
    """Where its key begins, when it has one."""
    style: Style = Style.PLAIN

    def plain(self) -> Any:
        """The value without positions."""
        if isinstance(self.value, dict):
            return {key: node.plain() for key, node in self.value.items()}
        if isinstance(self.value, list):
            return [node.plain() for node in self.value]
        return self.value

    def get(self, key: str) -> Node | None:
        """The value under `key`; None where this is no object or has no such key."""
        return self.value.get(key) if isinstance(self.value, dict) else None

    @property
    def type_name(self) -> str:
        """What it is, in words a message can use."""
        names = {
            dict: "an object",
            list: "a list",
            str: "a string",
            bool: "true or false",
            int: "a whole number",
        }
        return names.get(type(self.value), "null" if self.value is None else "a number")


@dataclass(frozen=True, slots=True)
class Finding:
    """Something about a configuration that its author should know."""

    pointer: str
    """JSON pointer from the root of the document."""
    line: int
    """Counted from 1."""
    column: int
    """Counted from 1, in characters."""
    severity: Severity
    code: str
    """A stable name, such as `unknown_key`."""
    message: str
    remedy: str = ""

    def __str__(self) -> str:
        advice = f" ({self.remedy})" if self.remedy else ""
        return f"{self.line}:{self.column} {self.pointer or '/'}: {self.message}{advice}"


class Text:
    """A text whose offsets can be told as line and column."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._starts = [0, *(at + 1 for at, character in enumerate(text) if character == "\n")]

    def position(self, offset: int) -> Position:
        """The line and column of a character."""
        line = bisect_right(self._starts, offset)
        return Position(line, offset - self._starts[line - 1] + 1)

    def offset(self, line: int, column: int) -> int:
        """The offset of a character by line and column, both counted from 0."""
        return self._starts[min(line, len(self._starts) - 1)] + column

    def finding(self, node: Node, code: str, message: str, remedy: str = "") -> Finding:
        """An error at a value."""
        return self.finding_at(self.position(node.offset), node.pointer, code, message, remedy)

    def finding_at_key(self, node: Node, code: str, message: str, remedy: str = "") -> Finding:
        """An error at the key of a value."""
        offset = node.offset if node.key_offset is None else node.key_offset
        return self.finding_at(self.position(offset), node.pointer, code, message, remedy)

    @staticmethod
    def finding_at(place: Position, pointer: str, code: str, message: str, remedy: str = "") -> Finding:
        """An error at a place that was worked out otherwise."""
        return Finding(pointer, place.line, place.column, Severity.ERROR, code, message, remedy)


def pointer_to(parent: str, key: str | int) -> str:
    """The JSON pointer of a child (RFC 6901)."""
    return f"{parent}/{str(key).replace('~', '~0').replace('/', '~1')}"


def written_at(parent: Node, key: str, value: Any) -> Node:
    """A value as if it stood under a key of `parent`, at the place of which errors are reported."""
    node = Node({}, pointer_to(parent.pointer, key), parent.offset)
    if isinstance(value, dict):
        return replace(node, value={name: written_at(node, name, item) for name, item in value.items()})
    if isinstance(value, list):
        return replace(node, value=[written_at(node, str(at), item) for at, item in enumerate(value)])
    return replace(node, value=value)
