"""The client's side of one TLS connection, without I/O: bytes in, bytes out.

The event loop's own TLS transport costs about twice as much per request and gives no say over the handshake;
see docs/decisions/001-webhook-sender.md.
"""

from __future__ import annotations

import ssl

_RECORD_BYTES = 16 * 1024
"""The most plain text one TLS record holds."""


class TlsSession:
    """Encrypts and decrypts for one connection; `outgoing` is to be sent after every other call.

    context: whom to trust. host: the name (or address) that the certificate must be for, sent as SNI.
    """

    __slots__ = ("_from_peer", "_session", "_to_peer", "closed", "established")

    def __init__(self, context: ssl.SSLContext, host: str) -> None:
        self._from_peer = ssl.MemoryBIO()
        self._to_peer = ssl.MemoryBIO()
        self._session = context.wrap_bio(self._from_peer, self._to_peer, server_hostname=host)
        self.established = False
        """The handshake is done and the certificate is accepted."""
        self.closed = False
        """The peer said that nothing more will come."""

    def begin(self) -> None:
        """Make the first bytes of the handshake."""
        self._handshake()

    def receive(self, data: bytes) -> bytes:
        """Take bytes from the peer and return the plain text in them, maybe none. Raises ssl.SSLError."""
        self._from_peer.write(data)
        if not self.established:
            self._handshake()
            if not self.established:
                return b""
        return self._read()

    def encrypt(self, plain: bytes) -> None:
        """Take plain text for the peer. Raises ssl.SSLError."""
        written = self._session.write(plain)
        while written < len(plain):
            written += self._session.write(memoryview(plain)[written:])

    def outgoing(self) -> bytes:
        """Return what is to be sent to the peer now, maybe nothing."""
        return self._to_peer.read() if self._to_peer.pending else b""

    def _handshake(self) -> None:
        try:
            self._session.do_handshake()
        except ssl.SSLWantReadError:
            return
        self.established = True

    def _read(self) -> bytes:
        parts = []
        try:
            # Asking only while something is left spares most reads the exception that ends a read too many.
            while self._from_peer.pending or self._session.pending():
                part = self._session.read(_RECORD_BYTES)
                if not part:
                    self.closed = True
                    break
                parts.append(part)
        except ssl.SSLWantReadError:
            pass
        return parts[0] if len(parts) == 1 else b"".join(parts)
