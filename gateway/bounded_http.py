"""uvicorn's HTTP/1.1 with bounds: what it would keep for a stranger without any.

It reads heads, trailers and the lengths of chunks for as long as they come, waits for them for good, and takes any
number of requests that were sent ahead. Nothing of that has reached the application yet, which could refuse it.
"""

import asyncio
from collections.abc import Sized
from http import HTTPStatus
from typing import Final

import orjson
from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_BYTES: Final = 65_536
"""Of a request before its body, and of anything between two parts of a body. One read more may be taken."""
HEAD_SECONDS: Final = 15.0
"""How long a connection may take to bring the head of a request, once it is open or has begun one."""


class BoundedHttp(HttpToolsProtocol):
    """One connection. What is too large or too slow is told so, where no answer is under way, and cut off."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's
        """Wait for the first head."""
        super().connection_made(transport)
        self.flow = _OneAtATime(transport, self.pipeline)
        self._surplus = 0
        """Bytes since the last read that brought a part of a body, or a whole head."""
        self._has_content = False
        self._upgraded = False
        self._timer: asyncio.TimerHandle | None = None
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait for nothing more."""
        self._await_no_head()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take what comes, and look at what it left unfinished."""
        before, self._has_content = self.cycle, False
        super().data_received(data)
        cycle = self.cycle
        if cycle is not None and cycle.scope is self.scope and not cycle.more_body:
            self._surplus = 0
            if self._timer is not None:
                self._await_no_head()
        elif not self._upgraded and not self.transport.is_closing():
            came_on = self._has_content or cycle is not before
            self._look_at_unfinished(0 if came_on else self._surplus + len(data))

    def on_body(self, body: bytes) -> None:
        """Take a part of a body."""
        self._has_content = True
        super().on_body(body)

    def handle_websocket_upgrade(self) -> None:
        """Leave the connection to another protocol."""
        self._upgraded = True
        self._await_no_head()
        super().handle_websocket_upgrade()

    def _look_at_unfinished(self, surplus: int) -> None:
        in_head = self.cycle is None or self.cycle.scope is not self.scope
        if not in_head:
            self._await_no_head()
        elif self._timer is None:
            self._await_head()
        self._surplus = surplus
        if surplus > HEAD_BYTES:
            self._refuse(
                HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, f"A head has at most {HEAD_BYTES} bytes."
            )

    def _await_head(self) -> None:
        self._timer = self.loop.call_later(HEAD_SECONDS, self._head_is_late)

    def _await_no_head(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _head_is_late(self) -> None:
        self._timer = None
        self._refuse(HTTPStatus.REQUEST_TIMEOUT, f"The head did not come within {HEAD_SECONDS:.0f} s.")

    def _refuse(self, status: HTTPStatus, detail: str) -> None:
        """Answer by a problem (RFC 9457), unless another answer is under way, and close."""
        if self.scope is not None and (self.cycle is None or self.cycle.response_complete):
            self.transport.write(_problem(status, detail))
            self.transport.close()
        else:
            self.transport.abort()


class _OneAtATime(FlowControl):
    """Reads no further while requests wait for the one before them to be answered."""

    def __init__(self, transport: asyncio.Transport, waiting: Sized) -> None:
        super().__init__(transport)
        self._waiting = waiting

    def resume_reading(self) -> None:
        """Read on, once nothing waits."""
        if self.read_paused and not self._waiting:
            super().resume_reading()


def _problem(status: HTTPStatus, detail: str) -> bytes:
    content = orjson.dumps(
        {"type": "about:blank", "title": status.phrase, "status": status.value, "detail": detail}
    )
    return (
        f"HTTP/1.1 {status.value} {status.phrase}\r\ncontent-type: application/problem+json\r\n"
        f"content-length: {len(content)}\r\nconnection: close\r\n\r\n".encode()
        + content
    )
