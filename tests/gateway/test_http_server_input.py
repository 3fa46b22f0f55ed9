"""What a definition may say of an `http_server` input, and beside which inputs."""

import pytest

from gateway.http_server import HTTP_SERVER_OUTPUT
from gateway.http_server_input import HTTP_SERVER_INPUT
from streams.builtin import core_registry
from tests.streams.making import findings, stream

REGISTRY = core_registry().with_component(HTTP_SERVER_INPUT, HTTP_SERVER_OUTPUT)
GOOD = "input: {http_server: {path: /chat%s}}\noutput: {drop: {}}\n"
MIXED = """
input:
  broker:
    inputs:
      - kafka: {addresses: [main], topics: [a], consumer_group: g}
      - %s
output: {drop: {}}
"""


def test_the_synchronous_answer_has_bentos_defaults():
    config = stream(GOOD % "", REGISTRY).input.config["sync_response"]

    assert config == {
        "status": "200",
        "headers": {"Content-Type": "application/octet-stream"},
        "metadata_headers": {"include_prefixes": [], "include_patterns": []},
    }


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ("sync_response: {status: '${! nonsense('}", "bad_interpolation"),
        ("sync_response: {headers: {Content-Length: '1'}}", "header_reserved"),
        ("sync_response: {metadata_headers: {include_patterns: ['(']}}", "bad_pattern"),
        ("sync_response: {body: x}", "unknown_key"),
        ("rate_limit: x", "field_refused"),
        ("ws_path: /chat", "path_twice"),
        ("timeout: soon", "wrong_type"),
    ],
)
def test_what_cannot_be_done_is_refused(more, code):
    assert [found.code for found in findings(GOOD % f", {more}", REGISTRY)] == [code]


@pytest.mark.parametrize(
    "other", ["http_server: {path: /chat}", "broker: {inputs: [{http_server: {path: /chat}}]}"]
)
def test_inputs_that_take_requests_are_not_joined_with_others(other):
    found = findings(MIXED % other, REGISTRY)

    assert [(one.code, one.pointer, bool(one.remedy)) for one in found] == [
        ("inputs_mixed", "/input/broker/inputs/1", True)
    ]


def test_inputs_that_all_take_requests_are_joined():
    text = MIXED.replace(
        "kafka: {addresses: [main], topics: [a], consumer_group: g}", "http_server: {path: /a, ws_path: /w}"
    )

    assert findings(text % "http_server: {path: /b, ws_path: /v}", REGISTRY) == []
