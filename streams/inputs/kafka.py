"""The `kafka` input: topics, read as a member of a consumer group."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from streams.batching import HeldBack, batching_field, check_policy, held_back, is_on
from streams.batching_input import with_batching
from streams.bloblang.caller_text import names_in
from streams.connections import Connections, ConnectionSettings
from streams.errors import ConfigError
from streams.kafka.consumer import Subscription
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
from streams.kafka.settings import connection_config, consumer_config
from streams.kafka.source import MAX_BATCH, KafkaSource
from streams.refused import tracing
from streams.spec import (
    BuildContext,
    ComponentSpec,
    Config,
    Field,
    FieldType,
    Input,
    Kind,
    Problem,
    Rules,
    Shape,
)
from streams.statistics import Statistics

_TOPIC: Final = re.compile(r"[A-Za-z0-9._-]{1,249}")


def topic_names(topics: Sequence[str]) -> list[str]:
    """The topics of a list whose entries may each hold several, separated by commas."""
    return [name.strip() for entry in topics for name in entry.split(",") if name.strip()]


def _build(config: Config, context: BuildContext) -> Input:
    waiting = held_back(config["batching"]) + context.choice(HeldBack()).messages
    if waiting:
        waiting += MAX_BATCH  # records read together are dealt with together, so that one that waits holds up the rest
    limited = {**config, "checkpoint_limit": config["checkpoint_limit"] + waiting}
    source = make_source(limited, brokers_of(config, context.service(Connections)))
    context.service(Statistics).sources.append(source.status)
    return with_batching(source, config["batching"], context)


def brokers_of(config: Config, connections: Connections) -> ConnectionSettings:
    """How to reach the brokers of a checked body. Raises ConfigError where its topics may not be read now."""
    settings = connections.resolve(config["addresses"])
    for topic in topic_names(config["topics"]):
        if not settings.allows(topic):
            raise ConfigError(topic_refusal(settings, topic))
    return settings


def make_source(
    config: Config, settings: ConnectionSettings, kind: Callable[..., KafkaSource] = KafkaSource
) -> KafkaSource:
    """Make the reader of a checked body; settings: of the brokers it is to read. kind: what to call to make it."""
    connection = connection_config(settings, config["client_id"])
    return kind(
        connection,
        consumer_config(connection, config),
        Subscription(
            topics=tuple(topic_names(config["topics"])),
            from_oldest=config["start_from_oldest"],
            buffer=config["fetch_buffer_cap"],
            multi_header=config["multi_header"],
        ),
        checkpoint_limit=config["checkpoint_limit"],
        replay=config["auto_replay_nacks"],
    )


def _check(config: Config, rules: Rules) -> Iterable[Problem]:
    topics: dict[str, tuple[str | int, ...]] = {}
    for at, entry in enumerate(config["topics"]):
        topics |= dict.fromkeys(topic_names([entry]), ("topics", at))
    if not topics:
        yield Problem(("topics",), "missing_field", "no topic is named")
    yield from _check_names(topics)
    if not config["consumer_group"]:
        yield Problem(
            ("consumer_group",),
            "missing_field",
            "topics are divided among the members of a consumer group, and none is named",
            "name one; a stream that shall see every message needs a group of its own",
        )
    yield from check_policy(("batching",), config["batching"])
    if is_on(config["batching"]) and any(True for _ in names_in(config["consumer_group"])):
        message = "messages of one caller are handed over as they come, not in batches"
        yield Problem(("batching",), "batches_of_caller", message, "take it out")
    for name in ("checkpoint_limit", "fetch_buffer_cap"):
        if config[name] < 1:
            yield Problem((name,), "wrong_value", f"{name} is at least 1")
    yield from check_connection(config, topics, rules)


def _check_names(topics: dict[str, tuple[str | int, ...]]) -> Iterable[Problem]:
    for topic, path in topics.items():
        if ":" in topic:
            message = f"{topic!r} names partitions, which is not available in this version of Sluice"
            yield Problem(path, "not_supported", message, "name the topic; the group divides its partitions")
        elif not _TOPIC.fullmatch(topic):
            yield Problem(path, "wrong_value", f"{topic!r} is no name of a topic")


KAFKA: Final = ComponentSpec(
    kind=Kind.INPUT,
    name="kafka",
    summary="Reads topics of Kafka as a member of a consumer group.",
    description=(
        "Offsets are committed once the output has the messages, up to the lowest that is still owed."
        " Each message has the metadata `kafka_key`, `kafka_topic`, `kafka_partition`, `kafka_offset`, `kafka_lag`,"
        " `kafka_timestamp_unix`, `kafka_timestamp_unix_ms`, `kafka_tombstone_message`, and the record's headers."
    ),
    fields=(
        ADDRESSES,
        Field("topics", FieldType.STRING, "The topics to read.", shape=Shape.LIST),
        Field(
            "consumer_group",
            FieldType.STRING,
            "The group that remembers what was read; with variables of the caller, each has a place of its own.",
            default="",
            caller_variables=True,
        ),
        CLIENT_ID,
        RACK_ID,
        TARGET_VERSION,
        Field(
            "start_from_oldest",
            FieldType.BOOL,
            "Where a new group begins: at the oldest record, or at those to come.",
            default=True,
        ),
        Field(
            "checkpoint_limit",
            FieldType.INT,
            "Messages of one partition that may be on their way at a time; 1 keeps strict order.",
            default=1024,
        ),
        Field(
            "auto_replay_nacks", FieldType.BOOL, "Try rejected messages again; else drop them.", default=True
        ),
        Field("commit_period", FieldType.DURATION, "How often offsets are committed.", default="1s"),
        Field(
            "transaction_isolation_level",
            FieldType.STRING,
            "Whether records of open and aborted transactions are read.",
            default="read_uncommitted",
            options=("read_uncommitted", "read_committed"),
        ),
        Field(
            "group",
            FieldType.OBJECT,
            "How the group notices lost members.",
            children=(
                Field(
                    "session_timeout",
                    FieldType.DURATION,
                    "Silence after which a member is lost.",
                    default="10s",
                ),
                Field(
                    "heartbeat_interval", FieldType.DURATION, "How often a member is heard of.", default="3s"
                ),
                Field("rebalance_timeout", FieldType.DURATION, "How long rejoining may take.", default="60s"),
            ),
        ),
        Field("fetch_buffer_cap", FieldType.INT, "Records that may wait for the stream.", default=256),
        Field("multi_header", FieldType.BOOL, "Keep every value of a header, as a list.", default=False),
        Field(
            "max_processing_period",
            FieldType.DURATION,
            "Accepted; a slow stream holds up reading and loses no partition.",
            default="100ms",
        ),
        Field(
            "debug", FieldType.BOOL, "Accepted; the client's errors are in the stream's state.", default=False
        ),
        batching_field(),
        TLS,
        SASL,
        tracing("extract_tracing_map"),
        tracing("new_root_span_with_link"),
    ),
    examples=({"addresses": ["localhost:9092"], "topics": ["orders"], "consumer_group": "sluice"},),
    build=_build,
    check=_check,
)
