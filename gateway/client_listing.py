"""Which streams an app has open, and how many a definition: every gateway process is asked by Valkey, and answers
from memory.

Who asks learns from Valkey how many processes heard the question, and so whether all of them have answered. Without
Valkey nobody can be asked, and that is said.
"""

import asyncio
import datetime as dt
import secrets
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson
import redis
from redis.exceptions import RedisError

from gateway.client import Client
from gateway.clients import Clients
from gateway.process_channel import ProcessChannel
from gateway.routes import ActiveApi

CHANNEL: Final = "sluice:listing"
ANSWER_SECONDS: Final = 0.5
MOST_LISTED: Final = 200
"""Of each process; the rest is counted."""
_APP: Final = "app"
_DEFINITION: Final = "definition"
"""What a question is about."""


@dataclass(frozen=True, slots=True)
class OpenStream:
    """One open stream of an app."""

    definition_id: int
    stream: str
    purpose: str
    """As `gateway.routes.Purpose` has it."""
    credential_id: int | None
    """None: it came by a ticket."""
    address: str
    """The peer's."""
    opened_at: dt.datetime


@dataclass(frozen=True, slots=True)
class OpenStreams:
    """What is open, as far as was heard."""

    streams: tuple[OpenStream, ...]
    """An app's, the latest first; a definition's are only counted: they are other organizations'."""
    total: int
    """More than are listed, where one process has very many."""
    asked: int
    """Processes that heard the question."""
    answered: int

    @property
    def is_complete(self) -> bool:
        """Whether there are processes, and all have answered."""
        return 0 < self.asked <= self.answered


class ClientListing:
    """Answers for one gateway process. It lives on the event loop it is started on."""

    def __init__(self, valkey_url: str, clients: Clients) -> None:
        self._channel = ProcessChannel(valkey_url, CHANNEL, secrets.token_hex(8), self._hear)
        self._clients = clients

    async def start(self) -> None:
        """Listen for questions."""
        await self._channel.start()

    def apply(self, apis: Sequence[ActiveApi]) -> None:
        """Nothing: what is open is no matter of definitions."""

    async def stop(self) -> None:
        """Answer no more."""
        await self._channel.stop()

    def _hear(self, _asker: str, words: list[Any]) -> None:
        about, key, reply = words
        own = [client for client in self._clients if _key(client, about) == key]
        latest = sorted(own, key=lambda client: -client.opened_at)[:MOST_LISTED] if about == _APP else ()
        self._channel.tell(len(own), list(_listed(latest)), channel=str(reply))


def ask_open_streams(valkey_url: str, app_id: int, seconds: float = ANSWER_SECONDS) -> OpenStreams | None:
    """Ask every gateway process what an app has open, waiting `seconds` at most; None: Valkey is away."""
    return _ask(valkey_url, _APP, app_id, seconds)


def count_open_streams(
    valkey_url: str, definition_id: int, seconds: float = ANSWER_SECONDS
) -> OpenStreams | None:
    """Ask every gateway process how many streams of a definition are open; None: Valkey is away."""
    return _ask(valkey_url, _DEFINITION, definition_id, seconds)


def _key(client: Client, about: str) -> int | None:
    """What a question is about, of one client. Raises ValueError for a question of another version."""
    if about == _APP:
        return client.caller.app_id
    if about == _DEFINITION:
        return client.route.api.definition_id
    raise ValueError(f"no question is about {about!r}")


def _ask(valkey_url: str, about: str, key: int, seconds: float) -> OpenStreams | None:
    try:
        with redis.Redis.from_url(
            valkey_url, socket_connect_timeout=seconds, socket_timeout=seconds
        ) as client:
            return _asked(client, about, key, seconds)
    except (RedisError, OSError):
        return None


def _asked(client: redis.Redis, about: str, key: int, seconds: float) -> OpenStreams:
    reply, asker = f"{CHANNEL}:{secrets.token_hex(8)}", secrets.token_hex(8)
    with client.pubsub(ignore_subscribe_messages=True) as answers:  # type: ignore[no-untyped-call]
        answers.subscribe(reply)
        answers.get_message(timeout=seconds)  # that one listens now
        asked = int(client.publish(CHANNEL, orjson.dumps([asker, about, key, reply])))
        heard: list[list[Any]] = []
        end = time.monotonic() + seconds
        while len(heard) < asked and (left := end - time.monotonic()) > 0:
            if message := answers.get_message(timeout=left):
                heard.append(orjson.loads(message["data"]))
    return _together(heard, asked)


def _together(heard: Sequence[Sequence[Any]], asked: int) -> OpenStreams:
    streams = [_read(row) for _, _, rows in heard for row in rows]
    streams.sort(key=lambda stream: stream.opened_at, reverse=True)
    return OpenStreams(tuple(streams), sum(count for _, count, _ in heard), asked, len(heard))


def _listed(clients: Iterable[Client]) -> Iterable[list[Any]]:
    now, loop_time = time.time(), asyncio.get_running_loop().time()
    for client in clients:
        stream, caller = client.route.stream, client.caller
        yield [
            client.route.api.definition_id,
            "" if stream is None else stream.name,
            client.route.purpose.value,
            caller.credential_id,
            caller.address,
            now - (loop_time - client.opened_at),
        ]


def _read(row: Sequence[Any]) -> OpenStream:
    definition_id, stream, purpose, credential_id, address, opened_at = row
    moment = dt.datetime.fromtimestamp(opened_at, dt.UTC)
    return OpenStream(definition_id, stream, purpose, credential_id, address, moment)
