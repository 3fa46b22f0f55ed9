"""The `amqp_0_9` input: a queue of an AMQP 0.9.1 broker, such as RabbitMQ.

A message is acknowledged once the output has it. Whatever was not when we went, by a crash or in order, the broker
gives to the next who consumes.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import time
from collections.abc import Iterable
from functools import partial
from typing import Any, Final

from aio_pika.abc import AbstractIncomingMessage, AbstractQueue

from streams.amqp.connection import (
    CONNECTION,
    FAILURES,
    AmqpClient,
    amqp_servers,
    check_amqp,
    consumer_cancelled,
    make_link,
)
from streams.amqp.metadata import metadata_of
from streams.bloblang.errors import Fault
from streams.bloblang.methods.regexp import compiled
from streams.errors import BatchError, ConnectError, StreamStoppedError
from streams.inputs.reception import Reception
from streams.message import Message, Source
from streams.servers import require_topics
from streams.spec import (
    Acknowledge,
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

REQUEUE_SECONDS: Final = 0.5
"""How long a message that no output took is held before the broker has it back: it gives it again at once."""
_MAX_PREFETCH: Final = 65_535
_PATTERNS: Final = "nack_reject_patterns"


class AmqpInput:
    """Consumes a queue."""

    def __init__(self, config: Config, context: BuildContext) -> None:
        servers = amqp_servers(config, context)
        require_topics(servers, [config["queue"]])
        self._config = config
        self._link = make_link(servers, config, context, self._prepare)
        self._reception = Reception(self._link, self._receive)
        self._rejected: list[Any] = [compiled(pattern) for pattern in config[_PATTERNS]]
        context.service(Statistics).sources.append(self._link.status)

    async def connect(self) -> None:
        """Reach the queue. Raises ConnectError."""
        await self._reception.start()

    async def read(self) -> Batch:
        """Return the next message."""
        return await self._reception.read()

    async def close(self) -> None:
        """Disconnect; the broker has everything back that was not acknowledged."""
        await self._reception.close()

    async def _prepare(self, client: AmqpClient) -> None:
        queue = await self._queue(client)
        for binding in self._config["bindings_declare"]:
            await queue.bind(binding["exchange"], binding["key"])
        await client.channel.set_qos(self._config["prefetch_count"])

    async def _queue(self, client: AmqpClient) -> AbstractQueue:
        declare = self._config["queue_declare"]
        if not declare["enabled"]:
            return await client.channel.get_queue(self._config["queue"])
        return await client.channel.declare_queue(
            self._config["queue"], durable=declare["durable"], auto_delete=declare["auto_delete"]
        )

    async def _receive(self, client: AmqpClient) -> None:
        try:
            queue = await client.channel.get_queue(self._config["queue"], ensure=False)
            cancelled = await consumer_cancelled(client)
            await queue.consume(self._arrived, consumer_tag=self._config["consumer_tag"] or None)
        except FAILURES as error:
            raise ConnectError(str(error) or repr(error)) from error
        await client.lost(cancelled)
        raise ConnectError("the broker ended the connection, or deleted the queue")

    async def _arrived(self, incoming: AbstractIncomingMessage) -> None:
        """Hand a message over. The broker sends no more than may be unacknowledged, so that no more wait here."""
        early: bool = self._config["auto_ack"]
        settle: Acknowledge = _forget if early else partial(self._settle, incoming)
        await self._reception.offer(Batch([_message(incoming, self._config["queue"])], settle, replay=False))
        if early:
            # Not before it has room here: the broker would send the whole queue.
            await self._settle(incoming, None)

    async def _settle(self, incoming: AbstractIncomingMessage, error: Exception | None) -> None:
        """Tell the broker what became of a message. It gives what a lost client consumed to the next in any case."""
        try:
            if error is None:
                await incoming.ack()
            elif isinstance(error, StreamStoppedError):
                await incoming.nack(requeue=True)
            elif self._is_refused(error):
                await incoming.reject(requeue=False)
            else:
                await asyncio.sleep(REQUEUE_SECONDS)
                await incoming.nack(requeue=True)
        except FAILURES:
            return

    def _is_refused(self, error: Exception) -> bool:
        first = next(iter(error.errors.values())) if isinstance(error, BatchError) else error
        return any(pattern.search(str(first).encode()) for pattern in self._rejected)


async def _forget(error: Exception | None) -> None:
    """It was acknowledged when it came."""


def _message(incoming: AbstractIncomingMessage, queue: str) -> Message:
    """The message that arrived. One that its publisher named is the same each time the broker gives it."""
    identity, position = os.urandom(16), f"{queue}#{incoming.delivery_tag}"
    made = (
        time.time_ns() // 1_000_000
        if incoming.timestamp is None
        else int(incoming.timestamp.timestamp() * 1000)
    )
    if incoming.message_id and incoming.timestamp is not None:
        # The body too: a name that a careless publisher uses again must not swallow another message.
        digest = hashlib.sha256(incoming.body).digest()
        identity = "\0".join((queue, incoming.message_id, str(made))).encode() + digest
        position = f"{queue}#{incoming.message_id}"
    return Message(incoming.body, metadata=metadata_of(incoming), source=Source(identity, made, position))


def _check(config: Config, rules: Rules) -> Iterable[Problem]:
    if not config["queue"]:
        yield Problem(("queue",), "missing_field", "no queue is named")
    if not 1 <= config["prefetch_count"] <= _MAX_PREFETCH:
        yield Problem(("prefetch_count",), "wrong_value", f"prefetch_count is between 1 and {_MAX_PREFETCH}")
    for at, pattern in enumerate(config[_PATTERNS]):
        try:
            compiled(pattern)
        except Fault as fault:
            yield Problem((_PATTERNS, at), "bad_pattern", fault.text)
    yield from check_amqp(config, rules, {config["queue"]: ("queue",)})


def _text(name: str, summary: str) -> Field:
    return Field(name, FieldType.STRING, summary, default="")


def _flag(name: str, summary: str, *, default: bool = False) -> Field:
    return Field(name, FieldType.BOOL, summary, default=default)


AMQP_0_9: Final = ComponentSpec(
    Kind.INPUT,
    "amqp_0_9",
    "Consumes a queue of an AMQP 0.9.1 broker, such as RabbitMQ.",
    AmqpInput,
    fields=(
        *CONNECTION,
        Field("queue", FieldType.STRING, "The queue."),
        Field(
            "queue_declare",
            FieldType.OBJECT,
            "Make the queue where it is not there; one that is there must be as said.",
            children=(
                _flag("enabled", "Whether to."),
                _flag("durable", "It outlives the broker.", default=True),
                _flag("auto_delete", "It goes with its last consumer."),
            ),
        ),
        Field(
            "bindings_declare",
            FieldType.OBJECT,
            "What the queue gets its messages from.",
            default=[],
            shape=Shape.LIST,
            children=(_text("exchange", "The exchange."), _text("key", "The key.")),
        ),
        _text("consumer_tag", "How the broker names us; empty: as it likes."),
        _flag("auto_ack", "Acknowledge messages as they come: a crash loses them."),
        Field(
            _PATTERNS,
            FieldType.STRING,
            "Regular expressions (RE2); a message whose failure one is found in is rejected for good.",
            default=[],
            shape=Shape.LIST,
        ),
        Field("prefetch_count", FieldType.INT, "Messages that may be unacknowledged at a time.", default=10),
        Field(
            "prefetch_size",
            FieldType.INT,
            "Bytes that may be unacknowledged at a time.",
            default=0,
            refused="RabbitMQ does not have it; use `prefetch_count`",
        ),
    ),
    description=(
        "A message is acknowledged once the output has it. One that no output takes goes back into the queue, unless"
        " `nack_reject_patterns` says that it is to be dropped, or given to the queue's dead-letter exchange. Each"
        " message has its headers as metadata, and its properties: `amqp_content_type`, `amqp_routing_key`,"
        " `amqp_exchange`, `amqp_redelivered`, `amqp_message_id` and so on."
    ),
    examples=({"urls": ["amqp://broker.example.com:5672/"], "queue": "orders", "prefetch_count": 50},),
    check=_check,
)
