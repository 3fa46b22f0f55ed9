"""Where a client is in a stream: opaque text, signed, good for this stream alone.

A cursor names, of each partition, the record to go on with and how many of the messages made of it the client has.
It is bound to the definition, the stream and the ids of the topics: those of a topic deleted and made anew mean
nothing in the new one.
"""

import base64
import binascii
import hmac
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Final, NamedTuple

from streams.kafka.topic_reader import Place

_MARK: Final = 8
"""Bytes of the signature: enough that nobody guesses one, and few, as each message carries it."""
_STREAM: Final = 6
"""Bytes that tell one stream from another."""


class Next(NamedTuple):
    """The next message of a partition."""

    offset: int
    ordinal: int = 0
    """How many of the messages made of that record are behind."""


Position = Mapping[Place, Next]
"""Of every partition of a stream's topics, the next message."""


class CursorError(ValueError):
    """A text is no cursor of this stream; the message says why."""


class ForeignCursorError(CursorError):
    """It is one of another stream, or of topics that have since been made anew."""


@dataclass(frozen=True, slots=True)
class CursorCodec:
    """Writes and reads the cursors of one stream."""

    key: bytes
    """Secret; up to 64 bytes."""
    stream: bytes
    """`stream_mark` of it."""

    def encode(self, position: Position) -> str:
        """A position as text of `A-Z a-z 0-9 _ -`."""
        body = bytearray(self.stream)
        topic = ""
        for (name, number), following in sorted(position.items()):
            if name != topic:
                # A topic is named by its place among the stream's topics in order: they are part of the mark.
                topic = name
                _write(body, 0)
            _write(body, number + 1)
            _write(body, following.offset)
            _write(body, following.ordinal)
        return base64.urlsafe_b64encode(body + self._mark(body)).rstrip(b"=").decode()

    def decode(self, text: str, topics: tuple[str, ...]) -> dict[Place, Next]:
        """The position a cursor stands for; topics: the stream's. Raises CursorError, ForeignCursorError."""
        data = _bytes(text)
        body, mark = data[:-_MARK], data[-_MARK:]
        if len(body) < _STREAM or not hmac.compare_digest(mark, self._mark(body)):
            raise CursorError("it was not made by this gateway, or is not whole")
        if body[:_STREAM] != self.stream:
            raise ForeignCursorError("it belongs to another stream, or to topics that were deleted since")
        return _places(body[_STREAM:], sorted(topics))

    def _mark(self, body: bytes | bytearray) -> bytes:
        return blake2b(body, digest_size=_MARK, key=self.key).digest()


def stream_mark(definition_id: int, stream_name: str, topic_ids: Mapping[str, str]) -> bytes:
    """What tells a stream's cursors from others'; topic_ids: of each topic it reads, empty where it has none."""
    parts = [str(definition_id), stream_name, *(part for pair in sorted(topic_ids.items()) for part in pair)]
    digest = blake2b(digest_size=_STREAM)
    for part in parts:
        digest.update(b"%d:%b" % (len(part.encode()), part.encode()))
    return digest.digest()


def cursor_key(secret: bytes) -> bytes:
    """The signing key made of a secret of the installation."""
    return blake2b(secret, digest_size=32, person=b"sluice cursor").digest()


def _places(data: bytes, topics: list[str]) -> dict[Place, Next]:
    numbers = _numbers(data)
    position: dict[Place, Next] = {}
    topic = -1
    for number in numbers:
        if number == 0:
            topic += 1
        else:
            position[topics[topic], number - 1] = Next(next(numbers), next(numbers))
    return position


def _bytes(text: str) -> bytes:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise CursorError("it has characters that no cursor has") from None


def _write(body: bytearray, number: int) -> None:
    """Seven bits a byte, the lowest first; the highest bit says that more follow."""
    while number > 127:
        body.append(number & 127 | 128)
        number >>= 7
    body.append(number)


def _numbers(data: bytes) -> Iterator[int]:
    number = shift = 0
    for byte in data:
        number |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            yield number
            number = shift = 0
