"""What of a request a stream never sees: the credentials it came with."""

from dataclasses import dataclass
from typing import Final

from gateway.authentication import TICKET, key_headers
from gateway.routes import ActiveApi

ALWAYS: Final = frozenset({b"authorization", b"proxy-authorization", b"cookie"})


@dataclass(frozen=True, slots=True)
class Withheld:
    """Names of headers and query parameters that carry credentials."""

    headers: frozenset[bytes] = ALWAYS
    """In lower case, as ASGI has them."""
    parameters: frozenset[str] = frozenset()


def withheld_by(api: ActiveApi) -> Withheld:
    """What carries credentials in calls of an API."""
    places = api.key_places
    own = {places.query} if places.query else set()
    return Withheld(ALWAYS | set(key_headers(places)), frozenset({TICKET, *own}))
