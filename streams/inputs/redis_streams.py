"""The `redis_streams` input: streams of Redis, read as a member of a consumer group.

What is read stays pending with its consumer until it is acknowledged, after the output has it. One process runs the
input, always as the same consumer, and begins with what is pending: what a crash left is read again, under the same
identities.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Sequence
from functools import partial
from typing import Final, cast

from redis.asyncio import Redis
from redis.exceptions import RedisError, ResponseError

from streams.errors import ConnectError, StreamStoppedError
from streams.inputs.reception import Reception
from streams.message import Message
from streams.redis.connection import ANSWER_SECONDS, CONNECTION, check_redis, make_link, redis_servers
from streams.redis.entries import Entry, message_of
from streams.servers import require_topics
from streams.spec import (
    Batch,
    BuildContext,
    ComponentSpec,
    Config,
    Field,
    FieldType,
    Kind,
    Problem,
    Rules,
    Shape,
)
from streams.statistics import Statistics
from streams.stopping import end_tasks

logger = logging.getLogger(__name__)

_NEW: Final = ">"
_FIRST: Final = "0"
_CONSUMER: Final = "sluice"
_GROUP_EXISTS: Final = "BUSYGROUP"

Place = tuple[str, bytes]
"""A stream and the id of an entry."""
Answer = Sequence[tuple[bytes, Sequence[Entry]]]
"""Streams with their entries, as the older of Redis' protocols gives them."""


class RedisStreamsInput:
    """Reads entries of several streams."""

    def __init__(self, config: Config, context: BuildContext) -> None:
        servers = redis_servers(config, context)
        require_topics(servers, config["streams"])
        self._config = config
        self._streams: list[str] = config["streams"]
        self._server = servers[0].address + "/" + servers[0].path
        self._link = make_link(servers, config, context, self._make_groups)
        self._reception = Reception(self._link, self._receive)
        self._held: set[Place] = set()
        """Those that are on their way here, or dealt with and not acknowledged yet."""
        self._done: list[Place] = []
        self._acknowledging: asyncio.Task[None] | None = None
        context.service(Statistics).sources.append(self._link.status)

    async def connect(self) -> None:
        """Join the group. Raises ConnectError."""
        await self._reception.start()
        self._acknowledging = asyncio.create_task(self._acknowledge_forever())

    async def read(self) -> Batch:
        """Return the next entries of one stream."""
        return await self._reception.read()

    async def close(self) -> None:
        """Acknowledge what is dealt with, and disconnect."""
        await self._reception.stop()
        if self._acknowledging is not None:
            await end_tasks([self._acknowledging])
            await self._acknowledge()
        await self._reception.close()

    async def _make_groups(self, client: Redis) -> None:
        start = _FIRST if self._config["start_from_oldest"] else "$"
        for stream in self._streams:
            try:
                await client.xgroup_create(
                    stream, self._config["consumer_group"], start, mkstream=self._config["create_streams"]
                )
            except ResponseError as error:
                if _GROUP_EXISTS not in str(error):
                    raise

    async def _receive(self, client: Redis) -> None:
        """Read what is pending with us, then what is new. Raises ConnectError."""
        places: dict[str, str | bytes] = dict.fromkeys(self._streams, _FIRST)
        while True:
            try:
                answer = await client.xreadgroup(
                    self._config["consumer_group"],
                    self._config["client_id"] or _CONSUMER,
                    {name: after for name, after in places.items()},  # noqa: C416 - of wider types
                    count=self._config["limit"],
                    block=round(min(self._config["timeout"], ANSWER_SECONDS / 2) * 1000) or 1,
                )
            except (RedisError, OSError) as error:
                raise ConnectError(str(error)) from error
            for name, entries in cast("Answer", answer or ()):
                stream = name.decode()
                if places[stream] != _NEW:
                    places[stream] = entries[-1][0] if entries else _NEW
                await self._offer(stream, entries)

    async def _offer(self, stream: str, entries: Sequence[Entry]) -> None:
        messages: list[Message] = []
        taken: list[Place] = []
        for entry in entries:
            place = (stream, entry[0])
            if place in self._held:
                continue
            self._held.add(place)
            message = message_of(self._server, stream, entry, self._config["body_key"])
            if message is None:
                logger.warning("%s@%s has no %r", stream, entry[0].decode(), self._config["body_key"])
                self._done.append(place)
            else:
                messages.append(message)
                taken.append(place)
        if messages:
            settle = partial(self._settle, taken)
            await self._reception.offer(Batch(messages, settle, replay=self._config["auto_replay_nacks"]))

    async def _settle(self, places: Sequence[Place], error: Exception | None) -> None:
        """What is dealt with is acknowledged; what a stopped stream gives back stays pending with us."""
        if isinstance(error, StreamStoppedError):
            self._held.difference_update(places)
        else:
            self._done += places

    async def _acknowledge_forever(self) -> None:
        while True:
            await asyncio.sleep(self._config["commit_period"])
            await self._acknowledge()

    async def _acknowledge(self) -> None:
        """Acknowledge what is dealt with. A crash before it reads that again; a failure, or an end that cuts it short,
        is made up for."""
        done = self._done[:]
        if not done:
            return
        try:
            client = await self._link.client()
            for stream in self._streams:
                if ids := [number for name, number in done if name == stream]:
                    await client.xack(stream, self._config["consumer_group"], *ids)
        except (RedisError, ConnectError, OSError) as error:
            logger.info("nothing is acknowledged now: %s", error)
        else:
            del self._done[: len(done)]
            self._held.difference_update(done)


