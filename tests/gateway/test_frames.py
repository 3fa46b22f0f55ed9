"""What a client reads out of the bytes is what was put in."""

import re

from hypothesis import given
from hypothesis import strategies as st

from gateway import frames


def dispatched(stream):
    """Events as the HTML standard has a client read them: (id in force, event, data)."""
    last, events = "", []
    for block in stream.decode("utf-8", "surrogateescape").split("\n\n")[:-1]:
        data, name = [], ""
        for field in re.split(r"\r\n|\r|\n", block):
            key, _, value = field.partition(":")
            value = value.removeprefix(" ")
            if key == "id":
                last = value
            elif key == "event":
                name = value
            elif key == "data":
                data.append(value)
        if data:
            events.append((last, name, "\n".join(data)))
    return events, last


contents = st.lists(
    st.sampled_from([b"a", b"\n", b"\r", b"\r\n", b"data: ", b"id: 9", b":", b" ", b"\xff", b"{}"])
).map(b"".join)


@given(st.lists(contents, max_size=5))
def test_events_carry_content_and_position_whatever_is_in_it(messages):
    stream = b"".join(frames.event(content, f"c{at}") for at, content in enumerate(messages))
    expected = [re.sub(rb"\r\n|\r", b"\n", one).decode("utf-8", "surrogateescape") for one in messages]
    events, _ = dispatched(stream)
    assert events == [(f"c{at}", "", data) for at, data in enumerate(expected)]


def test_a_new_position_alone_is_no_event():
    events, last = dispatched(frames.event(b"one", "c1") + frames.moved("c9") + frames.HEARTBEAT)
    assert ([data for _, _, data in events], last) == (["one"], "c9")


def test_a_notice_is_told_from_messages_by_its_name():
    events, _ = dispatched(frames.notice("close", b'{"reason":"shutdown"}'))
    assert events == [("", "close", '{"reason":"shutdown"}')]


@given(st.binary())
def test_text_frames_hold_utf8_alone(content):
    assert frames.is_text(content) == (content.decode("utf-8", "replace").encode() == content)
