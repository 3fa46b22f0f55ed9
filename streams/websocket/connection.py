"""WebSockets to other services: declared alike by the input and the output, and opened through the guard."""

from __future__ import annotations

import base64
import ssl
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, Final
from urllib.parse import SplitResult, urlsplit, urlunsplit

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidURI, WebSocketException
from websockets.uri import parse_uri

from streams.bloblang import MappingError, interpolate
from streams.connections import Connections
from streams.errors import ConfigError
from streams.http.fields import AUTHENTICATION
from streams.http.tls import TLS, check_tls
from streams.link import Link, connect_first
from streams.message import Message
from streams.outbound import Guard
from streams.server_tls import server_context
from streams.servers import Scheme, Server, check_servers, find_servers
from streams.spec import BuildContext, Config, Field, FieldType, Problem, Rules, Shape

SCHEME: Final = Scheme("websocket", {"ws": 80, "wss": 443}, frozenset({"wss"}), public=True)
MAX_FRAME: Final = 16 << 20
"""Bytes of one message."""
FAILURES: Final = (WebSocketException, MappingError, ValueError)
_NO_URL: Final = SplitResult("", "", "", "", "")
_HEADER_HOLDS: Final = "send what the service asks for in `headers`, or use `basic_auth`"

CONNECTION: Final = (
    Field("url", FieldType.STRING, "A URL such as `wss://host/path`, or the name of a connection."),
    Field(
        "proxy_url",
        FieldType.STRING,
        "A proxy.",
        default="",
        refused="calls go out through the operator's guard",
    ),
    Field(
        "headers",
        FieldType.STRING,
        "Headers of the handshake; there is no message yet that they could be made of.",
        default={},
        shape=Shape.MAP,
        interpolated=True,
        secret=True,
    ),
    TLS,
    Field("oauth", FieldType.ANY, "OAuth 1.", default={}, refused=_HEADER_HOLDS, secret=True),
    *(field for field in AUTHENTICATION if field.name == "basic_auth"),
    Field(
        "jwt",
        FieldType.ANY,
        "A token signed with a key in a file.",
        default={},
        refused=_HEADER_HOLDS,
        secret=True,
    ),
)

WebSocketLink = Link[ClientConnection]
Prepare = Callable[[ClientConnection], Awaitable[None]]


async def _nothing(_client: ClientConnection) -> None:
    """Nothing to prepare."""


def make_link(config: Config, context: BuildContext, prepare: Prepare = _nothing) -> WebSocketLink:
    """Make the link to the service of a checked body. Raises ConfigError.

    prepare: what is done with each new socket before anything else; what it raises counts as a failure to connect.
    """
    servers = find_servers([config["url"]], SCHEME, context.service(Connections))
    guard = context.service(Guard)

    async def open_(server: Server, address: str) -> ClientConnection:
        context = server_context(server, config)
        secured: dict[str, Any] = {} if context is None else {"ssl": context, "server_hostname": server.host}
        # It follows redirects to the same origin only, as it is told what to connect to.
        socket = await connect(
            _uri(config["url"], server, context),
            host=address,
            port=server.port,
            additional_headers=_headers(config, server),
            user_agent_header="sluice",
            open_timeout=None,
            max_size=MAX_FRAME,
            proxy=None,
            **secured,
        )
        try:
            await prepare(socket)
        except BaseException:
            await socket.close()
            raise
        return socket

    return Link(lambda: connect_first(servers, guard, open_, FAILURES), ClientConnection.close)


def check_websocket(config: Config, rules: Rules) -> Iterable[Problem]:
    """What is wrong with a body's URL and TLS."""
    yield from check_servers("url", [config["url"]], SCHEME, rules, {})
    yield from check_tls(config)
    try:
        servers = find_servers([config["url"]], SCHEME, Connections(raw_addresses=True))
        for server in servers:
            parse_uri(_uri(config["url"], server, None))
    except ConfigError:
        return
    except (InvalidURI, ValueError) as error:
        yield Problem(("url",), "bad_url", str(error))


def _uri(url: str, server: Server, context: ssl.SSLContext | None) -> str:
    """The URL of a server, with the path that the definition says."""
    parts = urlsplit(url) if "://" in url else _NO_URL
    host = f"[{server.host}]" if ":" in server.host else server.host
    scheme = "ws" if context is None else "wss"
    return urlunsplit((scheme, f"{host}:{server.port}", parts.path or "/", parts.query, ""))


def _headers(config: Config, server: Server) -> Mapping[str, str]:
    """The headers of a handshake. Raises MappingError."""
    blank = [Message(b"")]
    made = {name: interpolate(text).resolve(blank) for name, text in config["headers"].items()}
    basic = config["basic_auth"]
    name, password = server.username, server.password
    if basic["enabled"] and (server.connection is None or not name):
        name, password = basic["username"], basic["password"]
    if not name:
        return made
    return {"Authorization": "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode(), **made}
