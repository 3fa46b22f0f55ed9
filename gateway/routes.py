"""Listen path and stream path -> route."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, NamedTuple

from streams.connections import Connections
from streams.lint import CheckedStream, descendants
from streams.openapi import KeyPlaces
from streams.spec import Component, Kind, StreamIdentity
from streams.supervisor import ActiveStream


class Purpose(StrEnum):
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
    key_places: KeyPlaces = field(default_factory=KeyPlaces)
    """Where callers' API keys stand."""
    allowed_origins: tuple[str, ...] = ()
    """Of web pages that may call all of it; `*`: of all."""
    streams: Mapping[str, CheckedStream] = field(default_factory=dict)
    """Those that begin or end in HTTP."""

    def identity(self, stream_name: str) -> StreamIdentity:
        """What a pipeline of one of its streams is built for."""
        return StreamIdentity(
            self.definition_id, self.organization_id, self.name, stream_name, self.dialect, self.revision
        )

    def active(self, stream_name: str) -> ActiveStream:
        """One of its streams as it is to run. Raises KeyError."""
        return ActiveStream(self.identity(stream_name), self.streams[stream_name], self.connections)


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

    @property
    def is_literal(self) -> bool:
        """The path is one that the component itself names."""
        component = self.component
        return component is not None and self.path in {component.config.get(name) for name in _PATH_FIELDS}


_PATH_FIELDS: Final = ("path", "stream_path", "ws_path")
_MOST_FOUND: Final = 4096
"""Routes that are remembered."""


class Asking(NamedTuple):
    """What of a request decides where it goes; a tuple, to be looked up by."""

    path: str
    """Percent-decoded, beginning with `/`."""
    method: str = "GET"
    websocket: bool = False
    wants_events: bool = False
    """It accepts `text/event-stream`."""


class Routes:
    """Where requests go; made anew with each change of what is active."""

    def __init__(self, apis: Iterable[ActiveApi] = ()) -> None:
        """apis: no two with the same listen path."""
        self._apis = {api.listen_path: api for api in apis}
        self._claims = {path: tuple(_claims(api)) for path, api in self._apis.items()}
        # A listen path may lie under another: the longer one has what is under both.
        self._longest_first = sorted(self._apis, key=len, reverse=True)
        self._found: dict[Asking, Route] = {}

    def find(self, asking: Asking) -> Route | None:
        """The route of a request; None where no definition listens. What no stream claims is for the upstream."""
        route = self._found.get(asking)
        if route is None:
            route = self._search(asking)
            # Paths with parameters differ for each caller; methods may be anything.
            if route is not None and route.is_literal and len(self._found) < _MOST_FOUND:
                self._found[asking] = route
        return route

    def _search(self, asking: Asking) -> Route | None:
        listen_path = next(
            (one for one in self._longest_first if asking.path.startswith(one) or asking.path == one[:-1]),
            None,
        )
        if listen_path is None:
            return None
        api, rest = self._apis[listen_path], "/" + asking.path[len(listen_path) :]
        # Of paths as good as each other, the one that is meant for this kind of request comes first.
        found = [
            ((*claim.rank, route.purpose is not claim.purpose), route)
            for claim in self._claims[listen_path]
            if (route := claim.route(api, rest, asking)) is not None
        ]
        if not found:
            return Route(api, Purpose.UPSTREAM, path=rest)
        best = min(rank for rank, _ in found)
        nearest = [route for rank, route in found if rank == best]
        return next((route for route in nearest if _takes(route, asking)), nearest[0])


@dataclass(frozen=True, slots=True)
class _Claim:
    """A path of an `http_server` input or output."""

    stream: CheckedStream
    component: Component
    purpose: Purpose
    pattern: str
    """Segments, of which `{name}` stands for any; one that ends with `/` has all that is under it."""

    @property
    def rank(self) -> tuple[bool, int, int]:
        """Whole paths before prefixes, fewer parameters before more, longer before shorter."""
        return self.pattern.endswith("/"), self.pattern.count("{"), -len(self.pattern)

    def route(self, api: ActiveApi, path: str, asking: Asking) -> Route | None:
        """The route, where the path and the kind of request are this claim's."""
        purpose = self._purpose(asking)
        parameters = matched(self.pattern, path) if purpose is not None else None
        if purpose is None or parameters is None:
            return None
        return Route(api, purpose, self.stream, self.component, parameters, path)

    def _purpose(self, asking: Asking) -> Purpose | None:
        """`path` of an output serves those too who ask by WebSocket, or for server-sent events."""
        if asking.websocket:
            return _BY_WEBSOCKET.get(self.purpose)
        if self.purpose is Purpose.POLL and asking.wants_events:
            return Purpose.STREAM
        return self.purpose if self.purpose in _BY_REQUEST else None


_BY_WEBSOCKET: Final = {
    Purpose.INGEST_WEBSOCKET: Purpose.INGEST_WEBSOCKET,
    Purpose.WEBSOCKET: Purpose.WEBSOCKET,
    Purpose.POLL: Purpose.WEBSOCKET,
}
_BY_REQUEST: Final = frozenset({Purpose.INGEST, Purpose.POLL, Purpose.STREAM})
_PATHS: Final = {
    Kind.INPUT: {"path": Purpose.INGEST, "ws_path": Purpose.INGEST_WEBSOCKET},
    Kind.OUTPUT: {"path": Purpose.POLL, "stream_path": Purpose.STREAM, "ws_path": Purpose.WEBSOCKET},
}


def matched(pattern: str, path: str) -> dict[str, str] | None:
    """The parameters of a path that a pattern stands for; None for any other path.

    As in Bento: `/orders/{id}` has one segment for `{id}`, `/orders/` has everything under it.
    """
    wanted, given = pattern.split("/"), path.split("/")
    if wanted[-1] == "":
        wanted, given = wanted[:-1], given[: len(wanted) - 1] if len(given) >= len(wanted) else []
    if len(wanted) != len(given):
        return None
    parameters: dict[str, str] = {}
    for segment, text in zip(wanted, given, strict=True):
        if segment.startswith("{") and segment.endswith("}") and text:
            parameters[segment[1:-1]] = text
        elif segment != text:
            return None
    return parameters


def claimed_paths(stream: CheckedStream) -> Iterator[tuple[Component, Purpose, str]]:
    """The paths of a stream: of which component, for what, which."""
    for root in (stream.input, stream.output):
        for component in descendants(root):
            if component.spec.name == "http_server":
                for field_name, purpose in _PATHS[component.spec.kind].items():
                    if path := component.config[field_name]:
                        yield component, purpose, path


def served_purposes(streams: Iterable[CheckedStream]) -> set[Purpose]:
    """For what clients may call streams."""
    return {purpose for stream in streams for _, purpose, _ in claimed_paths(stream)}


def _claims(api: ActiveApi) -> Iterator[_Claim]:
    for stream in api.streams.values():
        for component, purpose, path in claimed_paths(stream):
            yield _Claim(stream, component, purpose, path)


def _takes(route: Route, asking: Asking) -> bool:
    """Tell whether a component takes the request's method; a WebSocket's handshake is always a GET."""
    return asking.websocket or (
        route.component is not None and asking.method in route.component.config["allowed_verbs"]
    )
