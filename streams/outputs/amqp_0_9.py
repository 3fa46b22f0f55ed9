"""The `amqp_0_9` output: publishes each message to an exchange of an AMQP 0.9.1 broker, such as RabbitMQ."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from functools import partial
from typing import Any, Final

import aio_pika
from aio_pika.abc import AbstractExchange
from aiormq.exceptions import DeliveryError, PublishError

from streams.amqp.connection import CONNECTION, FAILURES, AmqpClient, amqp_servers, check_amqp, make_link
from streams.amqp.metadata import headers_of
from streams.bloblang import interpolate
from streams.errors import OutputError, RejectedMessageError
from streams.message import Message
from streams.outputs.each import write_each
from streams.outputs.fields import EXCLUDED_METADATA, MAX_IN_FLIGHT, check_in_flight
from streams.servers import topic_refusal
from streams.spec import BuildContext, ComponentSpec, Config, Field, FieldType, Kind, Problem, Rules
from streams.statistics import Statistics

_PROPERTIES: Final = (
    "content_type",
    "content_encoding",
    "correlation_id",
    "reply_to",
    "message_id",
    "user_id",
    "app_id",
    "type",
)
_LARGEST_PRIORITY: Final = 9


class AmqpOutput:
    """Publishes messages, each confirmed by the broker."""

    def __init__(self, config: Config, context: BuildContext) -> None:
        self._servers = amqp_servers(config, context)
        self._link = make_link(self._servers, config, context)
        self._declare = config["exchange_declare"]
        self._exchange = interpolate(config["exchange"])
        self._key = interpolate(config["key"])
        self._properties = {name: interpolate(config[name]) for name in _PROPERTIES}
        self._expiration = interpolate(config["expiration"])
        self._priority = interpolate(config["priority"])
        self._excluded = tuple(config["metadata"]["exclude_prefixes"])
        self._mode = _mode(persistent=config["persistent"])
        self._mandatory: bool = config["mandatory"]
        self._seconds: float | None = config["timeout"] or None
        self._room = asyncio.Semaphore(config["max_in_flight"])
        context.service(Statistics).sources.append(self._link.status)

    async def connect(self) -> None:
        """Reach the broker. Raises ConnectError."""
        await self._link.client()

    async def close(self) -> None:
        """Disconnect."""
        await self._link.close()

    async def write(self, messages: list[Message]) -> None:
        """Return when the broker has confirmed all. Raises BatchError for the others.

        A crash before the confirmation leaves it open whether the broker has a message: it is published again.
        """
        client = await self._link.client_to_write()
        await write_each(messages, self._room, partial(self._publish, client))

    async def _publish(self, client: AmqpClient, messages: list[Message], at: int) -> None:
        name = self._exchange.resolve(messages, at)
        if refusal := topic_refusal(self._servers, name):
            raise RejectedMessageError(refusal)
        # Bento's own way with the slashes of topics.
        key = self._key.resolve(messages, at).replace("/", ".")
        message = self._message(messages, at)
        try:
            exchange = await self._found(client, name)
            await exchange.publish(message, key, mandatory=self._mandatory, timeout=self._seconds)
        except (DeliveryError, PublishError) as error:
            raise OutputError(f"the broker did not take the message: {error}") from error
        except FAILURES as error:
            if client.is_lost:
                await self._link.drop(client, str(error) or repr(error))
            raise OutputError(str(error) or repr(error)) from error

    async def _found(self, client: AmqpClient, name: str) -> AbstractExchange:
        """The exchange of a name, looked for once: to publish to one that is not there would cost us the channel."""
        if not name:
            return client.channel.default_exchange
        if name not in client.exchanges:
            async with client.connection.channel() as looking:
                if self._declare["enabled"]:
                    kind, durable = self._declare["type"], self._declare["durable"]
                    await looking.declare_exchange(name, kind, durable=durable)
                else:
                    await looking.get_exchange(name)
            client.exchanges[name] = await client.channel.get_exchange(name, ensure=False)
        return client.exchanges[name]

    def _message(self, messages: list[Message], at: int) -> aio_pika.Message:
        properties = {name: text.resolve(messages, at) or None for name, text in self._properties.items()}
        if properties["type"]:
            properties["type"] = properties["type"].replace("/", ".")
        expiration = _whole(self._expiration.resolve(messages, at), "expiration")
        priority = _whole(self._priority.resolve(messages, at), "priority", _LARGEST_PRIORITY)
        more: dict[str, Any] = {**properties, "delivery_mode": self._mode, "priority": priority or 0}
        return aio_pika.Message(
            messages[at].content,
            headers=headers_of(messages[at].metadata, self._excluded),
            expiration=None if expiration is None else expiration / 1000,
            **more,
        )


def _mode(*, persistent: bool) -> aio_pika.DeliveryMode:
    return aio_pika.DeliveryMode.PERSISTENT if persistent else aio_pika.DeliveryMode.NOT_PERSISTENT


def _whole(text: str, name: str, most: int | None = None) -> int | None:
    """The whole number in a text; None: nothing is said. Raises RejectedMessageError."""
    if not text:
        return None
    if not text.isdecimal() or (most is not None and int(text) > most):
        allowed = f"a whole number up to {most}" if most is not None else "a whole number"
        raise RejectedMessageError(f"`{name}` is {allowed}, not {text!r}")
    return int(text)


def _check(config: Config, rules: Rules) -> Iterable[Problem]:
    static = "${" not in config["exchange"]
    yield from check_in_flight(config)
    yield from check_amqp(config, rules, {config["exchange"]: ("exchange",)} if static else {})


def _text(name: str, summary: str, default: str = "") -> Field:
    return Field(name, FieldType.STRING, summary, default=default, interpolated=True)


def _flag(name: str, summary: str, *, default: bool = False, refused: str = "") -> Field:
    return Field(name, FieldType.BOOL, summary, default=default, refused=refused)


AMQP_0_9: Final = ComponentSpec(
    Kind.OUTPUT,
    "amqp_0_9",
    "Publishes messages to an exchange of an AMQP 0.9.1 broker, such as RabbitMQ.",
    AmqpOutput,
    fields=(
        *CONNECTION,
        Field("exchange", FieldType.STRING, "The exchange; empty: the default one.", interpolated=True),
        Field(
            "exchange_declare",
            FieldType.OBJECT,
            "Make the exchange where it is not there; one that is there must be as said.",
            children=(
                _flag("enabled", "Whether to."),
                Field(
                    "type",
                    FieldType.STRING,
                    "How it chooses queues.",
                    default="direct",
                    options=("direct", "fanout", "topic", "x-custom"),
                ),
                _flag("durable", "It outlives the broker.", default=True),
            ),
        ),
        _text("key", "The routing key; slashes become dots."),
        _text("type", "What kind of message it is; slashes become dots."),
        _text("content_type", "The payload's media type.", "application/octet-stream"),
        _text("content_encoding", "How the payload is encoded."),
        _text("correlation_id", "What it belongs to."),
        _text("reply_to", "Where answers go."),
        _text("expiration", "Milliseconds after which it is of no use."),
        _text("message_id", "What tells it from others."),
        _text("user_id", "Who publishes; it must be the name we are connected by."),
        _text("app_id", "Which application publishes."),
        EXCLUDED_METADATA,
        _text("priority", "From 0 to 9."),
        MAX_IN_FLIGHT,
        _flag("persistent", "The broker writes it down, for durable queues."),
        _flag("mandatory", "A message that leads to no queue is not taken, and tried again."),
        _flag("immediate", "Only to who waits.", refused="RabbitMQ answers it by closing the connection"),
        Field("timeout", FieldType.DURATION, "How long the broker may take; empty: any time.", default=None),
    ),
    description=(
        "A message is taken when the broker has confirmed it. Metadata become headers, underscores as hyphens."
        " What outlives a restart of the broker is `persistent` and in a durable queue."
    ),
    examples=(
        {"urls": ["amqp://broker.example.com:5672/"], "exchange": "orders", "key": "new.${! this.country }"},
    ),
    check=_check,
)
