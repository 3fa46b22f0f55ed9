"""One try of a delivery as data: what is asked of the sender, and what came of it. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

EXCERPT_BYTES = 4096
HEADERS_TEXT_CHARACTERS = 4096


class ErrorClass(StrEnum):
    """Why there is no usable answer. The values are stored and shown."""

    DNS_ERROR = "dns_error"
    """The host name does not resolve now."""
    BLOCKED_ADDRESS = "blocked_address"
    """The outbound guard refused an address it resolves to."""
    CONNECT_REFUSED = "connect_refused"
    CONNECT_TIMEOUT = "connect_timeout"
    CONNECT_ERROR = "connect_error"
    """No route, or the network is down."""
    TLS_ERROR = "tls_error"
    """The certificate was not accepted, or there is no common protocol."""
    TIMEOUT = "timeout"
    """The deadline passed after connecting: in the TLS handshake, the wait, the headers or the body."""
    RESET = "reset"
    """The receiver closed the connection before the answer was whole."""
    RESPONSE_TOO_LARGE = "response_too_large"
    """The headers of the answer passed the limit. A long body is cut, and is no error."""
    INVALID_RESPONSE = "invalid_response"
    """What came back is not HTTP/1.1."""
    INTERNAL = "internal"
    """A fault of Sluice's own; the operator's log has it."""


SLOW_OR_UNREACHABLE = frozenset({ErrorClass.TIMEOUT, ErrorClass.CONNECT_TIMEOUT, ErrorClass.CONNECT_REFUSED})
"""Failures that say a receiver is overwhelmed or away: fewer requests should be open to it at once."""

PUBLIC_TEXT = {
    ErrorClass.DNS_ERROR: "The host name does not lead to an address that may be called.",
    ErrorClass.BLOCKED_ADDRESS: "The host name does not lead to an address that may be called.",
    ErrorClass.CONNECT_REFUSED: "The receiver refused the connection.",
    ErrorClass.CONNECT_TIMEOUT: "The receiver could not be connected to in time.",
    ErrorClass.CONNECT_ERROR: "The receiver could not be reached.",
    ErrorClass.TLS_ERROR: "No trusted TLS connection could be made: check certificate, chain and name.",
    ErrorClass.TIMEOUT: "The receiver did not finish its answer in time.",
    ErrorClass.RESET: "The receiver closed the connection before its answer was whole.",
    ErrorClass.RESPONSE_TOO_LARGE: "The headers of the receiver's answer are too large.",
    ErrorClass.INVALID_RESPONSE: "The receiver's answer is not valid HTTP.",
    ErrorClass.INTERNAL: "Sluice failed to send this; it will try again.",
}
"""What a tenant may read. Unknown and forbidden names read the same: nobody shall map a private network."""

_PUBLIC_CLASS = {ErrorClass.BLOCKED_ADDRESS: ErrorClass.DNS_ERROR}


def public_class(error: ErrorClass) -> ErrorClass:
    """Return the class to show a tenant: to them a forbidden address is as good as an unknown name."""
    return _PUBLIC_CLASS.get(error, error)


@dataclass(frozen=True, slots=True)
class Phases:
    """Where the time of an exchange went, in milliseconds. None: that step was not needed or not reached."""

    dns: float | None = None
    connect: float | None = None
    tls: float | None = None


REUSED = Phases()
"""The phases of an exchange over a connection that stood already."""


class Exchange(NamedTuple):
    """What came of one request. `error` is None only where a whole answer was read, or its body was cut."""

    status: int | None = None
    """The status that was read, even where reading the rest failed."""
    error: ErrorClass | None = None
    detail: str = ""
    """For operators: addresses and the system's own words. Never shown to a tenant."""
    headers: tuple[tuple[bytes, bytes], ...] = ()
    body: bytes = b""
    """The first bytes of the answer after decompression, at most EXCERPT_BYTES."""
    truncated: bool = False
    """There was more than `body` holds."""
    phases: Phases = REUSED
    first_byte_ms: float | None = None
    """From the start of the exchange to the first byte of the answer."""
    total_ms: float = 0.0

    def header(self, name: bytes) -> str | None:
        """Return the first header of this name (given in lower case), or None."""
        for candidate, value in self.headers:
            if candidate.lower() == name:
                return value.decode("latin-1").strip()
        return None

    def headers_text(self) -> str:
        """Return the headers a line each, to store and show, cut at HEADERS_TEXT_CHARACTERS."""
        lines = (f"{name.decode('latin-1')}: {value.decode('latin-1')}" for name, value in self.headers)
        return "\n".join(lines).replace("\0", "")[:HEADERS_TEXT_CHARACTERS]
