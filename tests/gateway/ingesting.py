"""An Ingest for tests: streams of text, outputs under the test's control, requests without and with a server."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import uvicorn

from gateway.call import Call
from gateway.caller import Caller, Limits
from gateway.caller_budget import CallerBudget, Dirty
from gateway.client import Client
from gateway.http_server import HTTP_SERVER_OUTPUT
from gateway.http_server_input import HTTP_SERVER_INPUT
from gateway.ingest import Ingest, IngestLimits
from gateway.ingest_pipeline import State
from gateway.protocol import Receive, first_values
from gateway.routes import ActiveApi, Purpose, Route
from streams.builtin import core_registry
from streams.connections import Connections
from streams.lint import descendants
from streams.message import Message
from streams.registry import Registry
from streams.spec import ComponentSpec, Kind
from tests.streams.making import stream

PLAIN = """
input: {http_server: {path: /chat, timeout: 60s}}
output: {kept: {}}
"""
DEADLINE = 60.0
CALLER = Caller("192.0.2.1", Limits(), app_id=7, subscription_id=8, attributes={"team": "blue"})


class Output:
    """Takes messages when its gate is open; raises what stands in `failures` first."""

    def __init__(self) -> None:
        self.taken: list[Message] = []
        self.writes = 0
        self.failures: list[Exception] = []
        self.away: list[Exception] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.begun = 0
        self.closed = False
        self.spec = ComponentSpec(Kind.OUTPUT, "kept", "", lambda *_: self)

    async def connect(self) -> None:
        if self.away:
            raise self.away.pop(0)

    async def close(self) -> None:
        self.closed = True

    async def write(self, messages: list[Message]) -> None:
        self.begun += 1
        await self.gate.wait()
        if self.failures:
            raise self.failures.pop(0)
        self.writes += 1
        self.taken += messages


@dataclass
class Counted:
    """A meter that remembers, and a budget that makes wait as long as it is told."""

    waits: list[float] = field(default_factory=list)
    taken: list[int] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    brought: list[tuple[int, int]] = field(default_factory=list)

    def take_messages(self, count: int) -> float:
        self.taken.append(count)
        return self.waits.pop(0) if self.waits else 0.0

    def messages_refused(self, seconds: float) -> Any:
        limits = Limits(messages_per_second=5)
        return CallerBudget("subscription/1", limits, Dirty()).messages_refused(seconds)

    def messages(self, count: int, size: int) -> None:
        self.brought.append((count, size))

    def error(self, kind: str) -> None:
        self.errors.append(kind)

    def opened(self) -> None: ...

    def closed(self, *_: Any) -> None: ...


REGISTRY = core_registry().with_component(HTTP_SERVER_INPUT, HTTP_SERVER_OUTPUT)


def api(
    text: str,
    output: Any = None,
    *,
    dialect: str = "sluice",
    revision: int = 1,
    registry: Registry = REGISTRY,
) -> ActiveApi:
    """A definition with one stream, `orders`; an output `kept` is the one given."""
    if output is not None:
        registry = registry.with_component(output.spec)
    return ActiveApi(
        definition_id=1,
        organization_id=1,
        name="shop",
        dialect=dialect,
        revision=revision,
        listen_path="/shop/",
        strip_listen_path=True,
        authenticated=False,
        upstream_url="",
        connections=Connections(raw_addresses=True),
        streams={"orders": stream(text, registry)},
    )


def route(of: ActiveApi, purpose: Purpose, at: int = 0, parameters: dict[str, str] | None = None) -> Route:
    """The route to the input `at` of the stream."""
    checked = of.streams["orders"]
    inputs = [one for one in descendants(checked.input) if one.spec.name == "http_server"]
    return Route(of, purpose, checked, inputs[at], parameters or {}, "/chat")


@dataclass
class Response:
    """What was answered."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def problem(self) -> dict[str, Any]:
        assert self.headers["content-type"] == "application/problem+json"
        found: dict[str, Any] = json.loads(self.body)
        assert found["status"] == self.status
        return found


class Served:
    """An Ingest that serves one definition."""

    def __init__(
        self, of: ActiveApi, limits: IngestLimits | None = None, services: Mapping[type, object] | None = None
    ) -> None:
        self.ingest = Ingest(services or {}, limits)
        self.counted = Counted()
        self.api = of
        self.ingest.apply([of])

    @property
    def pipeline(self) -> Any:
        return self.ingest._pipelines[1, "orders"]

    def call(self, scope: Any, receive: Any, send: Any, to: Route, client: Client | None = None) -> Call:
        return Call(scope, receive, send, first_values(scope), to, CALLER, self.counted, self.counted, client)

    async def post(
        self,
        body: bytes | Iterable[bytes] = b"{}",
        *,
        method: str = "POST",
        query: bytes = b"",
        at: int = 0,
        parameters: dict[str, str] | None = None,
        **headers: str,
    ) -> Response:
        """Send a request, in chunks or at once, and return what is answered."""
        chunks = [body] if isinstance(body, bytes) else list(body)
        events = [{"type": "http.request", "body": chunk, "more_body": True} for chunk in chunks]
        events[-1]["more_body"] = False
        response = Response()
        scope = {
            "type": "http",
            "method": method,
            "path": "/shop/chat",
            "query_string": query,
            "headers": [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()],
        }

        async def receive() -> Any:
            return events.pop(0)

        async def send(event: Any) -> None:
            if event["type"] == "http.response.start":
                response.status = event["status"]
                response.headers = {name.decode(): value.decode() for name, value in event["headers"]}
            else:
                response.body += event["body"]

        to = route(self.api, Purpose.INGEST, at, parameters)
        await self.ingest.request(self.call(scope, receive, send, to))
        return response

    async def application(self, scope: Any, receive: Any, send: Any) -> None:
        """The same for a server."""
        if scope["type"] == "http":
            to = route(self.api, Purpose.INGEST)
            await self.ingest.request(self.call(scope, receive, send, to))
        elif scope["type"] == "websocket":
            to = route(self.api, Purpose.INGEST_WEBSOCKET)
            self.client = Client(to, CALLER, 1, 0.0)
            await self.ingest.websocket(self.call(scope, receive, send, to, self.client))


@asynccontextmanager
async def serving(
    of: ActiveApi, limits: IngestLimits | None = None, services: Mapping[type, object] | None = None
) -> AsyncIterator[Served]:
    """An Ingest that is connected, until the end of the block."""
    served = Served(of, limits, services)
    try:
        await until(lambda: served.pipeline._state is State.OPEN)
        yield served
    finally:
        await served.ingest.stop()


@asynccontextmanager
async def listening(served: Served) -> AsyncIterator[int]:
    """The port of a uvicorn in front of it."""
    config = uvicorn.Config(
        served.application, port=0, interface="asgi3", lifespan="off", ws="none", log_level="error"
    )
    server = uvicorn.Server(config)
    running = asyncio.create_task(server.serve())
    try:
        await until(lambda: server.started)
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        await running


async def until(true: Any) -> None:
    """Wait until it is so."""
    async with asyncio.timeout(DEADLINE):
        while not true():
            await asyncio.sleep(0.01)


async def asking(served: "Served", receive: Receive) -> dict[str, Any]:
    """The status that is answered to a body that comes by `receive`."""
    answered: dict[str, Any] = {}

    async def send(event: Mapping[str, Any]) -> None:
        answered.update({"status": event["status"]} if "status" in event else {})

    scope = {"type": "http", "method": "POST", "path": "/shop/chat", "query_string": b"", "headers": []}
    await served.ingest.request(served.call(scope, receive, send, route(served.api, Purpose.INGEST)))
    return answered
