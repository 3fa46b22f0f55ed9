"""A pipeline that reads a topic, and what its tests do to the topic."""

import asyncio

from confluent_kafka import Producer

from streams.builtin import core_registry
from streams.pipeline import Pipeline
from streams.spec import ComponentSpec, Kind
from tests.streams.making import IDENTITY, SERVICES, MemoryQuarantine, stream

DEADLINE = 60


def produce(bootstrap, topic, values):
    producer = Producer({"bootstrap.servers": bootstrap})
    for value in values:
        producer.produce(topic, value, key=value, headers={"from": "test"})
    assert producer.flush(DEADLINE) == 0


async def until(true):
    async with asyncio.timeout(DEADLINE):
        while not true():
            await asyncio.sleep(0.02)


def reader(bootstrap, topic, group, output, **more):
    fields = "".join(f", {name}: {value}" for name, value in more.items())
    text = (
        f"input: {{kafka: {{addresses: ['{bootstrap}'], topics: [{topic}], consumer_group: {group}{fields}}}}}\n"
        "output: {kept: {}}\n"
    )
    registry = core_registry().with_component(ComponentSpec(Kind.OUTPUT, "kept", "", lambda *_: output))
    return Pipeline(stream(text, registry), IDENTITY, SERVICES, MemoryQuarantine())


def contents(output):
    return sorted(one.content for one in output.taken)
