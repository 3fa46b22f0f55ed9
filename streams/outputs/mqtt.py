"""The `mqtt` output: publishes each message."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from functools import partial
from typing import Final

import aiomqtt

from streams.bloblang import interpolate
from streams.errors import OutputError, RejectedMessageError
from streams.message import Message
from streams.mqtt.client import MqttClient
from streams.mqtt.connection import CONNECTION, check_mqtt, make_link, mqtt_servers
from streams.outputs.each import write_each
from streams.outputs.fields import MAX_IN_FLIGHT, check_in_flight
from streams.servers import topic_refusal
from streams.spec import BuildContext, ComponentSpec, Config, Field, FieldType, Kind, Problem, Rules, Severity
from streams.statistics import Statistics

_TRUTHS: Final = {"true": True, "false": False}


class MqttOutput:
    """Publishes messages, each alone."""

    def __init__(self, config: Config, context: BuildContext) -> None:
        self._servers = mqtt_servers(config, context)
        self._link = make_link(self._servers, config, context, max_inflight_messages=config["max_in_flight"])
        self._topic = interpolate(config["topic"])
        self._qos: int = config["qos"]
        self._retained: bool = config["retained"]
        self._retained_text = interpolate(config["retained_interpolated"])
        self._seconds: float = config["write_timeout"]
        self._room = asyncio.Semaphore(config["max_in_flight"])
        context.service(Statistics).sources.append(self._link.status)

    async def connect(self) -> None:
        """Reach the broker. Raises ConnectError."""
        await self._link.client()

    async def close(self) -> None:
        """Disconnect."""
        await self._link.close()

    async def write(self, messages: list[Message]) -> None:
        """Return when the broker has acknowledged all, as far as the QoS asks it to. Raises BatchError."""
        client = await self._link.client_to_write()
        await write_each(messages, self._room, partial(self._publish, client))

    async def _publish(self, client: MqttClient, messages: list[Message], at: int) -> None:
        topic = self._topic.resolve(messages, at)
        if refusal := topic_refusal(self._servers, topic) or _fault(topic):
            raise RejectedMessageError(refusal)
        retained = self._is_retained(messages, at)
        try:
            await client.publish(topic, messages[at].content, self._qos, retained, timeout=self._seconds)
        except (aiomqtt.MqttError, OSError) as error:
            await self._link.drop(client, str(error))
            raise OutputError(str(error)) from error

    def _is_retained(self, messages: list[Message], at: int) -> bool:
        text = self._retained_text.resolve(messages, at)
        if text and text not in _TRUTHS:
            raise RejectedMessageError(f"`retained_interpolated` is true or false, not {text!r}")
        return _TRUTHS.get(text, self._retained)


def _fault(topic: str) -> str:
    """Why nothing can be published to a topic (MQTT 3.1.1, 4.7); empty: it can."""
    return f"{topic!r} is no topic to publish to" if not topic or set(topic) & {"#", "+", "\0"} else ""


def _check(config: Config, rules: Rules) -> Iterable[Problem]:
    static = "${" not in config["topic"]
    if static and (fault := _fault(config["topic"])):
        yield Problem(("topic",), "wrong_value", fault)
    if config["client_id"] and not config["dynamic_client_id_suffix"]:
        message = "where several processes run the stream, each throws the others out under this name"
        remedy = "add `dynamic_client_id_suffix: nanoid`"
        yield Problem(("client_id",), "client_id_shared", message, remedy, Severity.WARNING)
    yield from check_in_flight(config)
    yield from check_mqtt(config, rules, {config["topic"]: ("topic",)} if static else {})


MQTT: Final = ComponentSpec(
    Kind.OUTPUT,
    "mqtt",
    "Publishes messages to an MQTT broker.",
    MqttOutput,
    fields=(
        *CONNECTION,
        Field("topic", FieldType.STRING, "The topic to publish to.", interpolated=True),
        Field("qos", FieldType.INT, "0: may be lost; 1: at least once; 2: once to the broker.", default=1),
        Field("write_timeout", FieldType.DURATION, "How long the broker may take to answer.", default="3s"),
        Field(
            "retained", FieldType.BOOL, "Whether the broker keeps it for those who come later.", default=False
        ),
        Field(
            "retained_interpolated",
            FieldType.STRING,
            "The same for each message: `true` or `false`; it is the stronger.",
            default="",
            interpolated=True,
        ),
        MAX_IN_FLIGHT,
    ),
    description="A message is taken when the broker has acknowledged it; with `qos: 0` when it was sent.",
    examples=({"urls": ["tcp://broker.example.com:1883"], "topic": "orders/${! this.id }"},),
    check=_check,
)
