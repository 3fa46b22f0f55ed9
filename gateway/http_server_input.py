"""The `http_server` input as definitions write it: what it takes, checked and kept.

Fields and defaults are Bento's (https://warpstreamlabs.github.io/bento/docs/components/inputs/http_server), less
those of a listener of its own: the gateway listens. `gateway/ingest.py` does what they say.
"""

from collections.abc import Iterable
from typing import Final

import re2

from gateway.http_server import CORS, LISTENER, check_paths, refuse_build, verbs
from streams.spec import ComponentSpec, Config, Field, FieldType, Kind, Problem, Rules, Shape

HOP_BY_HOP: Final = frozenset(
    {"connection", "content-length", "keep-alive", "transfer-encoding", "trailer", "upgrade"}
)
"""Headers that a response's server writes itself (RFC 9110 section 7.6.1), in lower case."""
_SYNC_RESPONSE: Final = Field(
    "sync_response",
    FieldType.OBJECT,
    "How messages that `sync_response` gives back become the answer.",
    children=(
        Field(
            "status", FieldType.STRING, "The status code, from 200 to 599.", default="200", interpolated=True
        ),
        Field(
            "headers",
            FieldType.STRING,
            "Headers of the answer.",
            default={"Content-Type": "application/octet-stream"},
            shape=Shape.MAP,
            interpolated=True,
        ),
        Field(
            "metadata_headers",
            FieldType.OBJECT,
            "Which metadata of the message become headers too; none unless named.",
            children=(
                Field(
                    "include_prefixes",
                    FieldType.STRING,
                    "Beginnings of their names.",
                    default=[],
                    shape=Shape.LIST,
                ),
                Field(
                    "include_patterns",
                    FieldType.STRING,
                    "Patterns (RE2) that their names match somewhere.",
                    default=[],
                    shape=Shape.LIST,
                ),
            ),
        ),
    ),
)


def _check(config: Config, rules: Rules) -> Iterable[Problem]:
    yield from check_paths(config, rules)
    answer = config["sync_response"]
    for name in answer["headers"]:
        if name.lower() in HOP_BY_HOP:
            message = f"the gateway writes {name!r} itself"
            yield Problem(("sync_response", "headers", name), "header_reserved", message, "take it out")
    for at, pattern in enumerate(answer["metadata_headers"]["include_patterns"]):
        try:
            re2.compile(pattern)
        except re2.error as error:
            place = ("sync_response", "metadata_headers", "include_patterns", at)
            yield Problem(place, "bad_pattern", f"the pattern {pattern!r} cannot be read: {error}")


HTTP_SERVER_INPUT: Final = ComponentSpec(
    kind=Kind.INPUT,
    name="http_server",
    summary="Takes messages by POST or WebSocket, under the definition's listen path.",
    description=(
        "A request's body is one message; of `application/x-ndjson` each line is one, of `multipart/*` each part, and"
        " they are written as one batch. The request is answered when the output has them all."
    ),
    fields=(
        *LISTENER,
        Field("path", FieldType.STRING, "Takes messages by request.", default="/post"),
        Field("ws_path", FieldType.STRING, "Takes one message by WebSocket frame.", default="/post/ws"),
        Field("ws_welcome_message", FieldType.STRING, "Sent to who connects.", default=""),
        Field("ws_rate_limit_message", FieldType.STRING, "Sent to who is limited.", default=""),
        verbs("POST"),
        Field("timeout", FieldType.DURATION, "How long a request waits for the output.", default="5s"),
        Field(
            "rate_limit",
            FieldType.STRING,
            "Empty: the plan's limits alone.",
            default="",
            refused="limits are set by plans",
        ),
        CORS,
        _SYNC_RESPONSE,
    ),
    examples=({"path": "/chat", "allowed_verbs": ["POST"]},),
    build=refuse_build,
    check=_check,
    in_gateway=True,
)
