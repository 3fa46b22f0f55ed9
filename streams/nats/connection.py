"""Connections to NATS: declared alike by the input and the output, and opened through the guard."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Mapping
from typing import Any, Final

from nats.aio.client import Client
from nats.errors import Error, SlowConsumerError

from streams.connections import Connections
from streams.errors import ConnectError
from streams.http.tls import TLS, check_tls
from streams.link import CONNECT_SECONDS, Link, connect_first
from streams.nats.nkey import sign, user_key
from streams.outbound import Guard
from streams.server_tls import server_context
from streams.servers import Scheme, Server, check_servers, find_servers
from streams.spec import BuildContext, Config, Field, FieldType, Problem, Rules, Shape

logger = logging.getLogger(__name__)

SCHEME: Final = Scheme("nats", {"nats": 4222, "tls": 4222}, frozenset({"tls"}))
PING_SECONDS: Final = 10
"""How often a silent server is asked whether it is there; two unanswered questions mean that it is not."""
_NO_FILES: Final = "a definition reads no files; put the text itself into `user_jwt` and `user_nkey_seed`"

CONNECTION: Final = (
    Field(
        "urls",
        FieldType.STRING,
        "The name of a connection, or URLs such as `nats://host:4222`; the first that lets us in is used.",
        shape=Shape.LIST,
    ),
    TLS,
    Field(
        "auth",
        FieldType.OBJECT,
        "How a user is recognised, besides by a name and a password.",
        children=(
            Field("nkey_file", FieldType.STRING, "A seed.", default="", refused=_NO_FILES),
            Field(
                "user_credentials_file",
                FieldType.STRING,
                "A token and a seed.",
                default="",
                refused=_NO_FILES,
            ),
            Field("user_jwt", FieldType.STRING, "The user's token.", default="", secret=True),
            Field("user_nkey_seed", FieldType.STRING, "The user's seed.", default="", secret=True),
        ),
    ),
)


class NatsClient(Client):
    """A client that says when it is lost, and never looks for another server by itself."""

    def __init__(self) -> None:
        super().__init__()
        self.lost: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        """Why the connection has ended, once it has."""
        self.complaint = ""
        """What the server said against us last."""
        self.complaints = 0
        """How often it said anything."""

    async def enter(self, server: Server, address: str, options: Mapping[str, Any]) -> None:
        """Connect. Raises ConnectError."""
        host = f"[{address}]" if ":" in address else address
        try:
            await self.connect(
                f"{'tls' if options.get('tls') else 'nats'}://{host}:{server.port}",
                allow_reconnect=False,
                max_reconnect_attempts=1,
                reconnect_time_wait=0,
                ping_interval=PING_SECONDS,
                connect_timeout=int(CONNECT_SECONDS),
                error_cb=self._complain,
                closed_cb=self._end,
                user=server.username or None,
                password=server.password or None,
                **options,
            )
        except (OSError, Error, ValueError) as error:
            await self.close()
            raise ConnectError(self._reason(error)) from error

    async def confirm(self, seconds: int) -> None:
        """Return when the server has all that was published. Raises nats.errors.Error, OSError.

        What was published waits for a task that writes it; `flush` by itself sends its question before that, and is
        answered though nothing has arrived.
        """
        await self._flush_pending(force_flush=True)
        await self.flush(seconds)

    async def _complain(self, error: Exception) -> None:
        logger.info("NATS: %r", error)
        if isinstance(error, SlowConsumerError):
            logger.warning("messages of %s are lost: more arrive than are dealt with", error.subject)
        else:
            self.complaint = str(error) or repr(error)
            self.complaints += 1

    async def _end(self) -> None:
        if not self.lost.done():
            self.lost.set_result(self._reason(self.last_error))

    def _reason(self, error: Exception | None) -> str:
        return self.complaint or str(error or "the connection has ended")


NatsLink = Link[NatsClient]


def nats_servers(config: Config, context: BuildContext) -> tuple[Server, ...]:
    """The servers of a checked body. Raises ConfigError."""
    return find_servers(config["urls"], SCHEME, context.service(Connections))


def make_link(servers: tuple[Server, ...], config: Config, context: BuildContext) -> NatsLink:
    """Make the link to the first of the servers that lets us in."""
    guard = context.service(Guard)
    auth = config["auth"]

    async def connect(server: Server, address: str) -> NatsClient:
        options: dict[str, Any] = {"name": "sluice"}
        if (tls := server_context(server, config)) is not None:
            options |= {"tls": tls, "tls_hostname": server.host}
        if auth["user_jwt"]:
            options["user_jwt_cb"] = lambda: bytearray(auth["user_jwt"].strip().encode())
        if auth["user_nkey_seed"]:
            options["signature_cb"] = lambda nonce: sign(auth["user_nkey_seed"], nonce)
        client = NatsClient()
        try:
            await client.enter(server, address, options)
        except asyncio.CancelledError:
            await client.close()
            raise
        return client

    return Link(lambda: connect_first(servers, guard, connect, (ConnectError,)), NatsClient.close)


def check_nats(
    config: Config, rules: Rules, topics: Mapping[str, tuple[str | int, ...]]
) -> Iterable[Problem]:
    """What is wrong with URLs, TLS and credentials, and with subjects that the connection does not allow.

    topics: subjects, each with the path where it is written.
    """
    yield from check_servers("urls", config["urls"], SCHEME, rules, topics)
    yield from check_tls(config)
    auth = config["auth"]
    if bool(auth["user_jwt"]) != bool(auth["user_nkey_seed"]):
        message = "a token and its seed belong together"
        yield Problem(("auth",), "missing_field", message, "give both `user_jwt` and `user_nkey_seed`")
    if auth["user_nkey_seed"]:
        try:
            user_key(auth["user_nkey_seed"])
        except ValueError as error:
            yield Problem(("auth", "user_nkey_seed"), "wrong_value", str(error))
