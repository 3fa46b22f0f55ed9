"""Tests as they are written: what goes in, and what is to come out.

The format is Bento's: https://warpstreamlabs.github.io/bento/docs/configuration/unit_testing/.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from streams.config import Finding, Node, Text
from streams.limits import StreamLimits
from streams.lint.values import check_fields
from streams.spec import Component, Field, FieldType, Kind, Shape
from streams.stream_tests.conditions import CONDITIONS

DEFAULT_TARGET: Final = "/pipeline/processors"


@dataclass(frozen=True, slots=True)
class InputMessage:
    """One message that goes in: one of the three kinds of content."""

    content: str | None
    json_content: Any
    file_content: str | None
    metadata: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class StreamTest:
    """One test."""

    name: str
    line: int
    environment: Mapping[str, str]
    target_processors: str
    target_mapping: str
    mocks: Mapping[str, Any]
    """Processors to put in place of others, by label or JSON pointer."""
    input_batches: Sequence[Sequence[InputMessage]]
    output_batches: Sequence[Sequence[Mapping[str, Any]]]
    """Conditions for each message that is to come out."""


_ANY: Final[Any] = None
_MESSAGE: Final = (
    Field("content", FieldType.STRING, "The payload.", default=None),
    Field("json_content", FieldType.ANY, "The payload as a document.", default=_ANY),
    Field("file_content", FieldType.STRING, "A file with the payload.", default=None),
    Field("metadata", FieldType.ANY, "Metadata.", default={}),
)
_TEST: Final = (
    Field("name", FieldType.STRING, "What is tested."),
    Field("environment", FieldType.STRING, "Variables.", default={}, shape=Shape.MAP),
    Field("target_processors", FieldType.STRING, "Which processors.", default=DEFAULT_TARGET),
    Field("target_mapping", FieldType.STRING, "A file with a mapping.", default=""),
    Field("mocks", FieldType.ANY, "Processors in place of others.", default={}, shape=Shape.MAP),
    Field("input_batch", FieldType.OBJECT, "Messages.", default=[], shape=Shape.LIST, children=_MESSAGE),
    Field("input_batches", FieldType.ANY, "Several batches.", default=[], shape=Shape.LIST),
    Field("output_batches", FieldType.ANY, "What is expected.", default=[], shape=Shape.LIST),
)


class _Checker:
    """Collects findings about a test definition, in which no component is checked."""

    def __init__(self, source: Text) -> None:
        self.source = source
        self.findings: list[Finding] = []
        self.limits = StreamLimits()

    def component(self, kind: Kind, node: Node) -> Component | None:
        """There are none."""
        raise NotImplementedError

    def resource(self, kind: Kind, node: Node) -> Component | None:
        """There are none."""
        raise NotImplementedError


def read_tests(root: Node, text: str) -> tuple[list[StreamTest], list[Finding]]:
    """The tests under `tests` of a file, and what is wrong with them."""
    checker = _Checker(Text(text))
    listed = root.get("tests")
    if listed is None or listed.value is None:
        return [], []
    if not isinstance(listed.value, list):
        return [], [checker.source.finding(listed, "wrong_type", "`tests` is a list")]
    return [_test(checker, node) for node in listed.value], checker.findings


def _test(checker: _Checker, node: Node) -> StreamTest:
    given = check_fields(checker, _TEST, node, "a test")
    batches = [_messages(checker, batch) for batch in _items(node.get("input_batches"))]
    single = node.get("input_batch")
    if single is not None:
        batches.insert(0, _messages(checker, single))
    return StreamTest(
        given["name"] or "",
        checker.source.position(node.offset).line,
        given["environment"] or {},
        given["target_processors"] or DEFAULT_TARGET,
        given["target_mapping"] or "",
        given["mocks"] or {},
        batches,
        [_conditions(checker, batch) for batch in _items(node.get("output_batches"))],
    )


def _messages(checker: _Checker, batch: Node) -> list[InputMessage]:
    return [InputMessage(**check_fields(checker, _MESSAGE, node, "a message")) for node in _items(batch)]


def _conditions(checker: _Checker, batch: Node) -> list[Mapping[str, Any]]:
    made: list[Mapping[str, Any]] = []
    for node in _items(batch):
        found = node.value if isinstance(node.value, dict) else {}
        for name, child in found.items():
            if name not in CONDITIONS:
                message = f"there is no condition {name!r}"
                remedy = f"there are: {', '.join(CONDITIONS)}"
                checker.findings.append(checker.source.finding_at_key(child, "unknown_key", message, remedy))
        made.append({name: child.plain() for name, child in found.items() if name in CONDITIONS})
    return made


def _items(node: Node | None) -> list[Node]:
    return node.value if node is not None and isinstance(node.value, list) else []
