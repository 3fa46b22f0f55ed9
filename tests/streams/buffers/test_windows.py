"""Windows: which a moment is in, when they are sent on, and that none of what waits is ever forgotten."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from streams.buffers.windows import SETTLE, Windows, WindowShape
from streams.timestamp import NANOSECONDS

MINUTE = 60 * NANOSECONDS
NOON = 1_704_110_400 * NANOSECONDS
"""2024-01-01T12:00:00Z, a Monday."""
WEEK = 7 * 24 * 60 * MINUTE


def test_a_window_is_after_its_begin_and_up_to_its_end():
    shape = WindowShape(MINUTE)
    assert shape.ends(NOON) == [NOON]
    assert shape.ends(NOON + 1) == [NOON + MINUTE]
    assert shape.ends(NOON + MINUTE) == [NOON + MINUTE]


def test_windows_begin_later_by_the_offset():
    assert WindowShape(MINUTE, offset=10 * NANOSECONDS).ends(NOON + 1) == [NOON + 10 * NANOSECONDS]


def test_windows_that_slide_overlap():
    shape = WindowShape(MINUTE, slide=20 * NANOSECONDS)
    assert shape.ends(NOON + 1) == [NOON + n * 20 * NANOSECONDS for n in (1, 2, 3)]


def test_weeks_begin_on_mondays_as_in_go():
    assert (WindowShape(WEEK).ends(NOON)[0] - NOON) % WEEK == WEEK - 12 * 60 * MINUTE


SHAPES = st.builds(
    lambda size, slide, offset: WindowShape(
        size, min(slide, size - 1), offset % (min(slide, size - 1) or size)
    ),
    st.integers(2, 1000),
    st.integers(0, 1000),
    st.integers(0, 1000),
)


@given(SHAPES, st.integers(-(10**6), 10**6))
def test_a_moment_is_in_every_window_that_is_around_it_and_in_no_other(shape, moment):
    ends = shape.ends(moment)
    step = shape.slide or shape.size
    assert ends
    assert all(end - shape.size < moment <= end for end in ends)
    assert ends[0] - step < moment
    assert ends[-1] + step - shape.size >= moment
    assert {later - end for end, later in pairwise(ends)} <= {step}


def test_a_window_is_due_when_it_and_the_allowed_lateness_are_over():
    windows = Windows[str](WindowShape(MINUTE, lateness=NANOSECONDS))
    windows.put(NOON, "a", NOON - 5)
    assert windows.next_due() == NOON + NANOSECONDS
    assert windows.take() == (NOON, ["a"])
    assert windows.next_due() is None


def test_what_comes_after_its_window_was_sent_on_is_too_late_for_it():
    windows = Windows[str](WindowShape(MINUTE, slide=20 * NANOSECONDS))
    first, *others = windows.places(NOON + 1)
    windows.put(first, "a", NOON)
    windows.take()
    assert windows.places(NOON + 1) == others
    assert windows.places(NOON - MINUTE) == []


def test_a_window_that_was_over_before_waits_until_nothing_comes_for_it_any_more():
    windows = Windows[str](WindowShape(MINUTE))
    windows.put(NOON - MINUTE, "a", NOON)
    windows.put(NOON - MINUTE, "b", NOON + 1)
    assert windows.next_due() == NOON + 1 + SETTLE


def test_nothing_is_waited_for_when_nothing_more_comes():
    windows = Windows[str](WindowShape(MINUTE))
    windows.put(NOON - MINUTE, "a", NOON)
    windows.put(NOON + MINUTE, "b", NOON)
    windows.finish()
    assert windows.next_due() == NOON - MINUTE
    windows.take()
    assert windows.next_due() == NOON + MINUTE


def test_a_part_of_a_window_may_be_sent_on_before_the_rest():
    windows = Windows[str](WindowShape(MINUTE))
    windows.put(NOON, "a", NOON - 5)
    assert windows.take_part() == (NOON, ["a"])
    windows.put(NOON, "b", NOON - 4)
    assert windows.take() == (NOON, ["b"])


@given(SHAPES, st.lists(st.tuples(st.integers(0, 5000), st.integers(0, 50)), max_size=50))
def test_every_message_is_sent_on_in_each_of_its_windows_or_was_too_late(shape, arrivals):
    windows = Windows[int](shape)
    now, sent, expected = 0, [], []
    for number, (moment, passed) in enumerate(arrivals):
        now += passed
        while (due := windows.next_due()) is not None and due <= now:
            end, items = windows.take()
            sent += [(end, item) for item in items]
        for end in windows.places(moment):
            windows.put(end, number, now)
            expected.append((end, number))
    while windows.next_due() is not None:
        end, items = windows.take()
        sent += [(end, item) for item in items]
    assert sorted(sent) == sorted(expected)
    assert [end for end, _ in sent] == sorted(end for end, _ in sent)
