"""Where a place in the value of a scalar stands in the text of the document."""

from __future__ import annotations

import re

from streams.config.node import Node, Style, Text
from streams.errors import Position

# One character of the value, as a double-quoted scalar of JSON or YAML writes it.
_DOUBLE_UNIT = re.compile(
    r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
    r"|\\u[0-9a-fA-F]{4}|\\x[0-9a-fA-F]{2}|\\U[0-9a-fA-F]{8}|\\.|[^\\]",
    re.DOTALL,
)
_SINGLE_UNIT = re.compile(r"''|.", re.DOTALL)


def place_inside(source: Text, node: Node, line: int, column: int) -> Position:
    """The position in the document of a line and column (from 1) of a text value.

    Exact for block scalars written with `|` and for scalars on one line; for folded and for wrapped ones, the
    beginning of the scalar.
    """
    if node.style is Style.LITERAL:
        return _in_block(source, node, line, column)
    if node.style is Style.FOLDED:
        return source.position(node.offset)
    return _in_line(source, node, line, column)


def _in_block(source: Text, node: Node, line: int, column: int) -> Position:
    header = source.position(node.offset)
    lines = source.text.split("\n")[header.line :]
    first = next((text for text in lines if text.strip()), "")
    indent = len(first) - len(first.lstrip(" "))
    return Position(header.line + line, indent + column)


def _in_line(source: Text, node: Node, line: int, column: int) -> Position:
    value = str(node.value)
    target = sum(len(text) + 1 for text in value.split("\n")[: line - 1]) + column - 1
    if node.style is Style.PLAIN:
        wrapped = source.text[node.offset : node.offset + len(value)] != value
        return source.position(node.offset if wrapped else node.offset + target)
    unit = _DOUBLE_UNIT if node.style is Style.DOUBLE else _SINGLE_UNIT
    at = node.offset + 1
    for _ in range(min(target, len(value))):
        found = unit.match(source.text, at)
        if found is None or found[0] == "\n":
            return source.position(node.offset)
        at = found.end()
    return source.position(at)
