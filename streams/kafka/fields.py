"""What the `kafka` input and output share of their declarations."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from streams.connections import RESERVED_TOPICS, ConnectionSettings
from streams.errors import UnknownConnectionError
from streams.spec import Config, Field, FieldType, Problem, Rules, Shape

_IN_CONNECTION: Final = "it belongs to a connection, which the operator defines and `addresses` names"

ADDRESSES: Final = Field(
    "addresses",
    FieldType.STRING,
    "The name of a connection, or the addresses (`host:port`) it has.",
    shape=Shape.LIST,
)
CLIENT_ID: Final = Field("client_id", FieldType.STRING, "How the broker's logs call us.", default="sluice")
RACK_ID: Final = Field("rack_id", FieldType.STRING, "Where we are, to read from a near replica.", default="")
TARGET_VERSION: Final = Field(
    "target_version", FieldType.STRING, "Accepted; versions are negotiated with the broker.", default=""
)
TLS: Final = Field("tls", FieldType.ANY, "TLS settings.", default={}, refused=_IN_CONNECTION)
SASL: Final = Field("sasl", FieldType.ANY, "Credentials.", default={}, refused=_IN_CONNECTION, secret=True)


def check_connection(
    config: Config, topics: dict[str, tuple[str | int, ...]], rules: Rules
) -> Iterable[Problem]:
    """What is wrong with the addresses, and with topics that their connection does not allow.

    topics: each with the path where it is written.
    """
    if rules.connections is None:
        return
    try:
        connection = rules.connections.resolve(config["addresses"])
    except UnknownConnectionError as error:
        yield Problem(("addresses",), "unknown_connection", str(error), "name a connection of the operator")
        return
    for topic, path in topics.items():
        if not connection.allows(topic):
            yield Problem(
                path, "topic_not_allowed", topic_refusal(connection, topic), "ask the operator for it"
            )


def topic_refusal(connection: ConnectionSettings, topic: str) -> str:
    """Why a topic may not be used."""
    if topic.startswith(RESERVED_TOPICS):
        return f"{topic!r} is a topic of Sluice's own: names that begin with {RESERVED_TOPICS!r} are reserved"
    allowed = ", ".join(connection.allowed_topics)
    return f"the connection {connection.name!r} does not allow the topic {topic!r} (it allows {allowed})"
