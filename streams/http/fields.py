"""Fields that every component has which calls an HTTP service."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from streams.bloblang import interpolate
from streams.http.oauth2 import OAUTH2
from streams.http.retrying import RetryRules
from streams.http.selection import check_selection, selection_field
from streams.http.tls import TLS, check_tls
from streams.outbound import UrlError, check_url
from streams.refused import refused_group
from streams.spec import Config, Field, FieldType, Problem, Severity, Shape

_OFF: Final = "send what the service asks for in `headers`, or use `basic_auth` or `oauth2`"
AUTHENTICATION: Final = (
    Field(
        "basic_auth",
        FieldType.OBJECT,
        "A name and a password with every request.",
        default={},
        children=(
            Field("enabled", FieldType.BOOL, "Whether they are sent.", default=False),
            Field("username", FieldType.STRING, "The name.", default=""),
            Field("password", FieldType.STRING, "The password.", default="", secret=True),
        ),
    ),
    refused_group(
        "oauth",
        "OAuth 1.",
        _OFF,
        {
            "enabled": False,
            "consumer_key": "",
            "consumer_secret": "",
            "access_token": "",
            "access_token_secret": "",
        },
    ),
    OAUTH2,
    refused_group(
        "jwt",
        "A token signed with a key in a file.",
        "a definition reads no files; " + _OFF,
        {"enabled": False, "private_key_file": "", "signing_method": "", "claims": {}, "headers": {}},
    ),
    refused_group(
        "digest_auth", "Digest authentication.", _OFF, {"enabled": False, "username": "", "password": ""}
    ),
    refused_group(
        "negotiate",
        "SPNEGO.",
        _OFF,
        {
            "enabled": False,
            "api": "pure",
            "user_only_for_fallback": False,
            "user": {"name": "", "domain": "", "password": ""},
            "kerberos": {"config_file_path": "", "ccname": ""},
        },
    ),
)
TRANSPORT: Final = (
    TLS,
    refused_group(
        "transport",
        "Settings of connections.",
        "all streams share the connections of their process",
        {
            "dial_context": {"timeout": "30s", "keep_alive": "30s"},
            "force_http2": True,
            "max_idle_connections": 100,
            "idle_connection_timeout": "90s",
            "tls_handshake_timeout": "10s",
            "expect_continue_timeout": "1s",
        },
    ),
    Field(
        "proxy_url",
        FieldType.STRING,
        "A proxy.",
        default="",
        refused="calls go out through the operator's guard",
    ),
    Field(
        "dump_request_log_level",
        FieldType.STRING,
        "Where to log requests.",
        default="",
        refused="requests hold secrets; use a `log` processor",
    ),
)
REQUEST: Final = (
    Field("url", FieldType.STRING, "Where to, made for each message.", interpolated=True),
    Field("verb", FieldType.STRING, "The method.", default="POST"),
    Field(
        "headers",
        FieldType.STRING,
        "Headers, made for each message.",
        default={},
        shape=Shape.MAP,
        interpolated=True,
        secret=True,
    ),
    selection_field("metadata", "Metadata to send as headers."),
    Field(
        "payload",
        FieldType.STRING,
        "What is sent instead of the payload of the message.",
        default=None,
        interpolated=True,
    ),
    Field(
        "body",
        FieldType.STRING,
        "The same as `payload`, which is its name in Bento.",
        default=None,
        interpolated=True,
    ),
)
RETRIES: Final = (
    Field("rate_limit", FieldType.RATE_LIMIT, "A rate limit to ask before each try.", default=None),
    Field("timeout", FieldType.DURATION, "The longest a try may take.", default="5s"),
    Field("retry_period", FieldType.DURATION, "The wait before another try.", default="1s"),
    Field("max_retry_backoff", FieldType.DURATION, "The longest wait where waits grow.", default="300s"),
    Field("retries", FieldType.INT, "Tries after the first.", default=3),
    Field(
        "backoff_on",
        FieldType.INT,
        "Statuses after which waits grow with each try.",
        default=[429],
        shape=Shape.LIST,
    ),
    Field("drop_on", FieldType.INT, "Statuses that are not tried again.", default=[], shape=Shape.LIST),
    Field(
        "successful_on",
        FieldType.INT,
        "Statuses that are a success besides 200 to 299.",
        default=[],
        shape=Shape.LIST,
    ),
)


def make_rules(config: Config) -> RetryRules:
    """The rules for further tries that a body describes."""
    return RetryRules(
        retries=config["retries"],
        period=config["retry_period"],
        longest=config["max_retry_backoff"],
        backoff_on=frozenset(config["backoff_on"]),
        drop_on=frozenset(config["drop_on"]),
        successful_on=frozenset(config["successful_on"]),
    )


def check_request(config: Config) -> Iterable[Problem]:
    """What the fields alone cannot say of a request."""
    yield from check_selection("metadata", config)
    yield from check_tls(config)
    if interpolate(config["url"]).is_static:
        yield from _check_url(("url",), config["url"])
    if config["oauth2"]["enabled"]:
        yield from _check_url(("oauth2", "token_url"), config["oauth2"]["token_url"])
        if config["basic_auth"]["enabled"]:
            message = "`basic_auth` and `oauth2` both make the header `Authorization`"
            yield Problem(("oauth2",), "authorization_twice", message, "enable one of them")
    if not config["verb"].isalpha():
        yield Problem(("verb",), "wrong_option", f"{config['verb']!r} is no HTTP method", "such as POST")
    yield from _check_body(config)


def _check_url(path: tuple[str, ...], url: str) -> Iterable[Problem]:
    try:
        check_url(url)
    except UrlError as error:
        yield Problem(path, "bad_url", str(error))


def _check_body(config: Config) -> Iterable[Problem]:
    if config["body"] is None:
        return
    if config["payload"] is not None:
        yield Problem(("body",), "body_twice", "`body` and `payload` are the same", "take `body` out")
        return
    message = "`body` is understood here, not by Bento"
    yield Problem(("body",), "body_form", message, "call it `payload`", Severity.WARNING)
