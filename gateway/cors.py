"""Which web pages may call an API (https://fetch.spec.whatwg.org/#http-cors-protocol). Pure."""

from typing import Final

from gateway.routes import Route

Headers = list[tuple[bytes, bytes]]

_EXPOSED: Final = b"Retry-After, RateLimit, RateLimit-Policy, Sluice-Cursor"
_ASKED: Final = b"Authorization, Content-Type, Last-Event-ID"
_PREFLIGHT_SECONDS: Final = b"600"


def allowed_origin(origin: str, route: Route, portal_origin: str) -> bool:
    """Tell whether pages of an origin may call a route.

    The portal's may call every one, for its console; others those whose definition or component allows them. What
    neither claims is the upstream's: it answers other pages for itself.
    """
    if origin == portal_origin:
        return True
    origins = {*route.api.allowed_origins}
    if route.component is not None and route.component.config["cors"]["enabled"]:
        origins.update(route.component.config["cors"]["allowed_origins"])
    return bool(origins & {"*", origin})


def response_headers(origin: str) -> Headers:
    """What lets a page of an allowed origin read the response."""
    return [
        (b"access-control-allow-origin", origin.encode("latin-1")),
        (b"access-control-expose-headers", _EXPOSED),
        (b"vary", b"Origin"),
    ]


def preflight_headers(origin: str, route: Route, method: str, asked: str) -> Headers:
    """What a browser asks for before a request; method, asked: what it wants to do, and the headers it wants to send.

    What an upstream takes only the upstream knows: it is asked by the request itself.
    """
    methods = [method] if route.component is None else list(route.component.config["allowed_verbs"])
    return [
        *response_headers(origin),
        (b"access-control-allow-methods", ", ".join(methods).encode("latin-1")),
        (b"access-control-allow-headers", asked.encode("latin-1") or _ASKED),
        (b"access-control-max-age", _PREFLIGHT_SECONDS),
    ]
