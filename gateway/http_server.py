"""The `http_server` input and output as definitions write them: what they take, checked and kept.

Fields and defaults are Bento's (https://warpstreamlabs.github.io/bento/docs/components/inputs/http_server), less
those of a listener of its own: the gateway listens.
"""

from collections.abc import Iterable
from typing import Any, Final

from streams.errors import ConfigError
from streams.spec import BuildContext, ComponentSpec, Config, Field, FieldType, Kind, Problem, Rules, Shape

_LISTENS: Final = "the gateway listens for every stream; leave it empty"
_VERBS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD")
_LISTENER: Final = (
    Field("address", FieldType.STRING, "Empty: the gateway's own.", default="", refused=_LISTENS),
    Field("cert_file", FieldType.STRING, "Empty: the gateway's own.", default="", refused=_LISTENS),
    Field("key_file", FieldType.STRING, "Empty: the gateway's own.", default="", refused=_LISTENS),
)
_CORS: Final = Field(
    "cors",
    FieldType.OBJECT,
    "Which web pages may call it.",
    default={},
    children=(
        Field("enabled", FieldType.BOOL, "Answer pages of other origins.", default=False),
        Field("allowed_origins", FieldType.STRING, "Their origins.", default=[], shape=Shape.LIST),
    ),
)


def _verbs(default: str) -> Field:
    return Field(
        "allowed_verbs",
        FieldType.STRING,
        "Others get 405.",
        default=[default],
        options=_VERBS,
        shape=Shape.LIST,
    )


def _check_paths(config: Config, _rules: Rules) -> Iterable[Problem]:
    paths = [name for name in ("path", "ws_path", "stream_path") if config.get(name)]
    for name in paths:
        if not config[name].startswith("/"):
            yield Problem((name,), "path_malformed", f"{config[name]!r} is no path", "begin it with `/`")
    if len({config[name] for name in paths}) < len(paths):
        yield Problem(
            (), "path_twice", "two paths of it are the same", "give each its own, or leave one empty"
        )


def _refuse_build(_config: Config, context: BuildContext) -> Any:
    raise ConfigError(f"{context.stage}: streams with http_server run in the gateway, not in a worker")


HTTP_SERVER_INPUT: Final = ComponentSpec(
    kind=Kind.INPUT,
    name="http_server",
    summary="Takes messages by POST or WebSocket, under the definition's listen path.",
    fields=(
        *_LISTENER,
        Field("path", FieldType.STRING, "Takes one message by request.", default="/post"),
        Field("ws_path", FieldType.STRING, "Takes one message by WebSocket frame.", default="/post/ws"),
        Field("ws_welcome_message", FieldType.STRING, "Sent to who connects.", default=""),
        Field("ws_rate_limit_message", FieldType.STRING, "Sent to who is limited.", default=""),
        _verbs("POST"),
        Field("timeout", FieldType.DURATION, "How long a request waits for the output.", default="5s"),
        Field(
            "rate_limit",
            FieldType.STRING,
            "Empty: the plan's limits alone.",
            default="",
            refused="limits are set by plans",
        ),
        _CORS,
        Field("sync_response", FieldType.ANY, "What a request is answered.", default={}),
    ),
    examples=({"path": "/chat", "allowed_verbs": ["POST"]},),
    build=_refuse_build,
    check=_check_paths,
    in_gateway=True,
)

HTTP_SERVER_OUTPUT: Final = ComponentSpec(
    kind=Kind.OUTPUT,
    name="http_server",
    summary="Gives messages to clients by GET, SSE or WebSocket, under the definition's listen path.",
    fields=(
        *_LISTENER,
        Field("path", FieldType.STRING, "Gives one message by request.", default="/get"),
        Field("stream_path", FieldType.STRING, "Gives messages as they come.", default="/get/stream"),
        Field("ws_path", FieldType.STRING, "Gives one message by WebSocket frame.", default="/get/ws"),
        Field(
            "stream_format",
            FieldType.STRING,
            "Lines, or server-sent events.",
            default="raw_bytes",
            options=("raw_bytes", "event_source"),
        ),
        Field(
            "ws_message_type",
            FieldType.STRING,
            "The frames' type.",
            default="binary",
            options=("binary", "text"),
        ),
        Field("heartbeat", FieldType.DURATION, "Between comments that keep a stream open.", default="0s"),
        Field("write_wait", FieldType.DURATION, "How long a frame may take.", default="10s"),
        Field("pong_wait", FieldType.DURATION, "How long a pong may take.", default="60s"),
        Field("ping_period", FieldType.DURATION, "Between pings.", default="54s"),
        _verbs("GET"),
        Field("timeout", FieldType.DURATION, "How long a request waits for a message.", default="5s"),
        Field(
            "delivery",
            FieldType.STRING,
            "To one client each, or each to everyone; empty: as the dialect has it.",
            default="",
            options=("", "round_robin", "broadcast"),
        ),
        _CORS,
    ),
    examples=({"stream_path": "/sse", "allowed_verbs": ["GET"]},),
    build=_refuse_build,
    check=_check_paths,
    in_gateway=True,
)
