"""The `redis_streams` output: an entry for each message."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from typing import Any, Final

from redis.exceptions import RedisError, ResponseError

from streams.batching import batching_field, check_policy, is_on
from streams.batching_output import with_batching
from streams.bloblang import MappingError, interpolate
from streams.errors import OutputError, RejectedMessageError
from streams.message import Message
from streams.outputs.attempt import Errors, raise_for
from streams.outputs.fields import EXCLUDED_METADATA, MAX_IN_FLIGHT, check_in_flight
from streams.redis.connection import CONNECTION, check_redis, make_link, redis_servers
from streams.redis.entries import fields_of
from streams.servers import topic_refusal
from streams.spec import BuildContext, ComponentSpec, Config, Field, FieldType, Kind, Output, Problem, Rules
from streams.statistics import Statistics


class RedisStreamsOutput:
    """Adds the messages of a batch in one go."""

    def __init__(self, config: Config, context: BuildContext) -> None:
        self._servers = redis_servers(config, context)
        self._link = make_link(self._servers, config, context)
        self._stream = interpolate(config["stream"])
        self._body_key: str = config["body_key"]
        self._most: int | None = config["max_length"] if config["max_length"] > 0 else None
        self._excluded = tuple(config["metadata"]["exclude_prefixes"])
        self._room = asyncio.Semaphore(config["max_in_flight"])
        context.service(Statistics).sources.append(self._link.status)

    async def connect(self) -> None:
        """Reach the server. Raises ConnectError."""
        await self._link.client()

    async def close(self) -> None:
        """Disconnect."""
        await self._link.close()

    async def write(self, messages: list[Message]) -> None:
        """Return when the server has them. Raises BatchError for the others.

        A crash before the server's answer leaves it open whether it has them: they are added again.
        """
        errors: Errors = {}
        streams: dict[int, str] = {}
        for at in range(len(messages)):
            try:
                streams[at] = self._name(messages, at)
            except (MappingError, RejectedMessageError) as error:
                errors[at] = RejectedMessageError(str(error))
        async with self._room:
            answers = await self._add([(stream, messages[at]) for at, stream in streams.items()])
        for at, answer in zip(streams, answers, strict=True):
            if isinstance(answer, Exception):
                errors[at] = OutputError(str(answer))
        raise_for(errors)

    def _name(self, messages: list[Message], at: int) -> str:
        stream = self._stream.resolve(messages, at)
        if refusal := topic_refusal(self._servers, stream):
            raise RejectedMessageError(refusal)
        return stream

    async def _add(self, entries: Sequence[tuple[str, Message]]) -> list[object]:
        """Add entries. Returns an answer for each. Raises OutputError where the server does not answer."""
        if not entries:
            return []
        client = await self._link.client_to_write()
        adding = client.pipeline(transaction=False)
        for stream, message in entries:
            fields: Any = fields_of(message, self._body_key, self._excluded)
            adding.xadd(stream, fields, maxlen=self._most, approximate=True)
        try:
            return await adding.execute(raise_on_error=False)
        except (RedisError, OSError) as error:
            if not isinstance(error, ResponseError):
                await self._link.drop(client, str(error))
            raise OutputError(str(error)) from error


def _build(config: Config, context: BuildContext) -> Output:
    return with_batching(RedisStreamsOutput(config, context), config["batching"], context)


def _check(config: Config, rules: Rules) -> Iterable[Problem]:
    yield from check_in_flight(config)
    yield from check_policy(("batching",), config["batching"])
    yield from check_redis(config, rules, {} if "${" in config["stream"] else {config["stream"]: ("stream",)})


REDIS_STREAMS: Final = ComponentSpec(
    Kind.OUTPUT,
    "redis_streams",
    "Adds an entry to a stream of Redis or Valkey for each message.",
    _build,
    fields=(
        *CONNECTION,
        Field("stream", FieldType.STRING, "The stream to add to.", interpolated=True),
        Field("body_key", FieldType.STRING, "The field that holds the payload.", default="body"),
        Field("max_length", FieldType.INT, "About how many entries are kept; 0: all.", default=0),
        MAX_IN_FLIGHT,
        EXCLUDED_METADATA,
        batching_field(),
    ),
    description="Metadata become further fields of the entry. The stream is made when it is not there.",
    examples=({"url": "redis://streams.example.com:6379", "stream": "orders"},),
    check=_check,
    batchwise=lambda config: is_on(config["batching"]),
)
