"""The streams of a definition in a few words each: where messages come from, what is done to them, where they go."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from gateway.models import ApiDefinition
from gateway.routes import Purpose
from portal.components import definition_registry
from portal.offered_streams import OfferedStream, offered_streams
from streams.lint import CheckedStream
from streams.openapi import check_document
from streams.spec import Component, Kind, Rules, held

_TELLING: Final = (
    "topics",
    "topic",
    "event_type",
    "path",
    "stream_path",
    "ws_path",
    "subject",
    "queue",
    "stream",
    "interval",
)
"""Fields that tell most of a component, and never a secret."""
_WAYS: Final = {
    Purpose.INGEST: "POST",
    Purpose.INGEST_WEBSOCKET: "WebSocket in",
    Purpose.POLL: "GET",
    Purpose.STREAM: "SSE",
    Purpose.WEBSOCKET: "WebSocket",
}
_LONGEST: Final = 60


@dataclass(frozen=True, slots=True)
class Stage:
    """One step of a stream."""

    place: str
    """`input`, `processor 2`, `output`."""
    name: str
    """Of the component, or its label."""
    detail: str


@dataclass(frozen=True, slots=True)
class Address:
    """Where clients call a stream."""

    way: str
    """`POST`, `SSE` and the like."""
    url: str


@dataclass(frozen=True, slots=True)
class OutlinedStream:
    """One stream."""

    name: str
    stages: tuple[Stage, ...]
    addresses: tuple[Address, ...]
    """None while the definition does not run."""


def outlined_streams(definition: ApiDefinition) -> list[OutlinedStream]:
    """Return the streams that run, or those of a draft; none where its document cannot be read."""
    revision = definition.active_revision
    text = definition.document if revision is None else revision.document
    checked = check_document(text, definition_registry(), Rules(dialect=definition.dialect)).document
    offered = list(offered_streams([definition]))
    return [
        OutlinedStream(
            name, tuple(_stages(stream)), tuple(_address(one) for one in offered if one.stream == name)
        )
        for name, stream in (checked.streams.items() if checked is not None else ())
    ]


def _address(offered: OfferedStream) -> Address:
    way = _WAYS[offered.purpose]
    return Address(way, offered.websocket_url if way.startswith("WebSocket") else offered.url)


def _stages(stream: CheckedStream) -> Iterator[Stage]:
    for component in _leaves(stream.input):
        yield _stage("input", component)
    for number, component in enumerate(stream.processors, 1):
        yield _stage(f"processor {number}", component)
    for component in _leaves(stream.output):
        yield _stage("output", component)


def _leaves(component: Component) -> Iterator[Component]:
    """The inputs or outputs that are reached, without those that only choose among others."""
    children = [child for child in held(dict(component.config)) if child.spec.kind is component.spec.kind]
    if not children or component.spec.kind is Kind.PROCESSOR:
        yield component
    for child in children:
        yield from _leaves(child)


def _stage(place: str, component: Component) -> Stage:
    return Stage(place, component.label or component.spec.name, _detail(component.config))


def _detail(config: Mapping[str, Any]) -> str:
    told = (config.get(name) for name in _TELLING)
    texts = (", ".join(map(str, value)) if isinstance(value, list) else value for value in told if value)
    text = ", ".join(text for text in texts if isinstance(text, str))
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
