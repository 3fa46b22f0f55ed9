"""Reads a request's body, of which no more is held than allowed."""

from collections.abc import Mapping
from typing import Final

from gateway.ingest_refusal import CLOSE, RETRY_SOON, IngestRefusedError
from gateway.protocol import Receive

_ACCEPTED_ENCODING: Final = (b"accept-encoding", b"identity")


class CallerLeftError(Exception):
    """The connection was closed before the request was complete."""


class HeldBytes:
    """Bytes of bodies that are in memory in this process."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._held = 0

    def take(self, size: int) -> None:
        """Hold so many more. Raises IngestRefusedError."""
        if self._held + size > self._limit:
            message = "too much is being sent at the moment"
            raise IngestRefusedError(503, "busy", message, (*RETRY_SOON, *CLOSE))
        self._held += size

    def give(self, size: int) -> None:
        """Hold so many less."""
        self._held -= size


def check_headers(headers: Mapping[bytes, bytes], limit: int) -> None:
    """Refuse a body by what is announced of it: its size, and encodings. Raises IngestRefusedError."""
    encoding = headers.get(b"content-encoding", b"identity")
    if encoding.strip().lower() != b"identity":
        # What unpacks to far more than was sent would have to be bounded apart.
        name = encoding.decode("latin-1")
        raise IngestRefusedError(
            415,
            "encoding_unsupported",
            f"bodies are taken as they are, not {name!r}",
            (_ACCEPTED_ENCODING, *CLOSE),
        )
    length = headers.get(b"content-length", b"")
    if length.isdigit() and int(length[:20]) > limit:
        raise too_large(limit)


def too_large(limit: int) -> IngestRefusedError:
    """The refusal of a body of more than `limit` bytes."""
    return IngestRefusedError(413, "too_large", f"a body has at most {limit} bytes", CLOSE)


class Body:
    """The body of one request. Whoever made it calls `release` in the end, read or not."""

    __slots__ = ("_held", "_size")

    def __init__(self, held: HeldBytes) -> None:
        self._held = held
        self._size = 0

    async def read(self, receive: Receive, limit: int) -> bytes:
        """All of it, of at most `limit` bytes. Raises IngestRefusedError, CallerLeftError."""
        chunks: list[bytes] = []
        while True:
            event = await receive()
            if event["type"] == "http.disconnect":
                raise CallerLeftError
            chunk = event.get("body", b"")
            if self._size + len(chunk) > limit:
                raise too_large(limit)
            self._held.take(len(chunk))
            self._size += len(chunk)
            chunks.append(chunk)
            if not event.get("more_body"):
                return chunk if len(chunks) == 1 else b"".join(chunks)

    def release(self) -> None:
        """Let go of its bytes."""
        self._held.give(self._size)
        self._size = 0
