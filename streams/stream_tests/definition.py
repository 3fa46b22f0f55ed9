"""Tests as they are written: what goes in, and what is to come out.

The format is Bento's: https://warpstreamlabs.github.io/bento/docs/configuration/unit_testing/.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from streams.config import Finding, Node, Text
from streams.lint.component import ComponentChecker
from streams.lint.values import check_fields
from streams.registry import Registry
from streams.spec import Field, FieldType, Rules, Shape
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


def read_tests(root: Node, text: str) -> tuple[list[StreamTest], list[Finding]]:
    """The tests under `tests` of a file, and what is wrong with them."""
    # Processors in a test are only checked where they are put in place, so that none need be known here.
    checker = ComponentChecker(Text(text), Registry(), Rules(), "")
    listed = root.get("tests")
    if listed is None or listed.value is None:
        return [], []
    if not isinstance(listed.value, list):
        return [], [checker.source.finding(listed, "wrong_type", "`tests` is a list")]
    return [_test(checker, node) for node in listed.value], checker.findings


def _test(checker: ComponentChecker, node: Node) -> StreamTest:
    given = check_fields(checker, _TEST, node, "a test")
    batches = [_messages(checker, batch) for batch in _items(node.get("input_batches"))]
    if given["input_batch"]:
        batches.insert(0, [InputMessage(**message) for message in given["input_batch"]])
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


def _messages(checker: ComponentChecker, batch: Node) -> list[InputMessage]:
    return [
        InputMessage(**check_fields(checker, _MESSAGE, node, "a message")) for node in _batch(checker, batch)
    ]


def _conditions(checker: ComponentChecker, batch: Node) -> list[Mapping[str, Any]]:
    return [_message_conditions(checker, node) for node in _batch(checker, batch)]


def _message_conditions(checker: ComponentChecker, node: Node) -> Mapping[str, Any]:
    if node.value is not None and not isinstance(node.value, dict):
        message = f"what a message is to be like is an object of conditions, not {node.type_name}"
        checker.findings.append(checker.source.finding(node, "wrong_type", message))
        return {}
    given: Mapping[str, Node] = node.value or {}
    for name, child in given.items():
        if name not in CONDITIONS:
            message = f"there is no condition {name!r}"
            remedy = f"there are: {', '.join(CONDITIONS)}"
            checker.findings.append(checker.source.finding_at_key(child, "unknown_key", message, remedy))
    return {name: child.plain() for name, child in given.items()}


def _batch(checker: ComponentChecker, node: Node) -> list[Node]:
    if node.value is not None and not isinstance(node.value, list):
        message = f"a batch is a list of messages, not {node.type_name}"
        checker.findings.append(checker.source.finding(node, "wrong_type", message))
    return _items(node)


def _items(node: Node | None) -> list[Node]:
    return node.value if node is not None and isinstance(node.value, list) else []
