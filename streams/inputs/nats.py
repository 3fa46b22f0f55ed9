"""The `nats` input: a subject of NATS.

Core NATS keeps nothing: what comes while nobody listens, and what is on its way when we crash, is lost. A message that
JetStream delivers to the subject is acknowledged once the output has it, and else delivered again.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any, Final

from nats.aio.msg import Msg
from nats.aio.subscription import Subscription
from nats.errors import Error, NotJSMessageError

from streams.bloblang.values import to_string
from streams.errors import ConnectError, StreamStoppedError
from streams.inputs.reception import Reception
from streams.message import Message, Request, Source
from streams.nats.connection import CONNECTION, NatsClient, check_nats, make_link, nats_servers
from streams.refused import tracing
from streams.servers import require_topics
from streams.spec import Batch, BuildContext, ComponentSpec, Config, Field, FieldType, Kind, Problem, Rules
from streams.statistics import Statistics

MAX_BATCH: Final = 64
MAX_WAITING_BYTES: Final = 64 << 20
_JETSTREAM: Final = "$JS.ACK."


class NatsInput:
    """Reads messages of a subject."""

    def __init__(self, config: Config, context: BuildContext) -> None:
        servers = nats_servers(config, context)
        require_topics(servers, [config["subject"]])
        self._config = config
        self._link = make_link(servers, config, context)
        self._reception = Reception(self._link, self._receive)
        context.service(Statistics).sources.append(self._link.status)

    async def connect(self) -> None:
        """Reach a server. Raises ConnectError."""
        await self._reception.start()

    async def read(self) -> Batch:
        """Return the next messages."""
        return await self._reception.read()

    async def close(self) -> None:
        """Send the last answers and disconnect."""
        await self._reception.stop()
        await self._reception.close()

    async def _receive(self, client: NatsClient) -> None:
        most = max(1, self._config["prefetch_count"])
        try:
            subscription = await client.subscribe(
                self._config["subject"],
                self._config["queue"],
                pending_msgs_limit=most,
                pending_bytes_limit=MAX_WAITING_BYTES,
            )
            while True:
                received = await self._received(subscription)
                settle = partial(self._settle, received)
                messages = [message_of(one) for one in received]
                replay = self._config["auto_replay_nacks"]
                await self._reception.offer(Batch(messages, partial(settle, messages), replay=replay))
        except (Error, OSError) as error:
            raise ConnectError(client.lost.result() if client.lost.done() else str(error)) from error

    async def _received(self, subscription: Subscription) -> list[Msg]:
        """The next messages. One alone where its rejection is told to the sender."""
        most = MAX_BATCH if self._config["auto_replay_nacks"] else 1
        received = [await subscription.next_msg(timeout=None)]
        while subscription.pending_msgs and len(received) < most:
            received.append(await subscription.next_msg(timeout=None))
        return received

    async def _settle(
        self, received: Sequence[Msg], messages: Sequence[Message], error: Exception | None
    ) -> None:
        """Answer those who wait for an answer. What a lost client cannot say any more is not said."""
        for one, message in zip(received, messages, strict=True):
            try:
                if error is None:
                    await self._accept(one, message)
                elif not isinstance(error, StreamStoppedError) or one.reply.startswith(_JETSTREAM):
                    await one.nak(self._config["nak_delay"])
            except (NotJSMessageError, Error, OSError):
                continue

    async def _accept(self, received: Msg, message: Message) -> None:
        request = message.source.request if message.source else None
        responses = request.responses if request else None
        if responses:
            headers = {name: to_string(value) for name, value in responses[0].metadata.items()}
            client: Any = received._client  # noqa: SLF001 - a reply with headers of its own has no other way
            await client.publish(received.reply, responses[0].content, headers=headers)
        elif self._config["send_ack"]:
            await received.ack()


def message_of(received: Msg) -> Message:
    """The message that arrived. JetStream's have the identity that they have in their stream."""
    metadata: dict[str, Any] = {name: str(value) for name, value in (received.headers or {}).items()}
    metadata |= {"nats_subject": received.subject, "nats_reply_subject": received.reply}
    identity, made = os.urandom(16), time.time_ns() // 1_000_000
    if received.reply.startswith(_JETSTREAM):
        place = received.metadata
        made = round(place.timestamp.timestamp() * 1000)
        identity = f"{place.stream}\0{place.sequence.stream}\0{place.timestamp.isoformat()}".encode()
    request = Request({}, []) if received.reply else None
    source = Source(identity, made, f"{received.subject}@{made}", request)
    return Message(received.data, metadata=metadata, source=source)


def _check(config: Config, rules: Rules) -> Iterable[Problem]:
    if not _is_subject(config["subject"]):
        yield Problem(("subject",), "wrong_value", f"{config['subject']!r} is no subject to listen to")
    if config["prefetch_count"] < 0:
        yield Problem(("prefetch_count",), "wrong_value", "prefetch_count is at least 0")
    yield from check_nats(config, rules, {config["subject"]: ("subject",)})


def _is_subject(subject: str) -> bool:
    """Tell whether a text is a subject to subscribe to (NATS, Subject-Based Messaging)."""
    tokens = subject.split(".")
    lone = all(token in {"*", ">"} or not set(token) & set("*> \t\r\n") for token in tokens)
    return all(tokens) and lone and ">" not in tokens[:-1]


NATS: Final = ComponentSpec(
    Kind.INPUT,
    "nats",
    "Reads a subject of NATS.",
    NatsInput,
    fields=(
        *CONNECTION,
        Field("subject", FieldType.STRING, "The subject, also with `*` and `>`."),
        Field("queue", FieldType.STRING, "The queue group to be a member of.", default=""),
        Field("auto_replay_nacks", FieldType.BOOL, "Try rejected messages again; else say so.", default=True),
        Field(
            "nak_delay",
            FieldType.DURATION,
            "When JetStream is to deliver a rejected message again.",
            default=None,
        ),
        Field(
            "prefetch_count", FieldType.INT, "Messages that may wait here; more are lost.", default=500_000
        ),
        Field("send_ack", FieldType.BOOL, "Acknowledge messages whose sender waits for it.", default=True),
        tracing("extract_tracing_map"),
        tracing("new_root_span_with_link"),
    ),
    description=(
        "NATS keeps nothing for those who are away. Messages that JetStream delivers to the subject are acknowledged"
        " once the output has them. Where the sender waits for a reply, `sync_response` gives one. Each message has the"
        " metadata `nats_subject` and `nats_reply_subject`, and the message's headers."
        f" Waiting messages take {MAX_WAITING_BYTES >> 20} MiB at most."
    ),
    examples=({"urls": ["nats://broker.example.com:4222"], "subject": "orders.>", "queue": "sluice"},),
    check=_check,
    shared=False,
)
