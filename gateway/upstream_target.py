"""Which path and query of the upstream a request asks for. Pure."""

import re
from typing import Final
from urllib.parse import quote, unquote_to_bytes

from gateway.protocol import Scope
from gateway.routes import ActiveApi
from streams.openapi import KeyPlaces
from streams.outbound import Destination

SLUICE_KEY: Final = re.compile(rb"\bsl[kmt]_[A-Za-z0-9_-]{32,}")
"""A key or ticket of Sluice's own: wherever it stands, it is not for the upstream."""
_PATH: Final = re.compile(rb"(?:[!$&-;=@A-Z_a-z~]|%[0-9A-Fa-f]{2})*")
"""RFC 3986 section 3.3."""
_PATH_SAFE: Final = "/!$&'()*+,;=:@-._~"
_QUERY_SAFE: Final = "!$%&'()*+,;=:@/?[]{}|~-._"
_DOT_SEGMENT: Final = re.compile(r"(?:^|[/\\])\.{1,2}(?:[/\\;]|$)")


class RequestRefusedError(Exception):
    """A request that cannot be passed on as it is; the message is for the caller."""


def upstream_target(base: Destination, api: ActiveApi, scope: Scope) -> str:
    """Path and query, percent-encoded as the caller had them; base: the upstream's URL. Raises RequestRefusedError.

    `/..` is refused in all its spellings: it would lead out of the path that the publisher opened.
    """
    if _DOT_SEGMENT.search(scope["path"]):
        raise RequestRefusedError("The path has a segment `.` or `..`: write it without.")
    path = _stripped(scope, api.listen_path) if api.strip_listen_path else _raw_path(scope).decode("ascii")
    base_path, _, base_query = base.target.partition("?")
    query = "&".join(part for part in (base_query, _query(scope, api.key_places)) if part)
    return f"{base_path.rstrip('/')}/{path.lstrip('/')}" + (f"?{query}" if query else "")


def _raw_path(scope: Scope) -> bytes:
    """As the caller spelled it; spelled anew where that is not as RFC 3986 has it, or is not known."""
    raw: bytes = (scope.get("raw_path") or b"").partition(b"?")[0]
    if raw.startswith(b"/") and _PATH.fullmatch(raw) and _text(unquote_to_bytes(raw)) == scope["path"]:
        return raw
    return quote(scope["path"], safe=_PATH_SAFE).encode()


def _stripped(scope: Scope, listen_path: str) -> str:
    """The path without the listen path, whose letters may be percent-encoded."""
    raw = _raw_path(scope)
    for spelled in (listen_path.encode(), quote(listen_path).encode()):
        if (raw + b"/").startswith(spelled):
            return raw[len(spelled) :].decode("ascii")
    return quote(scope["path"][len(listen_path) :], safe=_PATH_SAFE)


def _query(scope: Scope, places: KeyPlaces) -> str:
    """The query without the API key."""
    parts = [
        part
        for part in scope["query_string"].split(b"&")
        if not (places.query and _parameter(part) == places.query) and not SLUICE_KEY.search(part)
    ]
    return quote(b"&".join(parts), safe=_QUERY_SAFE)


def _parameter(part: bytes) -> str:
    return _text(unquote_to_bytes(part.partition(b"=")[0].replace(b"+", b" ")))


def _text(content: bytes) -> str:
    return content.decode("utf-8", "replace")
