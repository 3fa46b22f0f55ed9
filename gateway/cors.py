"""Which web pages may call an API (https://fetch.spec.whatwg.org/#http-cors-protocol). Pure."""

from collections.abc import Sequence
from typing import Final

from gateway.routes import Purpose, Route

Headers = list[tuple[bytes, bytes]]

_EXPOSED: Final = b"Retry-After, RateLimit, RateLimit-Policy, Sluice-Cursor"
_PREFLIGHT_SECONDS: Final = b"600"


def allowed_origin(origin: str, route: Route, portal_origin: str) -> bool:
    """Tell whether pages of an origin may call a route.

    The portal's may call every one, for its console; others those of the definition's `cors`. An upstream answers for
    itself.
    """
    if origin == portal_origin:
        return True
    if route.component is None or not route.component.config["cors"]["enabled"]:
        return False
    origins: Sequence[str] = route.component.config["cors"]["allowed_origins"]
    return "*" in origins or origin in origins


def response_headers(origin: str) -> Headers:
    """What lets a page of an allowed origin read the response."""
    return [
        (b"access-control-allow-origin", origin.encode("latin-1")),
        (b"access-control-expose-headers", _EXPOSED),
        (b"vary", b"Origin"),
    ]


def preflight_headers(origin: str, route: Route, asked: bytes) -> Headers:
    """What a browser asks for before a request; asked: the headers it wants to send."""
    verbs = route.component.config["allowed_verbs"] if route.component is not None else ()
    methods = ", ".join({*verbs, "GET"} if route.purpose is not Purpose.INGEST else verbs)
    return [
        *response_headers(origin),
        (b"access-control-allow-methods", methods.encode()),
        (b"access-control-allow-headers", asked or b"Authorization, Content-Type, Last-Event-ID"),
        (b"access-control-max-age", _PREFLIGHT_SECONDS),
    ]
