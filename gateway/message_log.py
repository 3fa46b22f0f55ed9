"""The shared log of a stream in one process: what it read last, encoded once for all clients. Pure: no I/O, no clock.

It is a row of chunks, numbered without gaps; a client's place in it is the number of its next chunk. Old chunks go
when there are too many bytes; who is still before them has fallen behind.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final, NamedTuple

from gateway import frames
from gateway.cursor import CursorCodec, Next, Position
from streams.kafka.topic_reader import Place

SLICE_BYTES: Final = 64 * 1024
"""Bytes a client is given at a time, at most, but for a single larger chunk: what one that stops reading holds."""
_KEPT_SLICES: Final = 16
"""Slices that are kept for the next client: most clients are at the same few places, those that lag at any."""
_OVERHEAD: Final = 200
"""Bytes a message takes besides its content, about."""


class Form(Enum):
    """How a client gets messages."""

    EVENTS = "events"
    LINES = "lines"
    FRAMES = "frames"
    FIRST = "first"
    """The first message alone, with the cursor behind it."""


class Entry(NamedTuple):
    """One message, and the position of its partition behind it."""

    place: Place
    following: Next
    content: bytes


@dataclass(frozen=True, slots=True)
class Stretch:
    """What was made of consecutive records of one partition."""

    place: Place
    entries: tuple[Entry, ...]
    following: Next
    """Behind the last record, even where nothing was made of it."""


@dataclass(frozen=True, slots=True)
class Portion:
    """What a client is given at a time."""

    count: int
    size: int
    """Bytes of the messages' contents."""
    content: bytes = b""
    """Encoded, for Form.EVENTS and Form.LINES."""
    frames: tuple[bytes, ...] = ()
    """One for each message, for Form.FRAMES and Form.FIRST."""
    cursor: str = ""
    """Behind the last of them."""
    gap: str = ""
    """Why messages are missing before these; empty: none are."""


class Chunk:
    """What one fetch brought."""

    __slots__ = ("_encoded", "after", "before", "codec", "count", "read_at", "size", "stretches")

    def __init__(
        self,
        before: Position,
        stretches: tuple[Stretch, ...],
        codec: CursorCodec,
        read_at: float,
    ) -> None:
        """read_at: on the event loop's clock."""
        self.before = before
        self.stretches = stretches
        self.after: Position = {**before, **{one.place: one.following for one in stretches}}
        self.codec = codec
        self.read_at = read_at
        self.count = sum(len(one.entries) for one in stretches)
        self.size = sum(len(entry.content) for entry in self.entries())
        self._encoded: dict[Form, bytes] = {}

    def entries(self) -> Iterator[Entry]:
        """The messages, in order."""
        for stretch in self.stretches:
            yield from stretch.entries

    def encoded(self, form: Form) -> bytes:
        """All of them for a client; made once."""
        found = self._encoded.get(form)
        if found is None:
            found = self._encoded[form] = self._encode(form)
        return found

    def _encode(self, form: Form) -> bytes:
        if form is Form.LINES:
            return b"".join(frames.line(entry.content) for entry in self.entries())
        return b"".join(_events(self.before, self.stretches, self.codec))


class MessageLog:
    """Chunks from `tail` to `head`, the number of the next one."""

    def __init__(self, most_bytes: float) -> None:
        """most_bytes: how much is kept, contents and what goes with them; math.inf: until it is dropped."""
        self.tail = 0
        self.head = 0
        self._most = most_bytes
        self._bytes = 0
        self._chunks: deque[Chunk] = deque()
        self._slices: dict[tuple[int, Form], tuple[int, Portion]] = {}

    @property
    def size(self) -> int:
        """Bytes held, about."""
        return self._bytes

    @property
    def newest(self) -> Chunk | None:
        """The last chunk."""
        return self._chunks[-1] if self._chunks else None

    def append(self, chunk: Chunk) -> None:
        """Add a chunk, and drop the oldest where there is too much; the newest always stays."""
        self._chunks.append(chunk)
        self.head += 1
        self._bytes += _weight(chunk)
        self._slices.clear()
        while self._bytes > self._most and len(self._chunks) > 1:
            self.drop_oldest()

    def drop_oldest(self) -> None:
        """Drop a chunk."""
        self._bytes -= _weight(self._chunks.popleft())
        self.tail += 1

    def portion(self, number: int, form: Form) -> tuple[int, Portion]:
        """What a client at a chunk gets next, and its place then; number: from `tail` to below `head`."""
        found = self._slices.get((number, form))
        if found is None:
            chunks = list(self._sliced(number))
            if len(self._slices) >= _KEPT_SLICES:
                del self._slices[next(iter(self._slices))]
            found = self._slices[number, form] = (number + len(chunks), portion_of(chunks, form))
        return found

    def _sliced(self, number: int) -> Iterator[Chunk]:
        size = 0
        for at in range(number - self.tail, len(self._chunks)):
            chunk = self._chunks[at]
            size += _weight(chunk)
            if size > SLICE_BYTES and at > number - self.tail:
                return
            yield chunk

    def number_of(self, position: Position, not_before: float = 0.0) -> int | None:
        """The first chunk with messages behind a position; None where the log cannot tell them all.

        It can where the position lies between its oldest and its newest, in every partition. not_before: chunks read
        earlier may not be given (on the clock of `read_at`).
        """
        if not self._chunks or not _reached(position, self._chunks[-1].after):
            return None
        if not _reached(self._chunks[0].before, position):
            return None
        at = next(
            (at for at, chunk in enumerate(self._chunks) if not _reached(chunk.after, position)),
            len(self._chunks),
        )
        allowed = at == len(self._chunks) or self._chunks[at].read_at >= not_before
        return self.tail + at if allowed else None

    def portion_behind(self, number: int, form: Form, position: Position) -> tuple[int, Portion | None]:
        """As `portion`, without what lies before a position; None where all of it does."""
        while number < self.head:
            chunks = list(self._sliced(number))
            number += len(chunks)
            left = [_behind(chunk, position) for chunk in chunks]
            if any(chunk.count for chunk in left):
                return number, portion_of(left, form)
        return number, None

    def begins_behind(self, number: int, position: Position) -> bool:
        """Tell whether nothing from a chunk on lies before a position that the log has."""
        return number >= self.head or _reached(position, self._chunks[number - self.tail].before)

    def after(self, number: int) -> Position:
        """The position behind the chunk before a number; number: from above `tail` to `head`."""
        return self._chunks[number - self.tail - 1].after


