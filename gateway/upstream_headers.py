"""Which headers of a request reach the upstream, and which of its response the caller. Pure.

Rules: RFC 9110 section 7.6 (hop-by-hop headers, Via), RFC 9112 section 6.3 (one length, or chunks, never both).
"""

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from gateway.protocol import Scope
from gateway.routes import ActiveApi
from gateway.upstream_target import SLUICE_KEY, RequestRefusedError

Headers = list[tuple[bytes, bytes]]

_DEFAULT_KEY_HEADERS: Final = (b"authorization", b"x-api-key")
_HOP_BY_HOP: Final = frozenset(
    {
        b"connection",
        b"keep-alive",
        b"proxy-authenticate",
        b"proxy-authorization",
        b"proxy-connection",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
    }
)
_SAID_ANEW: Final = frozenset(
    {
        b"content-length",
        b"expect",  # the server before us has seen to it
        b"forwarded",  # what a caller says of itself proves nothing
        b"host",
        b"x-forwarded-for",
        b"x-forwarded-host",
        b"x-forwarded-proto",
        b"x-real-ip",
    }
)
_NAME: Final = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VALUE: Final = re.compile(rb"[\t -~\x80-\xff]*")


@dataclass(frozen=True, slots=True)
class Hop:
    """What this gateway is, to who is before and behind it."""

    name: str
    """In `Via`: no other gateway's."""
    private_cookies: Collection[str] = ()
    """The portal's: neither the upstream's to see nor to set."""


def request_headers(scope: Scope, api: ActiveApi, hop: Hop, address: str) -> Headers:
    """The headers for the upstream; address: the caller's. Raises RequestRefusedError."""
    given: Headers = scope["headers"]
    hidden = _HOP_BY_HOP | _SAID_ANEW | _named_by_connection(given) | _key_names(api)
    passed: Headers = []
    for name, value in given:
        if not (_NAME.fullmatch(name) and _VALUE.fullmatch(value)):
            raise RequestRefusedError("A header has a character that headers must not have.")
        kept = _without_cookies(value, hop.private_cookies) if name == b"cookie" else value
        if name not in hidden and not SLUICE_KEY.search(kept) and (kept or name != b"cookie"):
            passed.append((name, kept))
    length = body_length(given)
    if length is not None:
        passed.append((b"content-length", b"%d" % length))
    return [*passed, *_about(scope, hop, address)]


def response_headers(given: Iterable[tuple[bytes, bytes]], hop: Hop) -> Headers:
    """The headers for the caller. Raises ValueError for what is no HTTP.

    given: as the upstream sent them. A length is kept only where it is the one thing that tells where the body ends.
    """
    lower = [(name.lower(), value) for name, value in given]
    hidden = _HOP_BY_HOP | _named_by_connection(lower)
    if is_chunked(lower):
        hidden |= {b"content-length"}
    if not all(_NAME.fullmatch(name) and _VALUE.fullmatch(value) for name, value in lower):
        raise ValueError("a header has a character that headers must not have")
    return [
        (name, value)
        for name, value in lower
        if name not in hidden and not (name == b"set-cookie" and _cookie(value) in hop.private_cookies)
    ]


def has_looped(headers: Iterable[tuple[bytes, bytes]], hop: Hop) -> bool:
    """Tell whether a request has come through this gateway before."""
    return any(name == b"via" and hop.name.encode() in value.split() for name, value in headers)


def body_length(headers: Sequence[tuple[bytes, bytes]]) -> int | None:
    """The announced length; None where the body comes in chunks or there is none. Raises RequestRefusedError."""
    if is_chunked(headers):
        return None
    lengths = {value.strip() for name, value in headers if name == b"content-length"}
    if not lengths:
        return None
    if len(lengths) > 1 or not (only := lengths.pop()).isdigit() or len(only) > 18:
        raise RequestRefusedError("Content-Length is not one number of bytes.")
    return int(only)


def is_chunked(headers: Iterable[tuple[bytes, bytes]]) -> bool:
    """Tell whether a body ends by itself, so that a length besides it means nothing."""
    return any(name == b"transfer-encoding" for name, _ in headers)


def _key_names(api: ActiveApi) -> frozenset[bytes]:
    """The headers that carry the caller's key; in an open API they are the upstream's."""
    if not api.authenticated:
        return frozenset()
    own = api.key_places.header.lower().encode()
    return frozenset({own} if own else _DEFAULT_KEY_HEADERS)


def _named_by_connection(headers: Iterable[tuple[bytes, bytes]]) -> frozenset[bytes]:
    return frozenset(
        token.strip().lower()
        for name, value in headers
        if name == b"connection"
        for token in value.split(b",")
    )


def _without_cookies(value: bytes, names: Collection[str]) -> bytes:
    pairs = [pair.strip() for pair in value.split(b";")]
    return b"; ".join(pair for pair in pairs if pair and _cookie(pair) not in names)


def _cookie(pair: bytes) -> str:
    return pair.partition(b";")[0].partition(b"=")[0].strip().decode("latin-1")


def _about(scope: Scope, hop: Hop, address: str) -> Headers:
    """Who called, how, and by which name; and that it came by this gateway."""
    host = next((value for name, value in scope["headers"] if name == b"host"), b"")
    return [
        (b"x-forwarded-for", address.encode()),
        (b"x-forwarded-proto", str(scope.get("scheme", "http")).encode()),
        (b"x-forwarded-host", host),
        (b"via", f"{scope.get('http_version', '1.1')} {hop.name}".encode()),
    ]
