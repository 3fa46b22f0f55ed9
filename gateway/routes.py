"""Listen path and stream path -> route."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from streams.connections import Connections
from streams.lint import CheckedStream
from streams.spec import Component, StreamIdentity


class Purpose(Enum):
    """What a route is for; the value names it in metrics and lists."""

    INGEST = "ingest"
    """`path` of an http_server input: messages by request."""
    INGEST_WEBSOCKET = "ingest_websocket"
    """`ws_path` of an http_server input: messages by WebSocket frame."""
    POLL = "poll"
    """`path` of an http_server output: one message by request."""
    STREAM = "stream"
    """`stream_path` of an http_server output: SSE or lines."""
    WEBSOCKET = "websocket"
    """`ws_path` of an http_server output."""
    UPSTREAM = "upstream"
    """What no stream claims."""


@dataclass(frozen=True, slots=True)
class ActiveApi:
    """A definition as the gateway serves it now."""

    definition_id: int
    organization_id: int
    name: str
    dialect: str
    revision: int
    listen_path: str
    """Begins and ends with `/`."""
    strip_listen_path: bool
    authenticated: bool
    """False: open to anybody, where the operator permits it."""
    upstream_url: str
    connections: Connections
    streams: Mapping[str, CheckedStream] = field(default_factory=dict)
    """Those that begin or end in HTTP."""

    def identity(self, stream_name: str) -> StreamIdentity:
        """What a pipeline of one of its streams is built for."""
        return StreamIdentity(
            self.definition_id, self.organization_id, self.name, stream_name, self.dialect, self.revision
        )


@dataclass(frozen=True, slots=True)
class Route:
    """Where a request goes."""

    api: ActiveApi
    purpose: Purpose
    stream: CheckedStream | None = None
    """None: upstream."""
    component: Component | None = None
    """The http_server input or output that has the path."""
    parameters: Mapping[str, str] = field(default_factory=dict)
    """Path parameters, `{name}` -> text."""
    path: str = ""
    """The rest of the path after the listen path, beginning with `/`."""
