"""`msgpack`: MessagePack to JSON and back."""

from __future__ import annotations

from typing import Final

from streams.processors.evaluated import Evaluated
from streams.spec import BuildContext, ComponentSpec, Config, DryRun, Field, FieldType, Kind

_QUERIES: Final = {"to_json": "content().parse_msgpack()", "from_json": "json().format_msgpack()"}


def _build(config: Config, _context: BuildContext) -> Evaluated:
    return Evaluated(_QUERIES[config["operator"]])


MSGPACK: Final = ComponentSpec(
    Kind.PROCESSOR,
    "msgpack",
    "Turns MessagePack into JSON, or JSON into MessagePack.",
    _build,
    fields=(Field("operator", FieldType.STRING, "Which.", options=tuple(_QUERIES)),),
    examples=({"operator": "to_json"},),
    replayable=True,
    computes=True,
    per_message=True,
    dry_run=DryRun.RUN,
)
