"""The `amqp_1` input: an address of an AMQP 1.0 broker.

A message is accepted once the output has it. Whatever was not when we went, by a crash or in order, the broker gives
to the next who reads.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Iterable
from functools import partial
from typing import Any, Final

from streams.amqp.metadata import texts
from streams.amqp_1.connection import CONNECTION, amqp_1_servers, check_amqp_1, make_link
from streams.amqp_1.session import Received, Session
from streams.errors import ConnectError, StreamStoppedError
from streams.inputs.reception import Reception
from streams.message import Message, Source
from streams.servers import require_topics
from streams.spec import Batch, BuildContext, ComponentSpec, Config, Field, FieldType, Kind, Problem, Rules
from streams.statistics import Statistics

RETURN_SECONDS: Final = 0.5
"""How long a message that no output took is held before the broker has it back: it gives it again at once."""


class AmqpOneInput:
    """Reads messages of an address."""

    def __init__(self, config: Config, context: BuildContext) -> None:
        servers = amqp_1_servers(config, context)
        require_topics(servers, [config["source_address"]])
        self._address: str = config["source_address"]
        self._with_header: bool = config["read_header"]
        self._credit: int = config["credit"]
        self._link = make_link(servers, config, context, self._prepare)
        self._reception = Reception(self._link, self._receive)
        self._arrived: asyncio.Queue[Received] = asyncio.Queue()
        context.service(Statistics).sources.append(self._link.status)

    async def connect(self) -> None:
        """Reach the address. Raises ConnectError."""
        await self._reception.start()

    async def read(self) -> Batch:
        """Return the next message."""
        return await self._reception.read()

    async def close(self) -> None:
        """Disconnect; the broker has everything back that was not accepted."""
        await self._reception.close()

    async def _prepare(self, session: Session) -> None:
        # A queue for each session: what a lost one brought is given again.
        self._arrived = asyncio.Queue()
        await session.receive_from(self._address, self._credit, self._arrived.put_nowait)

    async def _receive(self, session: Session) -> None:
        """Hand over what arrives: never more waits here than the credit lets the broker send."""
        while True:
            waiting = asyncio.create_task(self._arrived.get())
            try:
                await asyncio.wait((waiting, session.lost), return_when=asyncio.FIRST_COMPLETED)
                if not waiting.done():
                    raise ConnectError(session.lost.result())
            finally:
                waiting.cancel()
            received = waiting.result()
            settle = partial(_settle, session, received)
            await self._reception.offer(Batch([self._message(received)], settle, replay=False))

    def _message(self, received: Received) -> Message:
        message, now = received.message, time.time_ns() // 1_000_000
        annotations = {str(name): value for name, value in (message.annotations or {}).items()}
        metadata = dict(texts({name: value for name, value in annotations.items() if isinstance(value, str)}))
        metadata |= dict(texts({f"amqp_{name}": value for name, value in self._properties(message).items()}))
        source = Source(os.urandom(16), now, f"{self._address}@{now}")
        return Message(received.content, metadata=metadata, source=source)

    def _properties(self, message: Any) -> dict[str, object]:
        found: dict[str, object] = {
            "content_type": str(message.content_type or ""),
            "content_encoding": str(message.content_encoding or ""),
            "to": message.address,
        }
        if message.creation_time:
            moment = time.gmtime(message.creation_time)
            found["creation_time"] = time.strftime("%Y-%m-%dT%H:%M:%SZ", moment)
        if self._with_header:
            found |= {"durable": message.durable, "priority": message.priority, "ttl": f"{message.ttl:g}s"}
            found |= {"first_acquirer": message.first_acquirer, "delivery_count": message.delivery_count}
        return found


async def _settle(session: Session, received: Received, error: Exception | None) -> None:
    """Tell the broker what became of a message. It gives what a lost session brought to the next in any case."""
    if error is None:
        session.accept(received)
        return
    if not isinstance(error, StreamStoppedError):
        await asyncio.sleep(RETURN_SECONDS)
    session.give_back(received)


def _check(config: Config, rules: Rules) -> Iterable[Problem]:
    if config["credit"] < 1:
        yield Problem(("credit",), "wrong_value", "credit is at least 1")
    yield from check_amqp_1(config, rules, {config["source_address"]: ("source_address",)})


AMQP_1: Final = ComponentSpec(
    Kind.INPUT,
    "amqp_1",
    "Reads an address of an AMQP 1.0 broker.",
    AmqpOneInput,
    fields=(
        *CONNECTION,
        Field("source_address", FieldType.STRING, "The address, such as `/queue/orders`."),
        Field(
            "azure_renew_lock",
            FieldType.BOOL,
            "Keep what Azure lends us.",
            default=False,
            refused="locks are not renewed: give the queue a lock that lasts as long as the output may take",
        ),
        Field(
            "read_header",
            FieldType.BOOL,
            "Metadata from the header too, such as `amqp_priority`.",
            default=False,
        ),
        Field("credit", FieldType.INT, "Messages that may be unsettled at a time.", default=64),
    ),
    description=(
        "A message is accepted once the output has it; one that no output takes is given back. Annotations that are"
        " texts become metadata, and `amqp_content_type`, `amqp_content_encoding`, `amqp_creation_time` and `amqp_to`."
    ),
    examples=({"urls": ["amqp://broker.example.com:5672/"], "source_address": "/queue/orders"},),
    check=_check,
)
