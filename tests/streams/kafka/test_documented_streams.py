"""Streams as the documentation writes them, and streams that put messages together, against Apache Kafka."""

from __future__ import annotations

import asyncio
import json
import uuid

import pytest
from aiohttp import web

from streams.http.client import HttpClient
from streams.pipeline import Pipeline
from tests.streams.kafka.reading import contents, produce, reader, until
from tests.streams.making import IDENTITY, SERVICES, ListOutput, MemoryQuarantine, findings, stream, with_ends

pytestmark = pytest.mark.kafka

ORCHESTRATION = r"""
input:
  broker:
    inputs:
      - kafka: {addresses: ["BROKER"], topics: [FIRST], consumer_group: GROUP1}
      - kafka: {addresses: ["BROKER"], topics: [SECOND], consumer_group: GROUP2}
pipeline:
  processors:
    - switch:
        cases:
          - check: 'meta("kafka_topic") == "FIRST"'
            processors:
              - mapping: "root.type = \"event_from_stream1\"\nroot.details = this"
              - branch:
                  processors: [{http: {url: "SERVICE/process", verb: POST, body: '${! json() }'}}]
                  result_map: 'root.api1_response = this'
          - check: 'meta("kafka_topic") == "SECOND"'
            processors:
              - mapping: "root.type = \"event_from_stream2\"\nroot.details = this"
              - branch:
                  processors: [{http: {url: "SERVICE/analyze", verb: POST, body: '${! json() }'}}]
                  result_map: 'root.api2_response = this'
    - mapping: |
        root = if this.type == "event_from_stream1" && this.api1_response.status == "ok" {
          this
        } else if this.type == "event_from_stream2" && this.api2_response.status == "ok" {
          this
        } else {
          deleted()
        }
output:
  broker:
    pattern: fan_out
    outputs:
      - kafka: {addresses: ["BROKER"], topic: THIRD, client_id: tyk_fanout1}
      - kafka: {addresses: ["BROKER"], topic: FOURTH, client_id: tyk_fanout2}
      - http_client: {url: "SERVICE/unique-id", verb: POST, body: '${! json() }'}
"""


async def read_of(bootstrap, topic, count):
    """The payloads of so many records."""
    output = ListOutput()
    reading = reader(bootstrap, topic, uuid.uuid4().hex, output)
    running = asyncio.create_task(reading.run())
    await until(lambda: len(output.taken) >= count)
    reading.stop()
    await running
    return [json.loads(content) for content in contents(output)]


async def test_the_documented_orchestration_runs_as_it_stands(kafka_bootstrap, topic_factory, service, http):
    topics = [topic_factory(kafka_bootstrap) for _ in range(4)]
    text = ORCHESTRATION.replace("BROKER", kafka_bootstrap).replace("SERVICE", service.url)
    for name, topic in zip(("FIRST", "SECOND", "THIRD", "FOURTH"), topics, strict=True):
        text = text.replace(name, topic)
    text = text.replace("GROUP", uuid.uuid4().hex)
    assert {one.code for one in findings(text)} == {"wrapped_list", "body_form"}

    async def judged(request):
        good = b"refused" not in await request.read()
        return web.json_response({"status": "ok" if good else "no"})

    service.answers = [judged] * 100
    produce(kafka_bootstrap, topics[0], [b'{"id":1}', b'{"id":2,"state":"refused"}'])
    produce(kafka_bootstrap, topics[1], [b'{"id":3}'])
    pipeline = Pipeline(stream(text), IDENTITY, {**SERVICES, HttpClient: http}, MemoryQuarantine())
    running = asyncio.create_task(pipeline.run())
    await until(lambda: pipeline.sent >= 2 and pipeline.received >= 3)
    pipeline.stop()
    await running
    expected = {("event_from_stream1", 1), ("event_from_stream2", 3)}
    for topic in topics[2:]:
        made = await read_of(kafka_bootstrap, topic, 2)
        assert {(one["type"], one["details"]["id"]) for one in made} == expected
    posted = [json.loads(body) for _, path, _, body in service.asked if path == "/unique-id"]
    assert {(one["type"], one["details"]["id"]) for one in posted} == expected
    assert len(posted) == 2


def kafka_input(bootstrap, topic, group, more=""):
    return f"input: {{kafka: {{addresses: ['{bootstrap}'], topics: [{topic}], consumer_group: '{group}'{more}}}}}\n"


async def ran(text, output, done):
    pipeline = Pipeline(stream(text, with_ends(None, output)), IDENTITY, SERVICES, MemoryQuarantine())
    running = asyncio.create_task(pipeline.run())
    await until(done)
    pipeline.stop()
    await running


async def test_batches_of_an_input_are_of_one_partition_and_no_larger_than_the_policy_says(
    kafka_bootstrap, topic_factory
):
    topic = topic_factory(kafka_bootstrap, partitions=2)
    produce(kafka_bootstrap, topic, [b"%04d" % n for n in range(2100)])
    output = ListOutput()
    batching = ", checkpoint_limit: 1, batching: {count: 50, period: 200ms}"
    processors = "[{mapping: root.of = @kafka_partition}, {archive: {format: json_array}}]"
    text = kafka_input(kafka_bootstrap, topic, uuid.uuid4().hex, batching)
    text += f"pipeline:\n  processors: {processors}\noutput: {{kept0: {{}}}}\n"
    await ran(text, output, lambda: sum(len(one.value) for one in output.taken) >= 2100)
    assert all(len({each["of"] for each in one.value}) == 1 for one in output.taken)
    assert max(len(one.value) for one in output.taken) == 50


async def test_batches_of_an_output_may_be_larger_than_what_an_input_may_have_on_its_way(
    kafka_bootstrap, topic_factory
):
    topic = topic_factory(kafka_bootstrap)
    produce(kafka_bootstrap, topic, [b"%d" % n for n in range(100)])
    output = ListOutput()
    text = kafka_input(kafka_bootstrap, topic, uuid.uuid4().hex, ", checkpoint_limit: 5")
    text += "output: {broker: {outputs: [{kept0: {}}], batching: {count: 50}}}\n"
    await ran(text, output, lambda: len(output.taken) >= 100)
    assert contents(output) == sorted(b"%d" % n for n in range(100))


async def test_what_waits_for_a_window_is_read_again_after_a_stop(kafka_bootstrap, topic_factory):
    topic, group = topic_factory(kafka_bootstrap), uuid.uuid4().hex
    produce(kafka_bootstrap, topic, [b"%d" % n for n in range(3)])
    text = kafka_input(kafka_bootstrap, topic, group)
    waiting, output = ListOutput(), ListOutput()
    long = f"{text}buffer: {{system_window: {{size: 1h}}}}\noutput: {{kept0: {{}}}}\n"
    pipeline = Pipeline(stream(long, with_ends(None, waiting)), IDENTITY, SERVICES, MemoryQuarantine())
    running = asyncio.create_task(pipeline.run())
    await until(lambda: pipeline.statistics.source().lag == 0)
    pipeline.stop()
    await running
    assert waiting.taken == []
    short = f"{text}buffer: {{system_window: {{size: 200ms}}}}\noutput: {{kept0: {{}}}}\n"
    await ran(short, output, lambda: len(output.taken) >= 3)
    assert sorted(contents(output)) == [b"0", b"1", b"2"]
