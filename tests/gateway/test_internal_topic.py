"""The internal topic: names, records, and what comes back of them."""

import re

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.internal_topic import (
    InternalTopics,
    as_record,
    from_record,
    internal_input,
    topic_name,
)
from streams.connections import Connections, ConnectionSettings
from streams.message import Message, Source
from streams.spec import Rules, StreamIdentity
from tests.streams.making import findings

STREAM = StreamIdentity(7, 1, "shop", "orders", "tyk", 1)


@given(st.text(min_size=1, max_size=120), st.text(min_size=1, max_size=120))
def test_every_stream_has_a_topic_of_its_own(one, other):
    names = topic_name(7, one), topic_name(7, other)
    assert all(re.fullmatch(r"[A-Za-z0-9._-]{1,249}", name) for name in names)
    assert (names[0] == names[1]) == (one == other)


def test_a_plain_name_stays_readable():
    assert topic_name(7, "default_stream") == "sluice.7.default_stream"


def _read_back(message: Message) -> Message:
    record = as_record("sluice.7.orders", message)
    headers = {name: bytes(value).decode() for name, value in record.headers}
    return from_record(Message(record.value, metadata=headers | {"kafka_offset": 9}))


@given(
    st.binary(),
    st.dictionaries(st.text(), st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text()),
    st.binary(max_size=40),
    st.integers(0, 9),
)
def test_a_message_comes_back_as_it_was(content, metadata, identity, ordinal):
    made = Message(content, metadata=metadata, source=Source(identity, 5, "orders/3@42"), ordinal=ordinal)
    back = _read_back(made)
    assert (back.content, back.metadata, back.source, back.ordinal) == (
        content,
        metadata,
        made.source,
        ordinal,
    )


def test_metadata_that_json_has_no_word_for_comes_back_as_text():
    back = _read_back(Message(b"x", metadata={"raw": b"\xff1"}))
    assert back.metadata == {"raw": "\ufffd1"}


@pytest.mark.parametrize("metadata", [{}, {"sluice-metadata": "{", "sluice-source": "[]"}])
def test_a_record_of_somebody_else_is_taken_as_it_is(metadata):
    read = Message(b"x", metadata=metadata)
    assert from_record(read) is read


@pytest.mark.parametrize(
    ("position", "key"), [("orders/3@42", b"orders/3"), ("generate-1", None), ("", None)]
)
def test_messages_of_a_partition_stay_together(position, key):
    assert as_record("t", Message(b"x", source=Source(b"i", 1, position))).key == key


def test_where_a_message_came_from_tells_one_written_twice():
    record = as_record("t", Message(b"x", source=Source(b"\x01", 5, "orders/3@42"), ordinal=2))
    assert orjson.loads(dict(record.headers)["sluice-source"]) == ["01", 5, "orders/3@42", 2]


def test_the_operators_connection_with_the_same_addresses_says_how_to_get_in():
    topics = InternalTopics("a:1, b:2")
    secured = ConnectionSettings(("b:2", "a:1", "c:3"), tls=True)
    assert topics.connection(Connections((ConnectionSettings(("d:4",)), secured))) is secured
    assert topics.connection(Connections()) == ConnectionSettings(("a:1", "b:2"))


def test_the_internal_topic_is_read_as_any_other():
    reading = internal_input(InternalTopics("a:1"), STREAM)
    assert reading.config["topics"] == ["sluice.7.orders"]
    assert reading.config["consumer_group"] == "sluice.7.orders"
    assert reading.config["commit_period"] == 1.0


@pytest.mark.parametrize(
    "text",
    [
        "input: {kafka: {addresses: [k], topics: [sluice.8.orders], consumer_group: g}}\noutput: {drop: {}}",
        "input: {generate: {mapping: 'root = 1'}}\noutput: {kafka: {addresses: [k], topic: sluice.8.orders}}",
    ],
)
def test_no_definition_touches_what_is_sluices_own(text):
    rules = Rules(connections=Connections((ConnectionSettings(("k:1",), name="k"),)))
    found = [one for one in findings(text, rules=rules) if one.code == "topic_not_allowed"]
    assert ["reserved" in one.message for one in found] == [True]
