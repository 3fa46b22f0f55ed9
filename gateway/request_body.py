"""Reads a request's body, of which no more is held than allowed."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from typing import Final

from gateway.ingest_refusal import CLOSE, RETRY_SOON, IngestRefusedError
from gateway.protocol import Event, Receive, Send

_DISCARDED_BYTES: Final = 4_194_304
_DISCARDED_SECONDS: Final = 2.0
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
    encoding = headers.get(b"content-encoding")
    if encoding is not None and encoding.strip().lower() != b"identity":
        # What unpacks to far more than was sent would have to be bounded apart.
        name = encoding.decode("latin-1")
        raise IngestRefusedError(
            415,
            "encoding_unsupported",
            f"a body in {name!r} is not taken: send it as it is, without Content-Encoding",
            (_ACCEPTED_ENCODING,),
            unread=True,
        )
    length = headers.get(b"content-length", b"")
    if length.isdigit() and int(length[:20]) > limit:
        raise too_large(limit, unread=True)


def too_large(limit: int, *, unread: bool) -> IngestRefusedError:
    """The refusal of a body of more than `limit` bytes."""
    return IngestRefusedError(413, "too_large", f"a body has at most {limit} bytes", unread=unread)


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
            chunk: bytes = event.get("body", b"")
            more: bool = event.get("more_body", False)
            if self._size + len(chunk) > limit:
                raise too_large(limit, unread=more)
            self._held.take(len(chunk))
            self._size += len(chunk)
            if not more:
                return b"".join([*chunks, chunk]) if chunks else chunk
            chunks.append(chunk)

    def release(self) -> None:
        """Let go of its bytes."""
        self._held.give(self._size)
        self._size = 0


def unfinished(send: Send) -> Send:
    """A `send` for an answer that is complete for its reader, while the server must not close the connection yet."""

    async def send_unfinished(event: Event) -> None:
        await send({**event, "more_body": True} if event["type"] == "http.response.body" else event)

    return send_unfinished


async def discard(receive: Receive) -> None:
    """Read on for a little while what nobody wants: a connection closed before that is reset, which may overtake the
    answer.
    """
    size = 0
    with suppress(TimeoutError):
        async with asyncio.timeout(_DISCARDED_SECONDS):
            while size < _DISCARDED_BYTES:
                event = await receive()
                size += len(event.get("body", b""))
                if not event.get("more_body"):
                    return