def chunks_of(
    before: Position, stretches: Sequence[Stretch], codec: CursorCodec, read_at: float
) -> Iterator[Chunk]:
    """What one fetch brought, as chunks no larger than a slice, but for a single larger message.

    A chunk is written to a client as a whole, and held for as long as it does not read.
    """
    for group in _groups(stretches):
        chunk = Chunk(before, tuple(group), codec, read_at)
        before = chunk.after
        yield chunk


def further(position: Position, other: Position) -> Position:
    """Of each partition, the later of two places."""
    return {
        place: max(position.get(place, Next(0)), other.get(place, Next(0)))
        for place in position.keys() | other.keys()
    }


def portion_of(chunks: Sequence[Chunk], form: Form) -> Portion:
    """Chunks as a client gets them."""
    if form is Form.FIRST:
        return _first_of(chunks)
    count, size = sum(chunk.count for chunk in chunks), sum(chunk.size for chunk in chunks)
    last = chunks[-1]
    cursor = last.codec.encode(last.after)
    if form is Form.FRAMES:
        contents = tuple(entry.content for chunk in chunks for entry in chunk.entries())
        return Portion(count, size, frames=contents, cursor=cursor)
    return Portion(count, size, b"".join(chunk.encoded(form) for chunk in chunks), cursor=cursor)


def _first_of(chunks: Sequence[Chunk]) -> Portion:
    """The first message; without one, the position behind all that was left out."""
    last = chunks[-1]
    for chunk in chunks:
        position = dict(chunk.before)
        for stretch in chunk.stretches:
            for entry in stretch.entries[:1]:
                position[entry.place] = entry.following
                cursor = chunk.codec.encode(position)
                return Portion(1, len(entry.content), frames=(entry.content,), cursor=cursor)
            position[stretch.place] = stretch.following
    return Portion(0, 0, cursor=last.codec.encode(last.after))


def portion_of_messages(contents: Sequence[bytes], form: Form) -> Portion:
    """Messages that have no position, as a client gets them."""
    size = sum(map(len, contents))
    if form is Form.FRAMES:
        return Portion(len(contents), size, frames=tuple(contents))
    encode = frames.line if form is Form.LINES else frames.event
    return Portion(len(contents), size, b"".join(map(encode, contents)))


def _events(before: Position, stretches: Iterable[Stretch], codec: CursorCodec) -> Iterator[bytes]:
    """Each message with the position behind it; at last the position behind what was left out."""
    position = dict(before)
    untold = False
    for stretch in stretches:
        for entry in stretch.entries:
            position[entry.place] = entry.following
            yield frames.event(entry.content, codec.encode(position))
            untold = False
        untold = untold or position.get(stretch.place) != stretch.following
        position[stretch.place] = stretch.following
    if untold:
        yield frames.moved(codec.encode(position))


def _groups(stretches: Sequence[Stretch]) -> Iterator[list[Stretch]]:
    group: list[Stretch] = []
    size = 0
    for piece in (piece for one in stretches for piece in _pieces(one)):
        weight = sum(map(_entry_weight, piece.entries))
        if group and size + weight > SLICE_BYTES:
            yield group
            group, size = [], 0
        group.append(piece)
        size += weight
    if group:
        yield group


def _pieces(stretch: Stretch) -> Iterator[Stretch]:
    entries: list[Entry] = []
    size = 0
    for entry in stretch.entries:
        weight = _entry_weight(entry)
        if entries and size + weight > SLICE_BYTES:
            yield Stretch(stretch.place, tuple(entries), entries[-1].following)
            entries, size = [], 0
        entries.append(entry)
        size += weight
    yield Stretch(stretch.place, tuple(entries), stretch.following)


def _entry_weight(entry: Entry) -> int:
    return len(entry.content) + _OVERHEAD


def _behind(chunk: Chunk, position: Position) -> Chunk:
    stretches = tuple(
        Stretch(
            one.place,
            tuple(entry for entry in one.entries if entry.following > position.get(one.place, Next(0))),
            max(one.following, position.get(one.place, Next(0))),
        )
        for one in chunk.stretches
    )
    return Chunk(further(chunk.before, position), stretches, chunk.codec, chunk.read_at)


def _reached(position: Position, other: Position) -> bool:
    """Tell whether `other` is at or behind `position` in every partition of it."""
    return all(other.get(place, Next(0)) >= following for place, following in position.items())


def _weight(chunk: Chunk) -> int:
    return chunk.size + _OVERHEAD * (chunk.count + 1)
