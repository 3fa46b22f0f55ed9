"""The `http_server` output as definitions write it, and what it has in common with the input.

Fields and defaults are Bento's (https://warpstreamlabs.github.io/bento/docs/components/inputs/http_server), less
those of a listener of its own: the gateway listens.
"""

from collections.abc import Iterable
from typing import Any, Final

from gateway.internal_topic import build_output
from streams.errors import ConfigError
from streams.spec import BuildContext, ComponentSpec, Config, Field, FieldType, Kind, Problem, Rules, Shape

_LISTENS: Final = "the gateway listens for every stream; leave it empty"
_VERBS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD")
_PINGS: Final = "the gateway's server pings all WebSockets alike; leave it as it is"
LISTENER: Final = (
    Field("address", FieldType.STRING, "Empty: the gateway's own.", default="", refused=_LISTENS),
    Field("cert_file", FieldType.STRING, "Empty: the gateway's own.", default="", refused=_LISTENS),
    Field("key_file", FieldType.STRING, "Empty: the gateway's own.", default="", refused=_LISTENS),
)
CORS: Final = Field(
    "cors",
    FieldType.OBJECT,
    "Which web pages may call it.",
    default={},
    children=(
        Field("enabled", FieldType.BOOL, "Answer pages of other origins.", default=False),
        Field("allowed_origins", FieldType.STRING, "Their origins.", default=[], shape=Shape.LIST),
    ),
)


def verbs(default: str) -> Field:
    """The field `allowed_verbs`."""
    return Field(
        "allowed_verbs",
        FieldType.STRING,
        "Others get 405.",
        default=[default],
        options=_VERBS,
        shape=Shape.LIST,
    )


def check_paths(config: Config, _rules: Rules) -> Iterable[Problem]:
    """What is wrong with the paths of an input or output."""
    paths = [name for name in ("path", "ws_path", "stream_path") if config.get(name)]
    for name in paths:
        if not config[name].startswith("/"):
            yield Problem((name,), "path_malformed", f"{config[name]!r} is no path", "begin it with `/`")
    if len({config[name] for name in paths}) < len(paths):
        yield Problem(
            (), "path_twice", "two paths of it are the same", "give each its own, or leave one empty"
        )


def refuse_build(_config: Config, context: BuildContext) -> Any:
    """Stand in for what workers do not run. Raises ConfigError."""
    raise ConfigError(f"{context.stage}: streams with http_server run in the gateway, not in a worker")


HTTP_SERVER_OUTPUT: Final = ComponentSpec(
    kind=Kind.OUTPUT,
    name="http_server",
    summary="Gives messages to clients by GET, SSE or WebSocket, under the definition's listen path.",
    fields=(
        *LISTENER,
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
        Field("pong_wait", FieldType.DURATION, "How long a pong may take.", default="60s", refused=_PINGS),
        Field("ping_period", FieldType.DURATION, "Between pings.", default="54s", refused=_PINGS),
        verbs("GET"),
        Field("timeout", FieldType.DURATION, "How long a request waits for a message.", default="5s"),
        Field(
            "delivery",
            FieldType.STRING,
            "To one client each, or each to everyone; empty: as the dialect has it.",
            default="",
            options=("", "round_robin", "broadcast"),
        ),
        CORS,
    ),
    examples=({"stream_path": "/sse", "allowed_verbs": ["GET"]},),
    build=build_output,
    check=check_paths,
    in_gateway=True,
)
