"""A message on its way through a pipeline: payload, metadata, error and where it came from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from streams.errors import SluiceError
from streams.jsontext import JsonValue, NotJsonError, parse, serialise

__all__ = ["Failure", "JsonValue", "Message", "NotStructuredError", "Request", "Source"]

_UNPARSED = object()


class NotStructuredError(SluiceError):
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
class Request:
    """By whom a message was sent, or for whom it is read, where somebody called for it."""

    variables: Mapping[str, str]
    """Of the caller, such as `tyk_context.request_id`; only those the stream uses."""
    responses: list[Message] | None = None
    """What `sync_response` gives back to the caller; None where nothing can be given back."""


class Source(NamedTuple):
    """Where a message entered Sluice: the part of its identity that a replay repeats.

    A tuple, because one is made for each record, and a frozen dataclass costs three times as much.
    """

    identity: bytes
    """Bytes that name this record and no other, equal whenever the same record is read again."""
    timestamp_ms: int
    """The record's own time in Unix milliseconds; the time of reading where a source gives none."""
    position: str
    """For people, such as `orders/3@1042`."""
    request: Request | None = None
    """None where nobody waits: it came from a broker, and is for nobody in particular."""


class Message:
    """One payload with its metadata. Bytes and parsed value are made from each other when asked for.

    Values are shared between messages and must never be changed in place: make a new one.
    """

    __slots__ = ("_content", "_size", "_value", "error", "metadata", "ordinal", "source")

    def __init__(  # noqa: PLR0913 - all but the content are named
        self,
        content: bytes | None = None,
        *,
        value: JsonValue = _UNPARSED,
        metadata: dict[str, Any] | None = None,
        source: Source | None = None,
        ordinal: int = 0,
        size: int | None = None,
    ) -> None:
        self._content = content
        self._value = value
        self._size = size
        self.metadata: dict[str, Any] = {} if metadata is None else metadata
        self.error: Failure | None = None
        self.source = source
        self.ordinal = ordinal

    @property
    def size(self) -> int | None:
        """An upper bound of the payload's length in bytes that is known without serialising it; None: unknown."""
        return self._size if self._content is None else len(self._content)

    @property
    def content(self) -> bytes:
        """The payload as bytes; a structured value is serialised once."""
        if self._content is None:
            if self._value is _UNPARSED:
                return b""
            self._content = serialise(self._value)
        return self._content

    @property
    def value(self) -> JsonValue:
        """The payload parsed as JSON. Raises NotStructuredError when it is none."""
        if self._value is _UNPARSED:
            if not self._content:
                raise NotStructuredError("message is empty")
            try:
                self._value = parse(self._content)
            except NotJsonError as error:
                raise NotStructuredError(f"parse as json: {error}") from error
        return self._value

    def replaced(
        self,
        content: bytes | None = None,
        *,
        value: JsonValue = _UNPARSED,
        metadata: dict[str, Any] | None = None,
        size: int | None = None,
    ) -> Message:
        """A message with a new payload that keeps the source, the error and, unless given, the metadata."""
        # Set here and not through the constructor, as one is made for each step of each message.
        successor = Message.__new__(Message)
        successor._content = content  # noqa: SLF001 - of its own class
        successor._value = value  # noqa: SLF001
        successor._size = size  # noqa: SLF001
        successor.metadata = dict(self.metadata) if metadata is None else metadata
        successor.error = self.error
        successor.source = self.source
        successor.ordinal = self.ordinal
        return successor

    def copy(self) -> Message:
        """A message that shares the payload and owns its metadata."""
        return self.replaced(self._content, value=self._value, size=self._size)
