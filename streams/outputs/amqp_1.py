"""The `amqp_1` output: sends each message to an address of an AMQP 1.0 broker."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from functools import partial
from typing import Any, Final

from streams import bloblang
from streams.amqp.metadata import field_value
from streams.amqp_1.connection import CONNECTION, amqp_1_servers, check_amqp_1, make_link
from streams.amqp_1.session import Session
from streams.errors import ConnectError, OutputError, RejectedMessageError
from streams.message import Message
from streams.outputs.each import write_each
from streams.outputs.fields import EXCLUDED_METADATA, MAX_IN_FLIGHT, check_in_flight
from streams.servers import require_topics
from streams.spec import BuildContext, ComponentSpec, Config, Field, FieldType, Kind, Problem, Rules
from streams.statistics import Statistics


class AmqpOneOutput:
    """Sends messages, each accepted by the broker."""

    def __init__(self, config: Config, context: BuildContext) -> None:
        servers = amqp_1_servers(config, context)
        require_topics(servers, [config["target_address"]])
        self._address: str = config["target_address"]
        self._link = make_link(servers, config, context, self._prepare)
        text = config["application_properties_map"]
        self._properties = bloblang.compile(text) if text else None
        self._excluded = tuple(config["metadata"]["exclude_prefixes"])
        self._room = asyncio.Semaphore(config["max_in_flight"])
        context.service(Statistics).sources.append(self._link.status)

    async def connect(self) -> None:
        """Reach the address. Raises ConnectError."""
        await self._link.client()

    async def close(self) -> None:
        """Disconnect."""
        await self._link.close()

    async def write(self, messages: list[Message]) -> None:
        """Return when the broker has accepted all. Raises BatchError for the others.

        A crash before its answer leaves it open whether it has a message: it is sent again.
        """
        session = await self._link.client_to_write()
        await write_each(messages, self._room, partial(self._send, session))

    async def _prepare(self, session: Session) -> None:
        await session.send_to(self._address)

    async def _send(self, session: Session, messages: list[Message], at: int) -> None:
        annotations = {
            name: field_value(value)
            for name, value in messages[at].metadata.items()
            if not (self._excluded and name.startswith(self._excluded))
        }
        properties = self._properties_of(messages, at)
        try:
            await session.send(messages[at].content, annotations, properties)
        except ConnectError as error:
            await self._link.drop(session, str(error))
            raise OutputError(str(error)) from error

    def _properties_of(self, messages: list[Message], at: int) -> dict[str, Any] | None:
        if self._properties is None:
            return None
        made = self._properties.apply(messages, at)
        value = made.value if isinstance(made, Message) else None
        if value is not None and not isinstance(value, dict):
            raise RejectedMessageError("`application_properties_map` made no object")
        return {name: field_value(item) for name, item in value.items()} if value else None


def _check(config: Config, rules: Rules) -> Iterable[Problem]:
    yield from check_in_flight(config)
    yield from check_amqp_1(config, rules, {config["target_address"]: ("target_address",)})


AMQP_1: Final = ComponentSpec(
    Kind.OUTPUT,
    "amqp_1",
    "Sends messages to an address of an AMQP 1.0 broker.",
    AmqpOneOutput,
    fields=(
        *CONNECTION,
        Field("target_address", FieldType.STRING, "The address, such as `/queue/orders`."),
        MAX_IN_FLIGHT,
        Field(
            "application_properties_map",
            FieldType.BLOBLANG,
            "Makes an object of application properties.",
            default="",
        ),
        EXCLUDED_METADATA,
    ),
    description="A message is taken when the broker has accepted it. Metadata become annotations.",
    examples=({"urls": ["amqp://broker.example.com:5672/"], "target_address": "/queue/orders"},),
    check=_check,
)
