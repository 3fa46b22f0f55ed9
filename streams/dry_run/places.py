"""Where a stage of a stream stands in the text of its document."""

from __future__ import annotations

from collections.abc import Sequence

from streams.config import Node, Text, parse
from streams.config.inside import place_inside
from streams.errors import Position
from streams.lint import CheckedStream
from streams.spec import Component


def find_stage(stream: CheckedStream, stage: str) -> Component | None:
    """The component of that label or path; None: there is none, as of an output inside a resource."""
    return next((one for one in stream.components() if one.stage == stage), None)


def place_of(
    text: str, stream_path: Sequence[str], component: Component, line: int | None = None
) -> Position:
    """The position of a component in a document that was read before.

    stream_path: the keys that lead to its stream. line: of the mapping that is the component's body, where it is one.
    """
    root, _ = parse(text)
    node = root or Node({}, "", 0)
    steps = component.pointer.split("/")[1:]
    for key in (*stream_path, *(step.replace("~1", "/").replace("~0", "~") for step in steps)):
        node = _child(node, key) or node
    source, mapping = Text(text), _body(node, component)
    if line is not None and mapping is not None:
        return place_inside(source, mapping, line, 1)
    return source.position(node.offset)


def _child(node: Node, key: str) -> Node | None:
    if isinstance(node.value, list) and key.isdecimal() and int(key) < len(node.value):
        child: Node = node.value[int(key)]
        return child
    return node.get(key)


def _body(node: Node, component: Component) -> Node | None:
    """The text that is a component's body; None where its body is no text."""
    spec = component.spec
    bodies = (node.get(name) for name in (spec.name, *spec.aliases))
    return next((body for body in bodies if body is not None and isinstance(body.value, str)), None)
