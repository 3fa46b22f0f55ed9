"""How a stream's clients get its messages, decided from its configuration."""

from dataclasses import replace

import pytest

from gateway.http_server import HTTP_SERVER_OUTPUT
from gateway.http_server_input import HTTP_SERVER_INPUT
from gateway.reading import (
    Delivery,
    Reading,
    delivery_of,
    is_per_caller,
    plan_reading,
    runs_in_worker,
    serves_clients,
    takes_requests,
)
from streams.builtin import core_registry
from streams.lint import CheckedStream
from tests.streams.making import stream

REGISTRY = core_registry().with_component(HTTP_SERVER_INPUT, HTTP_SERVER_OUTPUT)
KAFKA = "kafka: {addresses: ['k:9092'], topics: [orders], consumer_group: g}"
TO_CLIENTS = "http_server: {stream_path: /sse}"


def made(
    *, reading: str = KAFKA, beside: str = "", processors: str = "", output: str = TO_CLIENTS
) -> CheckedStream:
    text = f"""
input: {{{reading}{f", processors: [{beside}]" if beside else ""}}}
pipeline: {{processors: [{processors}]}}
output: {{{output}}}
"""
    return stream(text, REGISTRY)


@pytest.mark.parametrize(
    "processor",
    [
        "mapping: 'root = this.order'",
        "mapping: 'root.at = meta(\"kafka_timestamp_unix\")'",
        "mutation: 'root.seen = true'",
        "bloblang: 'root = if this.big { deleted() }'",
    ],
)
def test_pure_processors_are_repeated_by_every_process(processor):
    assert plan_reading(made(processors=processor)) is Reading.REPLAY
    assert plan_reading(made(beside=processor)) is Reading.REPLAY


@pytest.mark.parametrize(
    "processor",
    [
        "mapping: 'root.at = now()'",
        "mutation: 'root.id = uuid_v4()'",
        "mapping: 'root.n = counter()'",
        "mapping: 'root.n = batch_index()'",
        'mapping: "map made {\\n root = random_int()\\n}\\nroot.n = this.apply(\\"made\\")"',
    ],
)
def test_processors_that_give_something_else_each_time_run_once(processor):
    assert plan_reading(made(processors=processor)) is Reading.INTERNAL
    assert plan_reading(made(beside=processor)) is Reading.INTERNAL


@pytest.mark.parametrize(
    "reading",
    [
        "generate: {mapping: 'root = 1'}",
        "http_server: {path: /post}",
        f"broker: {{inputs: [{{{KAFKA}}}]}}",
    ],
)
def test_other_inputs_run_once(reading):
    assert plan_reading(made(reading=reading)) is Reading.INTERNAL


def test_an_output_beside_the_clients_is_written_once():
    both = f"broker: {{outputs: [{{{TO_CLIENTS}}}, {{drop: {{}}}}]}}"
    checked = made(output=both)
    assert plan_reading(checked) is Reading.INTERNAL
    assert serves_clients(checked)


@pytest.mark.parametrize(
    ("parts", "by_worker"),
    [
        ({}, False),
        ({"processors": "mapping: 'root = now()'"}, True),
        ({"reading": "http_server: {path: /post}"}, False),
        ({"reading": "http_server: {path: /post}", "output": "drop: {}"}, False),
        ({"output": "drop: {}"}, True),
        ({"reading": "generate: {mapping: 'root = 1'}"}, True),
    ],
)
def test_workers_run_what_neither_takes_requests_nor_is_repeated(parts, by_worker):
    assert runs_in_worker(made(**parts)) is by_worker


def test_a_stream_that_begins_in_http_takes_requests():
    assert takes_requests(made(reading="http_server: {path: /post}"))
    assert not takes_requests(made())


@pytest.mark.parametrize(
    ("written", "dialect", "delivery"),
    [
        ("", "tyk", Delivery.ROUND_ROBIN),
        ("", "sluice", Delivery.BROADCAST),
        ("broadcast", "tyk", Delivery.BROADCAST),
        ("round_robin", "sluice", Delivery.ROUND_ROBIN),
    ],
)
def test_who_gets_a_message_is_said_or_follows_from_the_dialect(written, dialect, delivery):
    checked = made()
    output = replace(checked.output, config={**checked.output.config, "delivery": written})
    assert delivery_of(checked, output, dialect) is delivery


def test_a_consumer_group_of_the_request_gives_each_caller_its_own_messages():
    own = made(reading=KAFKA.replace(": g}", ": $tyk_context.request_data_user}"))
    assert is_per_caller(own)
    assert not runs_in_worker(own)
    assert delivery_of(own, own.output, "sluice") is Delivery.ROUND_ROBIN
    assert not is_per_caller(made())
    assert not is_per_caller(made(reading="generate: {mapping: 'root = 1'}"))
