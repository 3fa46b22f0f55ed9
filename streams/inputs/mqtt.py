"""The `mqtt` input: topics of an MQTT broker.

A message is acknowledged once the output has it. What was not acknowledged when we went, by a crash or in order, the
broker sends again, if the session is kept: `clean_session: false` and a `client_id`.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Sequence
from functools import partial
from typing import Final

import aiomqtt

from streams.errors import ConnectError, StreamStoppedError
from streams.inputs.reception import Reception
from streams.message import Message, Source
from streams.mqtt.client import MqttClient, Received
from streams.mqtt.connection import CONNECTION, check_mqtt, make_link, mqtt_servers
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
    Severity,
    Shape,
)
from streams.statistics import Statistics

MAX_BATCH: Final = 64
_MAX_WAITING: Final = 65_536
"""More than can be unacknowledged at a time (there are 65,535 ids), so that only messages of QoS 0 are ever dropped."""
_AT_LEAST_ONCE: Final = 1


class MqttInput:
    """Reads messages of topics."""

    def __init__(self, config: Config, context: BuildContext) -> None:
        servers = mqtt_servers(config, context)
        require_topics(servers, config["topics"])
        qos = min(config["qos"], _AT_LEAST_ONCE)
        self._link = make_link(
            servers,
            config,
            context,
            [(topic, qos) for topic in config["topics"]],
            clean_session=config["clean_session"],
            max_queued_incoming_messages=_MAX_WAITING,
        )
        self._replay: bool = config["auto_replay_nacks"]
        self._reception = Reception(self._link, self._receive)
        context.service(Statistics).sources.append(self._link.status)

    async def connect(self) -> None:
        """Subscribe. Raises ConnectError."""
        await self._reception.start()

    async def read(self) -> Batch:
        """Return the next messages."""
        return await self._reception.read()

    async def close(self) -> None:
        """Disconnect; the broker keeps the subscription of a session that is kept."""
        await self._reception.close()

    async def _receive(self, client: MqttClient) -> None:
        waiting = client.messages
        try:
            while True:
                received = [await anext(waiting)]
                while len(waiting) and len(received) < MAX_BATCH:
                    received.append(await anext(waiting))
                settle = partial(_settle, client, received)
                messages = [_message(one) for one in received]
                await self._reception.offer(Batch(messages, settle, replay=self._replay))
        except aiomqtt.MqttError as error:
            raise ConnectError(str(error.__cause__ or error)) from error


async def _settle(client: MqttClient, received: Sequence[aiomqtt.Message], error: Exception | None) -> None:
    """Acknowledge what is dealt with; a message that was sent by a client that is lost is sent again in any case."""
    if not isinstance(error, StreamStoppedError):
        for one in received:
            client.acknowledge(one)


def _message(received: aiomqtt.Message) -> Message:
    topic = str(received.topic)
    metadata = {
        "mqtt_duplicate": isinstance(received, Received) and received.duplicate,
        "mqtt_qos": received.qos,
        "mqtt_retained": bool(received.retain),
        "mqtt_topic": topic,
        "mqtt_message_id": received.mid,
    }
    # MQTT has no identity that outlasts a connection.
    source = Source(os.urandom(16), time.time_ns() // 1_000_000, f"{topic}#{received.mid}")
    content = received.payload if isinstance(received.payload, bytes) else bytes(received.payload or b"")
    return Message(content, metadata=metadata, source=source)


def _check(config: Config, rules: Rules) -> Iterable[Problem]:
    if not config["topics"]:
        yield Problem(("topics",), "missing_field", "no topic is named")
    for at, topic in enumerate(config["topics"]):
        if not _is_filter(topic):
            yield Problem(("topics", at), "wrong_value", f"{topic!r} is no topic to subscribe to")
    if not config["clean_session"] and not config["client_id"]:
        message = "a session is kept for a client that the broker knows again"
        yield Problem(("client_id",), "missing_field", message, "name one")
    if config["qos"] > _AT_LEAST_ONCE:
        message = "a stream delivers at least once, so that 2 is read as 1"
        yield Problem(("qos",), "qos_lowered", message, severity=Severity.WARNING)
    yield from check_mqtt(config, rules, {topic: ("topics", at) for at, topic in enumerate(config["topics"])})


def _is_filter(topic: str) -> bool:
    """Tell whether a text is a topic filter (MQTT 3.1.1, 4.7)."""
    levels = topic.split("/")
    lone = all(level in {"#", "+"} or not set(level) & {"#", "+"} for level in levels)
    return bool(topic) and lone and "#" not in levels[:-1] and "\0" not in topic


MQTT: Final = ComponentSpec(
    Kind.INPUT,
    "mqtt",
    "Reads topics of an MQTT broker.",
    MqttInput,
    fields=(
        *CONNECTION,
        Field("topics", FieldType.STRING, "Topics, also with `+` and `#`.", shape=Shape.LIST),
        Field("qos", FieldType.INT, "0: may be lost; 1, 2: at least once.", default=1),
        Field("clean_session", FieldType.BOOL, "Whether the broker forgets us when we go.", default=True),
        Field(
            "auto_replay_nacks", FieldType.BOOL, "Try rejected messages again; else drop them.", default=True
        ),
    ),
    description=(
        "A message is acknowledged once the output has it. With `clean_session: false` and a `client_id` the broker"
        " keeps what comes while we are away; without, that is lost. Each message has the metadata `mqtt_topic`,"
        " `mqtt_qos`, `mqtt_retained`, `mqtt_duplicate` and `mqtt_message_id`."
    ),
    examples=(
        {
            "urls": ["tcp://broker.example.com:1883"],
            "topics": ["sensors/+/temperature"],
            "client_id": "sluice",
            "clean_session": False,
        },
    ),
    check=_check,
    shared=False,
)
