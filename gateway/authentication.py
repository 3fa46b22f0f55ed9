"""Credential in a request or handshake -> Caller."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final
from urllib.parse import parse_qsl

from gateway.access_table import AccessTable, Grant, KnownCredential
from gateway.caller import Caller, Limits
from gateway.protocol import Scope, first_values
from gateway.routes import ActiveApi
from streams.openapi import KeyPlaces
from streams.secrets import api_key_digest

TICKET: Final = "ticket"
"""The query parameter that a browser's one-use ticket stands in."""
_DEFAULT_HEADERS: Final = (b"authorization", b"x-api-key")
_BEARER: Final = "bearer"
_LONGEST_KEY: Final = 512


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why somebody is not let in."""

    status: int
    """401: who is it; 403: not for them; 429: not now."""
    code: str
    detail: str
    headers: tuple[tuple[bytes, bytes], ...] = ()


@dataclass(frozen=True, slots=True)
class OpenAccess:
    """How open definitions are served."""

    permitted: bool
    """By the operator."""
    limits: Limits
    """For each address."""


def authenticate(
    scope: Scope, api: ActiveApi, table: AccessTable, open_access: OpenAccess, now: dt.datetime
) -> Caller | Refusal:
    """Tell who calls an API, or why they may not. Pure but for its arguments; keys appear in no answer."""
    address = peer_address(scope)
    if not api.authenticated:
        if open_access.permitted:
            return Caller(address, open_access.limits)
        detail = "This API asks for no key, and the operator of this gateway serves none that do not."
        return Refusal(403, "open_apis_refused", detail)
    key = api_key(first_values(scope), scope["query_string"], api.key_places)
    if not key:
        return Refusal(401, "key_missing", f"Send an API key in the header {_header_name(api.key_places)}.")
    credential = table.credentials.get(api_key_digest(key))
    if credential is None or not credential.is_valid(now):
        return Refusal(401, *_why_no_longer(credential))
    grant = table.grant(credential.app_id, api.definition_id, now)
    return _caller(address, credential.app_id, credential, grant)


def caller_of_app(
    scope: Scope, app_id: int, api: ActiveApi, table: AccessTable, now: dt.datetime
) -> Caller | Refusal:
    """The caller that a ticket stands for: an app, without any of its keys."""
    return _caller(peer_address(scope), app_id, None, table.grant(app_id, api.definition_id, now))


def api_key(headers: Mapping[bytes, bytes], query_string: bytes, places: KeyPlaces) -> str:
    """The key a request carries; empty for none. headers: by names in lower case."""
    names = (places.header.lower().encode(),) if places.header else _DEFAULT_HEADERS
    for name in names:
        if name in headers and (key := _bare(headers[name].decode("latin-1"))):
            return key[:_LONGEST_KEY]
    if places.query:
        return dict(parse_qsl(query_string.decode("latin-1"))).get(places.query, "")[:_LONGEST_KEY]
    return ""


def shown_digest(headers: Mapping[bytes, bytes], query_string: bytes, places: KeyPlaces) -> bytes:
    """Return 32 bytes by which to know again who shows the same; all that the key is read from goes into them."""
    if places.header:
        shown = headers.get(places.header.lower().encode(), b"")
    else:
        shown = headers.get(b"authorization", b"") + b"\0" + headers.get(b"x-api-key", b"")
    return sha256(shown + b"\0" + query_string if places.query else shown).digest()


def key_headers(places: KeyPlaces) -> Sequence[bytes]:
    """Names of the headers that carry keys, in lower case: nothing of them is passed on."""
    own = (places.header.lower().encode(),) if places.header else ()
    return (*_DEFAULT_HEADERS, *own)


def peer_address(scope: Scope) -> str:
    """The IP address of who calls; empty where the server does not know."""
    client = scope.get("client")
    return str(client[0]) if client else ""


def _caller(
    address: str, app_id: int, credential: KnownCredential | None, grant: Grant | None
) -> Caller | Refusal:
    if grant is None:
        detail = "The app has no approved subscription to a product that contains this API."
        return Refusal(403, "not_subscribed", detail)
    ends = (grant.expires_at, credential.expires_at if credential is not None else None)
    return Caller(
        address=address,
        limits=grant.limits,
        app_id=app_id,
        app_organization_id=credential.organization_id if credential is not None else None,
        credential_id=credential.id if credential is not None else None,
        subscription_id=grant.subscription_id,
        product_id=grant.product_id,
        plan_id=grant.plan_id,
        attributes=grant.attributes,
        examples=grant.examples,
        expires_at=min((at for at in ends if at is not None), default=None),
    )


def _bare(value: str) -> str:
    """The key of a header's value, with or without the scheme `Bearer`."""
    value = value.strip()
    scheme, _, rest = value.partition(" ")
    return rest.strip() if scheme.lower() == _BEARER else value


def _header_name(places: KeyPlaces) -> str:
    return places.header or "Authorization"


def _why_no_longer(credential: KnownCredential | None) -> tuple[str, str]:
    if credential is None:
        return "key_unknown", "There is no such API key."
    if credential.revoked:
        return "key_revoked", "This API key was revoked."
    return "key_expired", "This API key has expired."
