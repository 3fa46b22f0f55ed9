"""Functions that read the message being mapped, or with `from` another message of its batch."""

from __future__ import annotations

import uuid
from typing import Any

from streams.bloblang.errors import Fault
from streams.bloblang.paths import field, split_path
from streams.bloblang.registry import example, function, integer, string
from streams.bloblang.run import Run
from streams.bloblang.values import to_string


@function(
    "json",
    "The message's payload as a value, or what lies at a path of it.",
    parameters=(string("path", ""),),
    context=True,
    examples=(example('root = json("user.name")', ({"user": {"name": "Ada"}}, "Ada")),),
)
def json(run: Run, path: str) -> Any:
    """The value, whatever `this` is at the moment."""
    value = run.structured()
    return field(value, split_path(path), run.charge) if path else value


@function(
    "content",
    "The message's payload as bytes.",
    context=True,
    examples=(example("root.size = content().length()", (b"hello", {"size": 5})),),
)
def content(run: Run) -> bytes:
    """The payload."""
    return run.message.content


@function(
    "metadata",
    "Metadata of the message as it came, all of it or one key.",
    parameters=(string("key", ""),),
    context=True,
)
def metadata(run: Run, key: str) -> Any:
    """The value with its type; null where there is none."""
    table = run.message.metadata
    return table.get(key) if key else dict(table)


def _as_text(table: dict[str, Any], key: str) -> Any:
    if key:
        return to_string(table[key]) or None if key in table else None
    return {name: to_string(value) for name, value in table.items()}


@function(
    "meta", "Metadata of the message as it came, as text.", parameters=(string("key", ""),), context=True
)
def meta(run: Run, key: str) -> Any:
    """The text; null where there is none or it is empty."""
    return _as_text(run.message.metadata, key)


@function(
    "root_meta", "Metadata of the message being made, as text.", parameters=(string("key", ""),), context=True
)
def root_meta(run: Run, key: str) -> Any:
    """The text; null where there is none or it is empty."""
    if run.metadata is None:
        raise Fault("root metadata cannot be queried in this context")
    return _as_text(run.metadata, key)


@function("error", "Why the processing of the message failed before, or null.", context=True)
def error(run: Run) -> str | None:
    """The error's text."""
    failure = run.message.error
    return None if failure is None else failure.text


@function("errored", "Whether the processing of the message failed before.", context=True, boolean=True)
def errored(run: Run) -> bool:
    """Whether the message carries an error."""
    return run.message.error is not None


@function("error_source_name", "Which component failed, by its name, or null.", context=True)
@function("error_source_path", "Which component failed, by its path, or null.", context=True)
@function("error_source_type", "Which component failed, by its type, or null.", context=True)
@function("error_source_label", "Which component failed, by its label, or null.", context=True)
def error_source(run: Run) -> str | None:
    """The stage the failure names."""
    failure = run.message.error
    return None if failure is None else failure.stage


@function("batch_index", "The message's place in its batch, from 0.", context=True, batchwise=True)
def batch_index(run: Run) -> int:
    """The index."""
    return run.index


@function("batch_size", "How many messages the batch has.", context=True, batchwise=True)
def batch_size(run: Run) -> int:
    """The length of the batch."""
    return len(run.batch)


@function(
    "tracing_id",
    "The trace the message belongs to; all zeros, since Sluice traces no messages.",
    context=True,
)
def tracing_id(run: Run) -> str:  # noqa: ARG001 - a function of the message
    """The identifier of no trace."""
    return "0" * 32


@function(
    "tracing_span", "The span the message belongs to; null, since Sluice traces no messages.", context=True
)
def tracing_span(run: Run) -> None:
    """No span."""


@function(
    "flow_id",
    "An identifier of the message's way, made once and kept in its metadata.",
    context=True,
    pure=False,
)
def flow_id(run: Run) -> str:
    """The identifier."""
    known = run.metadata if run.metadata is not None else run.message.metadata
    return str(known.setdefault("_bento_flow_id", str(uuid.uuid4())))


@function("bytes", "As many zero bytes as asked for.", parameters=(integer("length"),), context=True)
def zero_bytes(run: Run, length: int) -> bytes:
    """The bytes, counted as work before they are made."""
    if length < 0:
        raise Fault("length must not be negative")
    run.charge(length)
    return bytes(length)
