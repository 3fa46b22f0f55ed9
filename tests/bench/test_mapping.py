"""What is measured gives the same both ways, or the figures would mean nothing."""

import json

import pytest

from streams import bloblang
from streams.message import Message
from tests.bench.by_hand import mapped_by_hand
from tests.bench.mapping import MAPPING, Payloads, github_payloads, small_payloads


def assert_the_same(payloads: Payloads) -> None:
    mapping = bloblang.compile(MAPPING)
    for kind, body in payloads:
        made = mapping.apply([Message(body, metadata={"kind": kind})])
        assert isinstance(made, Message)
        assert json.loads(made.content) == mapped_by_hand(kind, json.loads(body)), body[:200]


@pytest.mark.shared
def test_the_mapping_and_the_function_agree_on_the_events_of_github(shared):
    assert_the_same(github_payloads(shared))


def test_they_agree_on_small_events():
    assert_the_same(small_payloads())
