"""Connections to MQTT brokers: declared alike by the input and the output, and opened through the guard."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from typing import Any, Final

import aiomqtt

from streams.connections import Connections
from streams.http.tls import TLS, check_tls
from streams.link import Link, connect_first
from streams.mqtt.client import MqttClient
from streams.outbound import Guard
from streams.server_tls import server_context
from streams.servers import Scheme, Server, check_servers, find_servers
from streams.spec import BuildContext, Config, Field, FieldType, Problem, Rules, Shape

_SECURE: Final = ("mqtts", "ssl", "tls", "tcps", "mqtt+ssl")
SCHEME: Final = Scheme(
    "mqtt", {"tcp": 1883, "mqtt": 1883, **dict.fromkeys(_SECURE, 8883)}, frozenset(_SECURE)
)
LARGEST_QOS: Final = 2
_SUFFIX_BYTES: Final = 16
_SUFFIX: Final = 21

CONNECTION: Final = (
    Field(
        "urls",
        FieldType.STRING,
        "The name of a connection, or URLs such as `tcp://host:1883`; the first that lets us in is used.",
        shape=Shape.LIST,
    ),
    Field("client_id", FieldType.STRING, "How the broker knows us; empty: as it likes.", default=""),
    Field(
        "dynamic_client_id_suffix",
        FieldType.STRING,
        "What follows `client_id`, new with each start.",
        default="",
        options=("", "nanoid"),
    ),
    Field("connect_timeout", FieldType.DURATION, "How long connecting may take.", default="30s"),
    Field(
        "will",
        FieldType.OBJECT,
        "A message that the broker sends when we are gone without a word.",
        children=(
            Field("enabled", FieldType.BOOL, "Whether there is one.", default=False),
            Field("qos", FieldType.INT, "0, 1 or 2.", default=0),
            Field("retained", FieldType.BOOL, "Whether the broker keeps it.", default=False),
            Field("topic", FieldType.STRING, "Its topic.", default=""),
            Field("payload", FieldType.STRING, "What it says.", default=""),
        ),
    ),
    Field("user", FieldType.STRING, "A name, where no connection has one.", default=""),
    Field("password", FieldType.STRING, "Its password.", default="", secret=True),
    Field(
        "keepalive", FieldType.INT, "Seconds of silence before we ask whether it is still there.", default=30
    ),
    TLS,
)

MqttLink = Link[MqttClient]


def mqtt_servers(config: Config, context: BuildContext) -> tuple[Server, ...]:
    """The servers of a checked body. Raises ConfigError."""
    return find_servers(config["urls"], SCHEME, context.service(Connections))


def make_link(
    servers: tuple[Server, ...],
    config: Config,
    context: BuildContext,
    subscriptions: Iterable[tuple[str, int]] = (),
    **options: Any,
) -> MqttLink:
    """Make the link to the first of the servers that lets us in.

    subscriptions: topics with their QoS, asked for by each new client. options: of aiomqtt's Client.
    """
    guard = context.service(Guard)
    suffix = secrets.token_urlsafe(_SUFFIX_BYTES)[:_SUFFIX] if config["dynamic_client_id_suffix"] else ""
    named = {"identifier": config["client_id"] + suffix, "keepalive": config["keepalive"], **options}
    wanted = list(subscriptions)

    async def connect(server: Server, address: str) -> MqttClient:
        client = MqttClient(
            server.host,
            address,
            server.port,
            seconds=config["connect_timeout"],
            context=server_context(server, config),
            will=_will(config["will"]),
            **_credentials(server, config),
            **named,
        )
        await client.connect()
        if wanted:
            await _subscribe(client, wanted)
        return client

    seconds = config["connect_timeout"] * 2
    return Link(
        lambda: connect_first(servers, guard, connect, (aiomqtt.MqttError, ValueError), seconds),
        MqttClient.close,
    )


def check_mqtt(
    config: Config, rules: Rules, topics: Mapping[str, tuple[str | int, ...]]
) -> Iterable[Problem]:
    """What is wrong with what all MQTT components have, and with topics that the connection does not allow.

    topics: each with the path where it is written.
    """
    yield from check_servers("urls", config["urls"], SCHEME, rules, topics)
    yield from check_tls(config)
    for path, qos in ((("qos",), config["qos"]), (("will", "qos"), config["will"]["qos"])):
        if not 0 <= qos <= LARGEST_QOS:
            yield Problem(path, "wrong_value", f"qos is 0, 1 or 2, not {qos}")
    if config["will"]["enabled"] and not config["will"]["topic"]:
        yield Problem(("will", "topic"), "missing_field", "a last message needs a topic")


async def _subscribe(client: MqttClient, wanted: list[tuple[str, int]]) -> None:
    """Ask for topics. Raises aiomqtt.MqttError for those that the broker refuses."""
    try:
        granted = await client.subscribe(wanted)
    except BaseException:
        await client.close()
        raise
    refused = [
        topic for (topic, _), code in zip(wanted, granted, strict=True) if getattr(code, "is_failure", False)
    ]
    if refused:
        await client.close()
        raise aiomqtt.MqttError(f"the broker refuses the topics {', '.join(refused)}")


def _credentials(server: Server, config: Config) -> dict[str, str]:
    of_connection = server.connection is not None and server.username
    username = server.username if of_connection or not config["user"] else config["user"]
    password = server.password if of_connection or not config["user"] else config["password"]
    return {"username": username, "password": password} if username else {}


def _will(config: Config) -> aiomqtt.Will | None:
    if not config["enabled"]:
        return None
    return aiomqtt.Will(config["topic"], config["payload"], config["qos"], config["retained"])
