"""YAML into nodes with their offsets. Scalars follow YAML 1.2's core schema."""

from __future__ import annotations

from typing import Any, ClassVar

import yaml

from streams.config.node import MAX_DEPTH, MAX_NODES, Finding, Node, Style, Text, pointer_to
from streams.config.scalars import core_scalar
from streams.config.unreadable import UnreadableError

_CORE_TAGS = {f"tag:yaml.org,2002:{name}" for name in ("str", "map", "seq")}
_STYLES = {"'": Style.SINGLE, '"': Style.DOUBLE, "|": Style.LITERAL, ">": Style.FOLDED}


class _Composer(yaml.CSafeLoader):
    """Composes nodes and resolves nothing, so that the core schema below decides."""

    yaml_implicit_resolvers: ClassVar[dict[str, Any]] = {}  # type: ignore[misc]  # as PyYAML declares it


class YamlReader:
    """Reads one YAML text; `findings` then has what is wrong but did not stop it."""

    def __init__(self, source: Text) -> None:
        self._source = source
        self._nodes = 0
        self.findings: list[Finding] = []

    def read(self) -> Node:
        """The tree of the text. Raises UnreadableError."""
        composed = self._compose()
        if composed is None:
            raise UnreadableError("the document is empty", 0)
        return self._node(composed, "", None, 0)

    def _compose(self) -> yaml.Node | None:
        try:
            return yaml.compose(self._source.text.removeprefix("\ufeff"), Loader=_Composer)
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            place = 0 if mark is None else self._offset(mark)
            raise UnreadableError(f"not readable as YAML: {error.problem or error.context}", place) from error
        except yaml.YAMLError as error:
            raise UnreadableError(f"not readable as YAML: {error}", 0) from error

    def _offset(self, mark: Any) -> int:
        return self._source.offset(mark.line, mark.column)

    def _node(self, composed: yaml.Node, pointer: str, key_offset: int | None, depth: int) -> Node:
        start = self._offset(composed.start_mark)
        self._nodes += 1
        if depth > MAX_DEPTH or self._nodes > MAX_NODES:
            # An alias may stand for a tree of any size, and for one that holds itself.
            raise UnreadableError("the document nests too deeply, or its aliases stand for too much", start)
        if composed.tag not in _CORE_TAGS:
            self.findings.append(
                self._source.finding_at(
                    self._source.position(start),
                    pointer,
                    "tag",
                    f"the YAML tag {composed.tag} is not supported",
                )
            )
        value = self._value(composed, pointer, depth)
        return Node(value, pointer, start, key_offset, _style(composed))

    def _value(self, composed: yaml.Node, pointer: str, depth: int) -> Any:
        if isinstance(composed, yaml.MappingNode):
            return self._entries(composed, pointer, depth)
        if isinstance(composed, yaml.SequenceNode):
            return [
                self._node(item, pointer_to(pointer, at), None, depth + 1)
                for at, item in enumerate(composed.value)
            ]
        assert isinstance(composed, yaml.ScalarNode)  # noqa: S101  # there is no fourth kind of node
        return composed.value if composed.style else core_scalar(composed.value)

    def _entries(self, composed: yaml.MappingNode, pointer: str, depth: int) -> dict[str, Node]:
        entries: dict[str, Node] = {}
        merged: dict[str, Node] = {}
        for key, value in composed.value:
            key_offset = self._offset(key.start_mark)
            if not isinstance(key, yaml.ScalarNode):
                raise UnreadableError("a key must be a text", key_offset)
            name = str(key.value)
            node = self._node(value, pointer_to(pointer, name), key_offset, depth + 1)
            if name == "<<" and not key.style:
                merged |= _merged(node)
            else:
                self._enter(entries, name, node)
        return merged | entries

    def _enter(self, entries: dict[str, Node], key: str, node: Node) -> None:
        if key in entries:
            self.findings.append(
                self._source.finding_at_key(node, "duplicate_key", f"the key {key!r} stands here twice")
            )
        entries[key] = node


def _style(composed: yaml.Node) -> Style:
    written = composed.style if isinstance(composed, yaml.ScalarNode) else None
    return _STYLES.get(written or "", Style.PLAIN)


def _merged(node: Node) -> dict[str, Node]:
    """The entries that `<<` brings in: of an object, or of a list of them, the first of which wins."""
    parts = reversed(node.value) if isinstance(node.value, list) else [node]
    entries: dict[str, Node] = {}
    for part in parts:
        if not isinstance(part.value, dict):
            raise UnreadableError("`<<` takes an object or a list of objects", part.offset)
        entries |= part.value
    return entries
