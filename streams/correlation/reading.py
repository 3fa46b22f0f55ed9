"""Messages to events: their key, their time, who they are, and what they may be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, Final

from streams import bloblang
from streams.bloblang import Interpolation, Mapping, MappingError
from streams.bloblang.errors import Fault
from streams.bloblang.values import get_timestamp
from streams.correlation.event import Event
from streams.message import Message, NotStructuredError
from streams.processors.conditions import ask
from streams.spec import Field, FieldType

MAX_KEY: Final = 500
"""Characters of a key."""
_MILLISECOND: Final = 1_000_000

KEY: Final = Field(
    "key", FieldType.STRING, "What events have in common that belong together.", interpolated=True
)
TIMESTAMP: Final = Field(
    "timestamp_mapping",
    FieldType.BLOBLANG,
    "When the event happened: a timestamp, RFC 3339 or Unix seconds. Empty: the time its record has.",
    default="",
)
IDENTITY: Final = Field(
    "identity",
    FieldType.STRING,
    "What makes an event the same as another, such as `${! this.id }`. Empty: the place it was read from.",
    default="",
    interpolated=True,
)


@dataclass(frozen=True, slots=True)
class Reader:
    """Makes events of messages."""

    key: Interpolation
    time: Mapping | None
    """None: the record's own time."""
    identity: Interpolation | None
    """None: the source's."""
    conditions: Sequence[Mapping] = ()
    """Of the steps of a pattern."""

    def read(self, messages: list[Message], place: int, side: int) -> tuple[str, Event]:
        """The key and the event of a message. side: the input it came from. Raises MappingError."""
        message = messages[place]
        # PostgreSQL's texts hold no zero byte.
        key = self.key.resolve(messages, place).replace("\0", "\ufffd")
        if key in {"", "null"}:  # as interpolation writes what is not there
            raise MappingError("the event has no key")
        if len(key) > MAX_KEY:
            raise MappingError(f"a key has at most {MAX_KEY} characters, not {len(key)}")
        roles = [at for at, condition in enumerate(self.conditions) if _holds(condition, messages, place)]
        return key, Event(
            self._time(messages, place),
            self._identity(messages, place, side),
            tuple(roles) if self.conditions else (side,),
            _document(message),
        )

    def _time(self, messages: list[Message], place: int) -> int:
        source = messages[place].source
        if self.time is None:
            return 0 if source is None else source.timestamp_ms
        return milliseconds(_given(self.time.apply(messages, place)))

    def _identity(self, messages: list[Message], place: int, side: int) -> str:
        message = messages[place]
        if self.identity is not None:
            own = self.identity.resolve(messages, place).encode()
        else:
            source = message.source
            own = (b"" if source is None else source.identity) + b"/%d" % message.ordinal
        return blake2b(b"%d/" % side + own, digest_size=16).hexdigest()


def _holds(condition: Mapping, messages: list[Message], place: int) -> bool:
    """Events of a stream differ: a question that cannot be asked of one is answered with no."""
    return ask(condition, messages, place) is True


def make_reader(config: Any, conditions: Sequence[str] = ()) -> Reader:
    """The reader that a body describes."""
    return Reader(
        bloblang.interpolate(config["key"]),
        bloblang.compile(config["timestamp_mapping"]) if config["timestamp_mapping"] else None,
        bloblang.interpolate(config["identity"]) if config["identity"] else None,
        [bloblang.compile(condition) for condition in conditions],
    )


def milliseconds(value: Any) -> int:
    """A moment that a mapping gave as Unix milliseconds. Raises MappingError."""
    try:
        return get_timestamp(value).unix_nanoseconds // _MILLISECOND
    except Fault as fault:
        raise MappingError(f"`timestamp_mapping` gives no moment: {fault.text}") from fault


def _given(made: Any) -> Any:
    """What a mapping gave: a value, or a text."""
    return _document(made) if isinstance(made, Message) else made


def _document(message: Message) -> Any:
    """The payload as a JSON value; a text where it is none."""
    try:
        return message.value
    except NotStructuredError:
        return message.content.decode("utf-8", "replace")
