"""Kafka to Kafka through the mapping of `tests.bench.mapping`, in one process on one core: `manage.py streams run`.

A topic is filled before; what is measured is from the first record of the other topic to the last.
"""

import os
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
from confluent_kafka import Consumer, Producer, TopicPartition

from tests.bench.mapping import MAPPING, small_payloads
from tests.load import cpu
from tests.load.processes import Processes
from tests.load.stage import OwnStage
from tests.load.waiting import wait_until
from tests.parts.topics import Topics

MESSAGES = 300_000
SECONDS = 180.0
Figures = dict[str, Any]
_IN_ORDER: dict[str, Any] = {"max_in_flight": 1, "idempotent_write": True}
"""Acknowledged by all replicas, too."""
_OWN_METADATA: dict[str, Any] = {"metadata": {"exclude_prefixes": ["kafka_"]}}
"""Headers are what the mapping sets: where a record was read is no header of its copy."""
_PIPELINES: dict[str, list[dict[str, Any]]] = {
    "the mapping": [{"mapping": MAPPING.replace("@kind", '"issues"')}],
    "no processor": [],
}


def results(stage: OwnStage, *, runs: int) -> Iterator[Figures]:
    """Messages a second and microseconds of processor time a message."""
    bootstrap, topics = stage.kafka.bootstrap_servers, Topics()
    try:
        source = topics(bootstrap, partitions=1)
        _fill(bootstrap, source)
        for run in range(runs):
            for name, processors in _PIPELINES.items():
                target = topics(bootstrap, partitions=1)
                figures = _measured(stage, source, target, processors)
                yield {"benchmark": "pipeline", "processors": name, "run": run, **figures}
    finally:
        topics.delete()


def _fill(bootstrap: str, topic: str) -> None:
    producer = Producer(
        {"bootstrap.servers": bootstrap, "linger.ms": 20, "queue.buffering.max.messages": MESSAGES}
    )
    bodies = [body for _, body in small_payloads()]
    for number in range(MESSAGES):
        producer.produce(topic, bodies[number % len(bodies)])
        producer.poll(0)
    producer.flush()


def _measured(stage: OwnStage, source: str, target: str, processors: list[dict[str, Any]]) -> Figures:
    with tempfile.TemporaryDirectory(prefix="sluice-bench-") as name:
        directory = Path(name)
        config = _configuration(stage.kafka.bootstrap_servers, source, target, processors)
        (directory / "stream.json").write_bytes(orjson.dumps(config))
        processes = Processes({**os.environ, "SLUICE_LOG_LEVEL": "WARNING"}, directory)
        command = [sys.executable, "manage.py", "streams", "run", str(directory / "stream.json")]
        child = processes.start("pipeline", command)
        os.sched_setaffinity(child.pid, {0})
        try:
            wait_until(lambda: _written(stage, target) > 0, "the first message", SECONDS, poll=0.02)
            first, began, before = _written(stage, target), time.monotonic(), cpu.seconds(child.pid)
            wait_until(lambda: _written(stage, target) >= MESSAGES, "all messages", SECONDS, poll=0.1)
            took, used = time.monotonic() - began, cpu.seconds(child.pid) - before
        finally:
            child.stop()
    count = MESSAGES - first
    return {"messages/s": round(count / took), "us": round(used / count * 1e6, 1)}


def _configuration(
    bootstrap: str, source: str, target: str, processors: list[dict[str, Any]]
) -> dict[str, Any]:
    group = f"bench-{uuid.uuid4().hex[:8]}"
    return {
        "input": {"kafka": {"addresses": [bootstrap], "topics": [source], "consumer_group": group}},
        "pipeline": {"threads": 1, "processors": processors},
        "output": {"kafka": {"addresses": [bootstrap], "topic": target, **_IN_ORDER, **_OWN_METADATA}},
    }


def _written(stage: OwnStage, topic: str) -> int:
    """How many records the topic's partition has."""
    consumer = Consumer({"bootstrap.servers": stage.kafka.bootstrap_servers, "group.id": "bench"})
    try:
        _, high = consumer.get_watermark_offsets(TopicPartition(topic, 0), timeout=10.0)
    finally:
        consumer.close()
    return int(high)
