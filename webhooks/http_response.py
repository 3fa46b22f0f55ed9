"""Reads one HTTP/1.1 answer at a time, within limits, and keeps an excerpt of it."""

from __future__ import annotations

import zlib

import httptools

from webhooks.exchange import EXCERPT_BYTES, ErrorClass

HEAD_BYTES = 32 * 1024
"""The most that status line and headers may be, informational answers included."""
BODY_BYTES = 64 * 1024
"""The most of a body that is read; then the answer counts as whole and the connection is given up."""
_HEADER_OVERHEAD = 32  # so that thousands of empty headers reach the limit too
_INFORMATIONAL_END = 200
_SWITCHING_PROTOCOLS = 101


class ResponseError(Exception):
    """The answer is not usable."""

    def __init__(self, error: ErrorClass, detail: str) -> None:
        super().__init__(detail)
        self.error = error
        self.detail = detail


class ResponseReader:
    """Feeds a parser and holds what it found; used again for the next answer on the same connection."""

    __slots__ = (
        "_body",
        "_body_size",
        "_encoding",
        "_fault",
        "_head_fed",
        "_head_size",
        "_parser",
        "_persistent",
        "_room",
        "complete",
        "headers",
        "started",
        "status",
        "surplus",
    )

    def __init__(self) -> None:
        self._parser = httptools.HttpResponseParser(self)
        self.begin()

    def begin(self) -> None:
        """Forget the last answer and wait for the next."""
        self.status: int | None = None
        self.headers: list[tuple[bytes, bytes]] = []
        self.started = False
        """A byte of the answer has come."""
        self.complete = False
        """The answer is whole, or as much of its body was read as ever is."""
        self.surplus = False
        """Unasked bytes came, or the body was not read to its end: no other request can follow."""
        self._head_fed = 0
        self._head_size = 0
        self._body: list[bytes] = []
        self._body_size = 0
        self._room = -1
        self._persistent = False
        self._encoding = b""
        self._fault: ResponseError | None = None

    def feed(self, data: bytes) -> None:
        """Take bytes from the connection. Raises ResponseError."""
        self.started = True
        if self.status is None:
            self._head_fed += len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError as error:
            if not self.complete:
                raise self._fault or ResponseError(ErrorClass.INVALID_RESPONSE, str(error)) from error
            self.surplus = True
        if self.status is None and self._head_fed > HEAD_BYTES:
            raise ResponseError(ErrorClass.RESPONSE_TOO_LARGE, f"no end of headers in {self._head_fed} bytes")

    def ends_with_connection(self) -> bool:
        """Tell whether the close of the connection is the answer's proper end, as in HTTP/1.0."""
        if self.status is None:
            return False
        return not any(name.lower() in {b"content-length", b"transfer-encoding"} for name, _ in self.headers)

    def keep_alive(self) -> bool:
        """Tell whether the connection can carry another request."""
        return self._persistent and not self.surplus

    def excerpt(self) -> tuple[bytes, bool]:
        """Return the first EXCERPT_BYTES of the body, decompressed, and whether there was more."""
        if not self._body_size:
            return b"", False
        raw = b"".join(self._body)
        text = _decompressed(self._encoding, raw) if self._encoding else raw
        cut = len(text) > EXCERPT_BYTES or (self._body_size > len(raw))
        return text[:EXCERPT_BYTES], cut

    # --- the parser's callbacks ----------------------------------------------------------------------

    def on_message_begin(self) -> None:
        """Note bytes that nobody asked for."""
        if self.complete:
            self.surplus = True

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep a header. Trailers count too."""
        self._head_size += len(name) + len(value) + _HEADER_OVERHEAD
        if self._head_size > HEAD_BYTES:
            self._refuse(ErrorClass.RESPONSE_TOO_LARGE, "the headers are too large")
        if not self.complete:
            self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        """Take the status, unless it is an informational one, after which the true answer follows."""
        status = self._parser.get_status_code()
        if self.complete:
            return
        if status == _SWITCHING_PROTOCOLS:
            self._refuse(ErrorClass.INVALID_RESPONSE, "101: another protocol, which was not asked for")
        if status < _INFORMATIONAL_END:
            self.headers = []
        else:
            self.status = status

    def on_body(self, data: bytes) -> None:
        """Keep the beginning of the body; stop at BODY_BYTES."""
        if self.complete:
            return
        if self._room < 0:
            self._begin_body()
        self._body_size += len(data)
        if self._room:
            kept = data[: self._room]
            self._body.append(kept)
            self._room -= len(kept)
        if self._body_size > BODY_BYTES:
            self.complete = self.surplus = True

    def on_message_complete(self) -> None:
        """Note the end of the answer."""
        if self.status is not None:
            self.complete = True
            self._persistent = bool(
                self._parser.should_keep_alive()
            )  # the parser forgets it with the message

    def _begin_body(self) -> None:
        for name, value in self.headers:
            if name.lower() == b"content-encoding":
                self._encoding = value.strip().lower()
        # Compressed bytes are kept as they come, since the excerpt is cut after decompression.
        self._room = BODY_BYTES if self._encoding else EXCERPT_BYTES

    def _refuse(self, error: ErrorClass, detail: str) -> None:
        self._fault = ResponseError(error, detail)
        raise self._fault


def _decompressed(encoding: bytes, raw: bytes) -> bytes:
    """Return the beginning of a gzip or deflate body; of another encoding, or a broken one, the bytes as they
    are.

    Never more than one byte past the excerpt is inflated, so that a compression bomb has nothing to blow up.
    """
    windows = {b"gzip": (31,), b"x-gzip": (31,), b"deflate": (15, -15)}.get(encoding, ())
    for window in windows:  # "deflate" means zlib's format, but some send the bare stream
        try:
            return zlib.decompressobj(window).decompress(raw, EXCERPT_BYTES + 1)
        except zlib.error:
            continue
    return raw
