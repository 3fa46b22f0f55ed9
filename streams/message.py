"""A message on its way through a pipeline: payload, metadata, error and where it came from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import orjson

from streams.errors import SluiceError

JsonValue = Any
"""What a payload parses to: None, bool, int, float, str, list, dict (and bytes or timestamps inside a mapping)."""

_UNPARSED = object()


class NotStructured(SluiceError):
    """The payload is not JSON, and something asked for it as JSON."""


@dataclass(frozen=True, slots=True)
class Failure:
    """Why the processing of a message failed; it rides on the message."""

    text: str
    """The error as Bento words it."""
    stage: str = ""
    """Label or path of the component that failed, such as `pipeline.processors.1`."""
    line: int | None = None
    """Line of the mapping, from 1."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where a message entered Sluice: the part of its identity that a replay repeats."""

    identity: bytes
    """Bytes that name this record and no other, equal whenever the same record is read again."""
    timestamp_ms: int
    """The record's own time in Unix milliseconds; the time of reading where a source gives none."""
    position: str
    """For people, such as `orders/3@1042`."""


class Message:
    """One payload with its metadata. Bytes and parsed value are made from each other when asked for."""

    __slots__ = ("_content", "_value", "error", "metadata", "ordinal", "source")

    def __init__(
        self,
        content: bytes | None = None,
        *,
        value: JsonValue = _UNPARSED,
        metadata: dict[str, Any] | None = None,
        source: Source | None = None,
        ordinal: int = 0,
    ) -> None:
        self._content = content
        self._value = value
        self.metadata: dict[str, Any] = {} if metadata is None else metadata
        self.error: Failure | None = None
        self.source = source
        self.ordinal = ordinal

    @property
    def content(self) -> bytes:
        """The payload as bytes; a structured value is serialised once."""
        if self._content is None:
            self._content = orjson.dumps(self._value, option=orjson.OPT_SORT_KEYS)
        return self._content

    @property
    def value(self) -> JsonValue:
        """The payload parsed as JSON. Raises NotStructured when it is none."""
        if self._value is _UNPARSED:
            try:
                self._value = orjson.loads(self._content or b"")
            except orjson.JSONDecodeError as error:
                raise NotStructured(f"parse as json: {error}") from error
        return self._value

    def copy(self) -> Message:
        """A message that shares the payload and owns its metadata."""
        twin = Message(
            self._content,
            value=self._value,
            metadata=dict(self.metadata),
            source=self.source,
            ordinal=self.ordinal,
        )
        twin.error = self.error
        return twin
