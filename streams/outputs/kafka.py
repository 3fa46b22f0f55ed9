"""The `kafka` output: a record for each message."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Final

import orjson

from streams.batching import batching_field, check_policy, is_on
from streams.batching_output import with_batching
from streams.bloblang import Interpolation, MappingError, interpolate
from streams.connections import Connections, ConnectionSettings
from streams.errors import BatchError, RejectedMessageError
from streams.kafka.fields import (
    ADDRESSES,
    CLIENT_ID,
    RACK_ID,
    SASL,
    TARGET_VERSION,
    TLS,
    check_connection,
    topic_refusal,
)
from streams.kafka.in_flight import InFlight
from streams.kafka.producer import ANY_PARTITION, Headers, KafkaProducer, Outgoing, WhenFull
from streams.kafka.settings import connection_config, producer_config
from streams.message import Message
from streams.outputs.fields import EXCLUDED_METADATA, MAX_IN_FLIGHT, check_in_flight
from streams.refused import tracing
from streams.spec import (
    BuildContext,
    ComponentSpec,
    Config,
    Field,
    FieldType,
    Kind,
    Output,
    Problem,
    Rules,
    Shape,
)
from streams.statistics import SourceStatus, Statistics

_TOPIC: Final = re.compile(r"[A-Za-z0-9._-]{1,249}")


class KafkaOutput:
    """Produces messages to topics of one connection."""

    def __init__(self, config: Config, settings: ConnectionSettings, when_full: WhenFull) -> None:
        self._settings = settings
        self._topic = interpolate(config["topic"])
        self._key = interpolate(config["key"])
        self._partition = interpolate(config["partition"]) if config["partitioner"] == "manual" else None
        self._static: Headers = [(name, value) for name, value in config["static_headers"].items()]
        self._excluded = tuple(config["metadata"]["exclude_prefixes"])
        self._room = InFlight(config["max_in_flight"])
        connection = connection_config(settings, config["client_id"])
        self._producer = KafkaProducer(producer_config(connection, config), when_full)
        self._topics: dict[str, bool] = {}

    async def connect(self) -> None:
        """Reach a broker. Raises ConnectError."""
        await self._producer.connect()

    async def close(self) -> None:
        """Send what is queued."""
        await self._producer.close()

    async def write(self, messages: list[Message]) -> None:
        """Return when the brokers have acknowledged all. Raises BatchError for the others."""
        records, errors = self._records(messages)
        if not self._room.enter():
            await self._room.wait()
        try:
            await self._producer.send(records)
        except BatchError as error:
            places = [at for at in range(len(messages)) if at not in errors]
            errors |= {places[at]: reason for at, reason in error.errors.items()}
        finally:
            self._room.leave()
        if errors:
            raise BatchError(errors)

    def _records(self, messages: list[Message]) -> tuple[list[Outgoing], dict[int, Exception]]:
        """What is to be produced, and of which messages nothing can be."""
        records: list[Outgoing] = []
        errors: dict[int, Exception] = {}
        for at in range(len(messages)):
            try:
                records.append(self._record(messages, at))
            except (MappingError, RejectedMessageError) as error:
                errors[at] = RejectedMessageError(str(error))
        return records, errors

    def status(self) -> SourceStatus:
        """Whether the brokers can be reached."""
        return SourceStatus(error=self._producer.error)

    def _record(self, messages: list[Message], at: int) -> Outgoing:
        message = messages[at]
        return Outgoing(
            self._allowed(self._topic.resolve(messages, at)),
            message.content,
            self._key.resolve(messages, at).encode() or None,
            self._headers(message),
            ANY_PARTITION if self._partition is None else _number(self._partition, messages, at),
        )

    def _allowed(self, topic: str) -> str:
        known = self._topics.get(topic)
        if known is None:
            known = self._topics[topic] = bool(_TOPIC.fullmatch(topic)) and self._settings.allows(topic)
        if not known:
            malformed = f"{topic!r} is no name of a topic"
            refusal = topic_refusal(self._settings, topic) if _TOPIC.fullmatch(topic) else malformed
            raise RejectedMessageError(refusal)
        return topic

    def _headers(self, message: Message) -> Headers:
        excluded = self._excluded
        headers: Headers = [
            (name, value if value.__class__ is str else _encoded(value))
            for name, value in message.metadata.items()
            if not name.startswith(excluded)
        ]
        return headers + self._static if self._static else headers


def _encoded(value: Any) -> str | bytes:
    return value if isinstance(value, (str, bytes)) else orjson.dumps(value)


def _number(partition: Interpolation, messages: list[Message], at: int) -> int:
    text = partition.resolve(messages, at)
    if not text.isdecimal():
        raise RejectedMessageError(f"{text!r} is no number of a partition")
    return int(text)


def _build(config: Config, context: BuildContext) -> Output:
    settings = context.service(Connections).resolve(config["addresses"])
    output = KafkaOutput(config, settings, context.choice(WhenFull.WAIT))
    context.service(Statistics).sources.append(output.status)
    return with_batching(output, config["batching"], context)


def _check(config: Config, rules: Rules) -> Iterable[Problem]:
    topics: dict[str, tuple[str | int, ...]] = {}
    if "${" not in config["topic"]:
        topics[config["topic"]] = ("topic",)
        if not _TOPIC.fullmatch(config["topic"]):
            yield Problem(("topic",), "wrong_value", f"{config['topic']!r} is no name of a topic")
    if (config["partitioner"] == "manual") != bool(config["partition"]):
        message = "`partition` says where to produce to when, and only when, `partitioner` is `manual`"
        yield Problem(("partition",), "wrong_value", message)
    yield from check_policy(("batching",), config["batching"])
    yield from check_in_flight(config)
    yield from check_connection(config, topics, rules)


def _duration(name: str, summary: str, default: str) -> Field:
    return Field(name, FieldType.DURATION, summary, default=default)


def _flag(name: str, summary: str, *, refused: str = "") -> Field:
    return Field(name, FieldType.BOOL, summary, default=False, refused=refused)


def _text(name: str, summary: str, **more: Any) -> Field:
    return Field(name, FieldType.STRING, summary, **more)


KAFKA: Final = ComponentSpec(
    kind=Kind.OUTPUT,
    name="kafka",
    summary="Produces a record to Kafka for each message.",
    description=(
        "A batch is taken when the brokers have acknowledged all of it. A message too large for the broker, or"
        " whose topic or key cannot be worked out, goes to quarantine."
    ),
    fields=(
        ADDRESSES,
        _text("topic", "The topic to produce to.", interpolated=True),
        _text("key", "The record's key; none when empty.", default="", interpolated=True),
        _text(
            "partitioner",
            "How a key chooses a partition. Records without a key go anywhere.",
            default="fnv1a_hash",
            options=("fnv1a_hash", "murmur2_hash", "random", "manual"),
        ),
        _text("partition", "The partition, with the `manual` partitioner.", default="", interpolated=True),
        CLIENT_ID,
        RACK_ID,
        TARGET_VERSION,
        _text(
            "compression",
            "How batches are compressed.",
            default="none",
            options=("none", "snappy", "lz4", "gzip", "zstd"),
        ),
        _text("static_headers", "Headers of every record.", default={}, shape=Shape.MAP),
        replace(EXCLUDED_METADATA, summary="Which metadata become headers."),
        replace(MAX_IN_FLIGHT, summary="Batches that may wait for the brokers; 1: order."),
        _flag("idempotent_write", "Keep the order, and write nothing twice, when the client tries again."),
        _flag("ack_replicas", "Wait for all replicas that are in sync."),
        Field("max_msg_bytes", FieldType.INT, "Largest batch of records sent.", default=1_000_000),
        _duration("timeout", "How long a broker may take to answer.", "5s"),
        Field("max_retries", FieldType.INT, "Tries of the client itself; 0: until time is up.", default=0),
        Field(
            "backoff",
            FieldType.OBJECT,
            "How the client itself tries again.",
            children=(
                _duration("initial_interval", "The first wait.", "3s"),
                _duration("max_interval", "The longest wait.", "10s"),
                _duration("max_elapsed_time", "When it gives the record back; 0s: never.", "30s"),
            ),
        ),
        _flag("retry_as_batch", "Try whole batches again.", refused="only what failed is tried again"),
        Field(
            "custom_topic_creation",
            FieldType.ANY,
            "Whether topics are made.",
            default={},
            refused="topics are made by the broker or its operator",
        ),
        batching_field(),
        TLS,
        SASL,
        tracing("inject_tracing_map"),
    ),
    examples=({"addresses": ["localhost:9092"], "topic": "orders", "key": '${! json("id") }'},),
    build=_build,
    check=_check,
    batchwise=lambda config: is_on(config["batching"]),
)
