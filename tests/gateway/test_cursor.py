"""Cursors: read back as written, by the stream that wrote them and by nobody else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.cursor import CursorCodec, CursorError, ForeignCursorError, Next, cursor_key, stream_mark

TOPICS = ("orders", "returns")
IDS = {"orders": "AbC", "returns": ""}
KEY = cursor_key(b"secret of the installation")
CODEC = CursorCodec(KEY, stream_mark(7, "events", IDS))

numbers = st.integers(0, 2**63 - 1)
positions = st.dictionaries(
    st.tuples(st.just("orders"), st.integers(0, 5000)),
    st.builds(Next, numbers, st.integers(0, 10_000)),
    min_size=1,
    max_size=20,
)


@given(positions, st.none() | st.builds(Next, numbers, st.integers(0, 9)))
def test_a_cursor_is_read_back_as_it_was_written(position, other):
    position = position | ({("returns", 0): other} if other else {})
    text = CODEC.encode(position)
    assert CODEC.decode(text, TOPICS) == position
    assert set(text) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")


@given(positions, st.data())
def test_a_changed_cursor_is_refused(position, data):
    text = CODEC.encode(position)
    at = data.draw(st.integers(0, len(text) - 2))  # the last character has bits that mean nothing
    other = data.draw(st.sampled_from("AZaz09-_").filter(lambda one: one != text[at]))
    with pytest.raises(CursorError):
        CODEC.decode(text[:at] + other + text[at + 1 :], TOPICS)


@given(st.text(max_size=200))
def test_no_text_makes_it_raise_anything_else(text):
    with pytest.raises(CursorError):
        CODEC.decode(text, TOPICS)


@pytest.mark.parametrize(
    "mark",
    [
        stream_mark(8, "events", IDS),
        stream_mark(7, "others", IDS),
        stream_mark(7, "events", IDS | {"orders": "made anew"}),
    ],
)
def test_another_streams_cursor_is_told_from_a_forged_one(mark):
    foreign = CursorCodec(KEY, mark).encode({("orders", 0): Next(5)})
    with pytest.raises(ForeignCursorError):
        CODEC.decode(foreign, TOPICS)


def test_a_cursor_signed_with_another_key_is_forged():
    forged = CursorCodec(cursor_key(b"another"), CODEC.stream).encode({("orders", 0): Next(5)})
    with pytest.raises(CursorError, match="not made by this gateway"):
        CODEC.decode(forged, TOPICS)


def test_one_partition_takes_few_characters():
    assert len(CODEC.encode({("orders", 0): Next(1_000_000)})) <= 28