def _check(config: Config, rules: Rules) -> Iterable[Problem]:
    if not config["streams"]:
        yield Problem(("streams",), "missing_field", "no stream is named")
    if not config["consumer_group"]:
        message = "the group remembers what was read, and none is named"
        yield Problem(("consumer_group",), "missing_field", message, "name one")
    if config["limit"] < 1:
        yield Problem(("limit",), "wrong_value", "limit is at least 1")
    if config["commit_period"] <= 0:
        yield Problem(("commit_period",), "wrong_value", "a period is longer than nothing")
    yield from check_redis(
        config, rules, {name: ("streams", at) for at, name in enumerate(config["streams"])}
    )


REDIS_STREAMS: Final = ComponentSpec(
    Kind.INPUT,
    "redis_streams",
    "Reads streams of Redis or Valkey as a member of a consumer group.",
    RedisStreamsInput,
    fields=(
        *CONNECTION,
        Field(
            "body_key",
            FieldType.STRING,
            "The field that is the payload; others are metadata.",
            default="body",
        ),
        Field("streams", FieldType.STRING, "The streams to read.", shape=Shape.LIST),
        Field(
            "auto_replay_nacks", FieldType.BOOL, "Try rejected messages again; else drop them.", default=True
        ),
        Field("limit", FieldType.INT, "Entries read at a time.", default=10),
        Field("client_id", FieldType.STRING, "The consumer's name; empty: `sluice`.", default=""),
        Field("consumer_group", FieldType.STRING, "The group that remembers what was read.", default=""),
        Field("create_streams", FieldType.BOOL, "Make streams that are not there.", default=True),
        Field("start_from_oldest", FieldType.BOOL, "Where a new group begins.", default=True),
        Field("commit_period", FieldType.DURATION, "How often entries are acknowledged.", default="1s"),
        Field("timeout", FieldType.DURATION, "How long to wait for entries at a time.", default="1s"),
    ),
    description=(
        "Entries are acknowledged once the output has them. The metadata `redis_stream` is the entry's id."
        " An entry without the field `body_key` is passed over. One process reads, always as the same consumer;"
        " it begins with what is pending."
    ),
    examples=(
        {"url": "redis://streams.example.com:6379", "streams": ["orders"], "consumer_group": "sluice"},
    ),
    check=_check,
    shared=False,
)
