"""uvicorn's WebSockets with bounds, and with an answer to each handshake."""

from http import HTTPStatus
from typing import Final

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import Frame

_FRAGMENTS: Final = 1024
"""Of one message that are kept apart: an object each costs far more than a byte in it."""


class BoundedWebSocket(WebSocketsSansIOProtocol):
    """One WebSocket. `ws_max_size` of the server bounds its messages."""

    def data_received(self, data: bytes) -> None:
        """Take what comes."""
        super().data_received(data)
        if self.conn.handshake_exc is not None and not self.handshake_initiated:
            self._refuse_handshake()

    def handle_cont(self, event: Frame) -> None:
        """Take a fragment."""
        super().handle_cont(event)
        if len(self.frames) > _FRAGMENTS:
            self.frames = [b"".join(self.frames)]

    def handle_ping(self) -> None:
        """Answer, unless the client does not read what it asked for (RFC 6455 section 5.5.3 permits it)."""
        pongs = self.conn.data_to_send()
        if self.writable.is_set():
            self.transport.write(b"".join(pongs))

    def _refuse_handshake(self) -> None:
        """Send the answer that the parser has for what it cannot read: the server itself would leave it waiting."""
        self.handshake_initiated = self.handshake_complete = self.close_sent = True
        self.transport.write(b"".join(self.conn.data_to_send()) or _BAD_REQUEST)
        self.transport.close()


_BAD_REQUEST: Final = (
    f"HTTP/1.1 {HTTPStatus.BAD_REQUEST.value} {HTTPStatus.BAD_REQUEST.phrase}\r\n"
    "content-length: 0\r\nconnection: close\r\n\r\n"
).encode()
"""To a handshake that has a body, for example."""
