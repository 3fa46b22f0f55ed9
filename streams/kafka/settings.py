"""How our settings are called in librdkafka (its CONFIGURATION.md)."""

from __future__ import annotations

from typing import Any, Final

from streams.connections import ConnectionSettings
from streams.spec import Config

LibrdkafkaConfig = dict[str, Any]

FETCH_WAIT_MS: Final = 50
"""How long a broker may hold an empty fetch. Brokers that do not wake a waiting fetch add this to every event."""
HEARTBEAT_MS: Final = 1_000
"""The longest between heartbeats. Members learn by them that the group has changed: until the last one knows, the
partitions that change hands are read by nobody."""
METADATA_MS: Final = 10_000
"""How often topics are looked at anew: bounds how late a new topic or partition is noticed."""


def connection_config(settings: ConnectionSettings, client_id: str) -> LibrdkafkaConfig:
    """What every client needs."""
    config: LibrdkafkaConfig = {
        "bootstrap.servers": ",".join(settings.addresses),
        "client.id": client_id,
        "topic.metadata.refresh.interval.ms": METADATA_MS,
        "socket.keepalive.enable": True,
        "reconnect.backoff.max.ms": 2_000,
        "security.protocol": _protocol(settings),
        # Its own log would go to stderr past our logging; errors come by callback.
        "log_level": 0,
    }
    if settings.tls and settings.ca_certificate:
        config["ssl.ca.pem"] = settings.ca_certificate
    if settings.sasl_mechanism:
        config |= {
            "sasl.mechanism": settings.sasl_mechanism,
            "sasl.username": settings.username,
            "sasl.password": settings.password,
        }
    return config


def _protocol(settings: ConnectionSettings) -> str:
    return ("SASL_" if settings.sasl_mechanism else "") + ("SSL" if settings.tls else "PLAINTEXT")


def consumer_config(connection: LibrdkafkaConfig, config: Config) -> LibrdkafkaConfig:
    """What the consumer of a checked `kafka` input needs."""
    group = config["group"]
    return connection | {
        "group.id": config["consumer_group"],
        "partition.assignment.strategy": "cooperative-sticky",
        "session.timeout.ms": _ms(group["session_timeout"]),
        "heartbeat.interval.ms": min(_ms(group["heartbeat_interval"]), HEARTBEAT_MS),
        "max.poll.interval.ms": _ms(max(group["rebalance_timeout"], group["session_timeout"])),
        "isolation.level": config["transaction_isolation_level"],
        "client.rack": config["rack_id"],
        # A position that is gone begins at the oldest record kept, so that nothing the broker holds is skipped.
        "auto.offset.reset": "earliest",
        # We say which offsets are done; librdkafka commits them on time, at a revocation and at the end.
        "enable.auto.offset.store": False,
        "enable.auto.commit": True,
        "auto.commit.interval.ms": max(1, _ms(config["commit_period"])),
        "fetch.wait.max.ms": FETCH_WAIT_MS,
        "fetch.queue.backoff.ms": 20,
        "queued.min.messages": 10_000,
        "queued.max.messages.kbytes": 16_384,
    }


def producer_config(connection: LibrdkafkaConfig, config: Config) -> LibrdkafkaConfig:
    """What the producer of a checked `kafka` output needs."""
    backoff = config["backoff"]
    # A record that is given back is tried again by the pipeline, so that the client may give up early.
    patience = backoff["max_elapsed_time"] and max(config["timeout"], backoff["max_elapsed_time"])
    retries = {"retries": config["max_retries"]} if config["max_retries"] else {}
    ours = {
        "acks": "all" if config["ack_replicas"] or config["idempotent_write"] else "1",
        "enable.idempotence": config["idempotent_write"],
        "compression.type": config["compression"],
        "partitioner": _PARTITIONERS[config["partitioner"]],
        "message.max.bytes": config["max_msg_bytes"],
        "request.timeout.ms": max(1, _ms(config["timeout"])),
        "delivery.timeout.ms": _ms(patience),
        "retry.backoff.ms": min(1_000, _ms(backoff["initial_interval"])),
        "retry.backoff.max.ms": max(1_000, _ms(backoff["max_interval"])),
        "client.rack": config["rack_id"],
        "linger.ms": 2,
        "sticky.partitioning.linger.ms": 0,
        "queue.buffering.max.kbytes": 65_536,
    }
    return connection | ours | retries


_PARTITIONERS: Final = {
    "fnv1a_hash": "fnv1a_random",
    "murmur2_hash": "murmur2_random",
    "random": "random",
    "manual": "consistent_random",
}


def _ms(seconds: float) -> int:
    return int(seconds * 1000)
