"""Fields that both processors of schema registries have."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from typing import Final

from streams.http import fields
from streams.http.client import HttpClient
from streams.outbound import UrlError, check_url
from streams.schema_registry.registry import SchemaRegistry
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
    headers = {"Authorization": f"Basic {credentials}"} if basic["enabled"] else {}
    client = context.service(HttpClient)
    nested = config["avro_nested_schemas"]
    return SchemaRegistry(client, config["url"], headers, nested=nested, sanitised=sanitised)


def check_registry(config: Config) -> Iterable[Problem]:
    """Report a URL that cannot be called."""
    try:
        check_url(config["url"])
    except UrlError as error:
        yield Problem(("url",), "bad_url", str(error))
