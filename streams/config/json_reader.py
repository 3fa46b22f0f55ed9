"""JSON (RFC 8259) into nodes with their offsets."""

from __future__ import annotations

import re
from json import JSONDecodeError
from json.decoder import scanstring  # type: ignore[attr-defined]  # missing in typeshed
from typing import Any

from streams.config.node import MAX_DEPTH, Finding, Node, Style, Text, pointer_to
from streams.config.scalars import core_scalar
from streams.config.unreadable import UnreadableError

_SPACE = re.compile(r"[ \t\r\n]*")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?")
_WORDS = {"true": True, "false": False, "null": None}


class JsonReader:
    """Reads one JSON text; `findings` then has what is wrong but did not stop it."""

    def __init__(self, source: Text) -> None:
        self._source = source
        self._text = source.text
        self.findings: list[Finding] = []

    def read(self) -> Node:
        """The tree of the text. Raises UnreadableError."""
        start = self._skip(1 if self._text.startswith("\ufeff") else 0)
        tree, end = self._value(start, "", None, 0)
        end = self._skip(end)
        if end != len(self._text):
            raise UnreadableError("there is more text after the end of the document", end)
        return tree

    def _skip(self, offset: int) -> int:
        found = _SPACE.match(self._text, offset)
        return found.end() if found else offset

    def _value(self, at: int, pointer: str, key_offset: int | None, depth: int) -> tuple[Node, int]:
        if depth > MAX_DEPTH:
            raise UnreadableError(f"the document nests deeper than {MAX_DEPTH} levels", at)
        opening = self._text[at : at + 1]
        style = Style.DOUBLE if opening == '"' else Style.PLAIN
        value: Any
        if opening == "{":
            value, end = self._object(at, pointer, depth)
        elif opening == "[":
            value, end = self._list(at, pointer, depth)
        else:
            value, end = self._string(at) if opening == '"' else self._scalar(at)
        return Node(value, pointer, at, key_offset, style), end

    def _object(self, start: int, pointer: str, depth: int) -> tuple[dict[str, Node], int]:
        entries: dict[str, Node] = {}
        at = self._skip(start + 1)
        if self._text[at : at + 1] == "}":
            return entries, at + 1
        while True:
            key_offset = at
            key, at = self._key(at)
            node, at = self._value(self._skip(at), pointer_to(pointer, key), key_offset, depth + 1)
            self._enter(entries, key, node)
            at, more = self._next(at, "}")
            if not more:
                return entries, at

    def _enter(self, entries: dict[str, Node], key: str, node: Node) -> None:
        if key in entries:
            self.findings.append(
                self._source.finding_at_key(node, "duplicate_key", f"the key {key!r} stands here twice")
            )
        entries[key] = node

    def _key(self, at: int) -> tuple[str, int]:
        if self._text[at : at + 1] != '"':
            raise UnreadableError("a key in double quotes was expected here", at)
        key, at = self._string(at)
        at = self._skip(at)
        if self._text[at : at + 1] != ":":
            raise UnreadableError(f"a colon was expected after the key {key!r}", at)
        return key, at + 1

    def _list(self, start: int, pointer: str, depth: int) -> tuple[list[Node], int]:
        items: list[Node] = []
        at = self._skip(start + 1)
        if self._text[at : at + 1] == "]":
            return items, at + 1
        while True:
            node, at = self._value(at, pointer_to(pointer, len(items)), None, depth + 1)
            items.append(node)
            at, more = self._next(at, "]")
            if not more:
                return items, at

    def _next(self, at: int, closing: str) -> tuple[int, bool]:
        """Skip a comma (True) or the closing bracket (False)."""
        at = self._skip(at)
        found = self._text[at : at + 1]
        if found == closing:
            return at + 1, False
        if found != ",":
            raise UnreadableError(f"a comma or {closing} was expected here", at)
        return self._skip(at + 1), True

    def _string(self, at: int) -> tuple[str, int]:
        try:
            value, end = scanstring(self._text, at + 1, True)  # noqa: FBT003  # strict, as json.loads is
        except JSONDecodeError as error:
            raise UnreadableError(error.msg, error.pos) from error
        return value, end

    def _scalar(self, at: int) -> tuple[int | float | bool | None, int]:
        found = _NUMBER.match(self._text, at)
        if found is not None:
            number = core_scalar(found[0])
            if isinstance(number, str):
                raise UnreadableError("the number is too large", at)
            return number, found.end()
        for word, value in _WORDS.items():
            if self._text.startswith(word, at):
                return value, at + len(word)
        raise UnreadableError("a value was expected here", at)
