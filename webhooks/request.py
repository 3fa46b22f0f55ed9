"""What a webhook request looks like on the wire: its target, its headers, its head. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from streams.errors import SluiceError
from streams.outbound import check_url

USER_AGENT = "Sluice/0.1.0"
MAXIMUM_HEADERS_CHARACTERS = 4096
_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}", re.ASCII)
_VALUE = re.compile(r"[\x21-\x7e]([\x20-\x7e\t]*[\x21-\x7e])?", re.ASCII)
_FORBIDDEN_NAMES = frozenset(
    [
        "host",
        "content-length",
        "content-type",
        "content-encoding",
        "transfer-encoding",
        "connection",
        "keep-alive",
        "upgrade",
        "te",
        "trailer",
        "expect",
        "proxy-authorization",
        "proxy-connection",
        "user-agent",
        "accept-encoding",
        "cookie",
        "date",
        "via",
        "forwarded",
    ]
)
_FORBIDDEN_PREFIXES = ("webhook-", "x-forwarded-", "x-real-ip", "proxy-", "sec-", "x-amz-", "x-goog-")
"""Sluice's own, and those by which proxies and clouds decide whom to trust."""


Key = tuple[str, str, int]
"""What one connection can serve: scheme, host, port."""


class HeaderError(SluiceError):
    """A custom header cannot be sent; whoever set it can mend it."""


@dataclass(frozen=True, slots=True)
class Target:
    """An endpoint's URL, prepared for many requests."""

    scheme: str
    host: str
    port: int
    head: bytes
    """The request line and the headers that are the same in every request to this URL."""
    key: Key
    """Which connections can carry a request to it."""

    @classmethod
    def of(cls, url: str) -> Target:
        """Prepare a URL. Raises UrlError."""
        at = check_url(url)
        head = f"POST {at.target} HTTP/1.1\r\nHost: {at.authority}\r\nUser-Agent: {USER_AGENT}\r\n"
        return cls(at.scheme, at.host, at.port, head.encode("ascii"), (at.scheme, at.host, at.port))


class Request(NamedTuple):
    """One signed message, ready to be sent."""

    target: Target
    content_type: bytes
    message_id: bytes
    timestamp: bytes
    """Unix seconds in decimal, as signed."""
    signature: bytes
    body: bytes
    headers: bytes = b""
    """More headers, as `encode_headers` returns them."""

    def encoded(self) -> bytes:
        """Return the request as it goes over the wire."""
        return (
            b"%bContent-Type: %b\r\nContent-Length: %d\r\nwebhook-id: %b\r\nwebhook-timestamp: %b\r\n"
            b"webhook-signature: %b\r\n%b\r\n%b"
        ) % (
            self.target.head,
            self.content_type,
            len(self.body),
            self.message_id,
            self.timestamp,
            self.signature,
            self.headers,
            self.body,
        )


def check_headers(headers: Mapping[str, str]) -> None:
    """Refuse custom headers that cannot be sent or would change what the request means. Raises
    HeaderError.
    """
    seen = set()
    for name, value in headers.items():
        _check_name(name)
        if name.lower() in seen:
            raise HeaderError(f"the header {name} is given twice")
        seen.add(name.lower())
        if not _VALUE.fullmatch(value):
            raise HeaderError(
                f"the value of the header {name} must be one line of printable ASCII, with no space around it"
            )
    size = len(encode_headers(headers.items()))
    if size > MAXIMUM_HEADERS_CHARACTERS:
        raise HeaderError(f"the headers are {size} characters; {MAXIMUM_HEADERS_CHARACTERS} are allowed")


def encode_headers(headers: Iterable[tuple[str, str]]) -> bytes:
    """Return checked headers as they go over the wire, each with its line end."""
    return b"".join(f"{name}: {value}\r\n".encode("latin-1") for name, value in headers)


def _check_name(name: str) -> None:
    if not _NAME.fullmatch(name):
        raise HeaderError(f"{name!r} is not a header name: letters, digits and - are")
    lowered = name.lower()
    if lowered in _FORBIDDEN_NAMES or lowered.startswith(_FORBIDDEN_PREFIXES):
        raise HeaderError(f"the header {name} cannot be set: Sluice or the network between sets it")
