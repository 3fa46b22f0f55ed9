"""Fields that both processors of schema registries have."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from typing import Any, Final

from streams.http import fields
from streams.http.client import Call, HttpClient
from streams.http.tls import check_tls, make_context
from streams.outbound import UrlError, check_url
from streams.schema_registry.registry import SECONDS, SchemaRegistry
from streams.spec import BuildContext, Config, Field, FieldType, Problem

_HTTP: Final = ("basic_auth", "oauth", "jwt", "tls", "transport")
URL: Final = Field("url", FieldType.STRING, "Where the registry is.")
CONNECTION: Final = tuple(one for one in (*fields.AUTHENTICATION, *fields.TRANSPORT) if one.name in _HTTP)
RAW_JSON: Final = Field(
    "avro_raw_json",
    FieldType.BOOL,
    'Plain JSON, where a value of a union stands as it is, and not as `{"string": "x"}`.',
    default=False,
)
NESTED: Final = Field(
    "avro_nested_schemas", FieldType.BOOL, "Ask for the schemas that a schema names too.", default=False
)


def make_registry(config: Config, context: BuildContext, *, sanitised: bool = False) -> SchemaRegistry:
    """The registry that a body names."""
    basic = config["basic_auth"]
    credentials = base64.b64encode(f"{basic['username']}:{basic['password']}".encode()).decode()
    headers = {
        "Accept": "application/vnd.schemaregistry.v1+json",
        **({"Authorization": f"Basic {credentials}"} if basic["enabled"] else {}),
    }
    call = Call("GET", config["url"].rstrip("/"), headers, b"", SECONDS, make_context(_tls(config)))
    return SchemaRegistry(
        context.service(HttpClient), call, nested=config["avro_nested_schemas"], sanitised=sanitised
    )


def check_registry(config: Config) -> Iterable[Problem]:
    """Report a URL that cannot be called, and certificates that cannot be read."""
    yield from check_tls({"tls": _tls(config)})
    try:
        check_url(config["url"])
    except UrlError as error:
        yield Problem(("url",), "bad_url", str(error))


def _tls(config: Config) -> dict[str, Any]:
    """Bento has no switch for these settings here: they count when there are any."""
    given = config["tls"]
    return {**given, "enabled": bool(given["root_cas"] or given["client_certs"])}
