"""OAuth 2 by client credentials (RFC 6749, section 4.4): a token for a name and a secret, kept while it is valid."""

from __future__ import annotations

import asyncio
import base64
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote_plus, urlencode

from streams.http.client import Call, CallError, HttpClient
from streams.outbound import UrlError
from streams.spec import Field, FieldType, Shape

_EARLY: Final = 10.0
"""Seconds before a token ends after which a new one is asked for."""
_SECONDS: Final = 10.0

OAUTH2: Final = Field(
    "oauth2",
    FieldType.OBJECT,
    "A token for a client's name and secret (client credentials) with every request.",
    default={},
    children=(
        Field("enabled", FieldType.BOOL, "Whether it is used.", default=False),
        Field("client_key", FieldType.STRING, "The client's name.", default=""),
        Field("client_secret", FieldType.STRING, "Its secret.", default="", secret=True),
        Field("token_url", FieldType.STRING, "Where tokens are given.", default=""),
        Field("scopes", FieldType.STRING, "What is asked for.", default=[], shape=Shape.LIST),
        Field(
            "endpoint_params",
            FieldType.ANY,
            "Further parameters: each a list of texts.",
            default={},
            shape=Shape.MAP,
        ),
    ),
)


@dataclass(frozen=True, slots=True)
class Token:
    """What the token's giver gave."""

    value: str
    kind: str
    until: float
    """On the monotonic clock."""


class ClientCredentials:
    """Gives the header with the token, asking for a new one when it must."""

    def __init__(self, client: HttpClient, config: Mapping[str, Any]) -> None:
        self._client = client
        self._call = _token_call(config)
        self._token: Token | None = None
        self._asking = asyncio.Lock()

    async def headers(self) -> Mapping[str, str]:
        """The header of a request. Raises CallError when no token is given."""
        async with self._asking:
            if self._token is None or self._token.until <= time.monotonic():
                self._token = await self._ask()
        return {"Authorization": f"{self._token.kind} {self._token.value}"}

    def forget(self) -> None:
        """Ask for a new token next time: the service did not take this one."""
        self._token = None

    async def _ask(self) -> Token:
        try:
            answer = await self._client.call(self._call)
        except UrlError as error:
            raise CallError(f"no token: {error}") from error
        if answer.status != 200:
            raise CallError(
                f"no token: {self._call.url} answered with {answer.status} {answer.reason}".strip()
            )
        try:
            return read_token(json.loads(answer.body), time.monotonic())
        except (ValueError, KeyError, TypeError) as error:
            raise CallError(f"no token: the answer of {self._call.url} cannot be read") from error


def read_token(given: Mapping[str, Any], now: float) -> Token:
    """The token in an answer (RFC 6749, section 5.1). Raises KeyError, TypeError, ValueError."""
    kind = str(given.get("token_type") or "Bearer")
    lasts = float(given["expires_in"]) - _EARLY if given.get("expires_in") else float("inf")
    value = given["access_token"]
    if not isinstance(value, str) or not value:
        raise ValueError("no access_token")
    return Token(value, "Bearer" if kind.lower() == "bearer" else kind, now + lasts)


def _token_call(config: Mapping[str, Any]) -> Call:
    form: list[tuple[str, str]] = [("grant_type", "client_credentials")]
    if config["scopes"]:
        form.append(("scope", " ".join(config["scopes"])))
    for name, values in config["endpoint_params"].items():
        form += [(name, str(value)) for value in (values if isinstance(values, list) else [values])]
    pair = f"{quote_plus(config['client_key'])}:{quote_plus(config['client_secret'])}"
    headers = {
        "Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}",
        "Content-Type": "application/x-www-form-urlencoded",
        "Accept": "application/json",
    }
    return Call("POST", config["token_url"], headers, urlencode(form).encode(), _SECONDS)
