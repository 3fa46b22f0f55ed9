"""Patterns and joins, each key by itself: pure, under any order, lateness and repetition that is allowed."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.correlation.clock import FIRST_EVENT, Clock, Lane, Patience, decode_clock, encode_clock
from streams.correlation.event import Event
from streams.correlation.join import LEFT, RIGHT, Join
from streams.correlation.key_state import KeyState, advanced, decode_state, encode_state, with_events
from streams.correlation.pattern import Pattern, Step

A, B, C = Step("a", 0), Step("b", 1), Step("c", 2)
NOT_B = Step("b", 1, absent=True)
NOT_C = Step("c", 2, absent=True)


def event(time, role, name=None):
    return Event(time, name or f"{time}{role}", (role,), {"t": time})


def run(decider, events, watermark=10_000):
    state, _ = with_events(KeyState(), events)
    return advanced("k", state, decider, watermark)


def found(steps, *events, within=100, watermark=10_000):
    made = run(Pattern(steps, within), [event(*one) for one in events], watermark)
    return [
        {name: taken and (taken["t"] if isinstance(taken, dict) else [one["t"] for one in taken])
         for name, taken in match.document["steps"].items()}
        for match in made.fired
    ]  # fmt: skip


def test_a_sequence_is_found_whatever_lies_between():
    assert found((A, B), (1, 0), (2, 2), (3, 1)) == [{"a": 1, "b": 3}]


def test_steps_in_another_order_or_too_far_apart_are_none():
    assert found((A, B), (1, 1), (3, 0)) == []
    assert found((A, B), (0, 0), (101, 1)) == []
    assert found((A, B), (0, 0), (100, 1)) == [{"a": 0, "b": 100}]


def test_the_earliest_beginning_wins_and_no_event_is_part_of_two():
    assert found((A, B), (1, 0), (2, 0), (3, 1), (4, 1)) == [{"a": 1, "b": 3}]
    assert found((A, B), (1, 0), (2, 1), (3, 0), (4, 1)) == [{"a": 1, "b": 2}, {"a": 3, "b": 4}]


def test_a_beginning_that_is_too_old_gives_way_to_a_later_one():
    assert found((A, B), (0, 0), (90, 0), (150, 1)) == [{"a": 90, "b": 150}]


def test_a_step_may_be_repeated():
    assert found((A, A, A), *[(at, 0) for at in range(7)]) == [{"a": [0, 1, 2]}, {"a": [3, 4, 5]}]


def test_an_absence_between_steps_must_hold():
    assert found((A, NOT_B, C), (1, 0), (2, 2)) == [{"a": 1, "b": None, "c": 2}]
    assert found((A, NOT_B, C), (1, 0), (2, 1), (3, 2)) == []
    assert found((A, NOT_B, C), (1, 0), (2, 1), (3, 0), (4, 2)) == [{"a": 3, "b": None, "c": 4}]


def test_an_absence_at_the_end_is_complete_when_its_time_is_over():
    assert found((A, NOT_B), (1, 0), watermark=101) == []
    assert found((A, NOT_B), (1, 0), watermark=102) == [{"a": 1, "b": None}]
    assert found((A, NOT_B), (1, 0), (50, 1)) == []
    assert found((A, NOT_B), (1, 0), (102, 1)) == [{"a": 1, "b": None}]
    assert found((A, NOT_B), (1, 0), (2, 0)) == [{"a": 1, "b": None}, {"a": 2, "b": None}]


def test_time_alone_makes_an_absence_due():
    decider = Pattern((A, NOT_B), 100)
    state = run(decider, [event(1, 0)], 50)
    assert (state.due(decider), state.fired) == (102, ())
    assert [match.time for match in advanced("k", state, decider, 102).fired] == [101]


def pairs(state):
    sides = ("left", "right")
    return [tuple(one.document[side] and one.document[side]["t"] for side in sides) for one in state.fired]


def test_events_are_paired_with_all_that_are_near_enough():
    events = [event(1, LEFT), event(5, RIGHT), event(8, LEFT), event(20, RIGHT)]
    assert pairs(run(Join(10, frozenset()), events)) == [(1, 5), (8, 5)]


def test_events_that_nothing_joined_are_given_alone_where_that_is_wanted():
    events = [event(1, LEFT), event(5, RIGHT), event(8, LEFT), event(20, RIGHT), event(40, LEFT)]
    assert pairs(run(Join(10, frozenset({LEFT})), events)) == [(1, 5), (8, 5), (40, None)]
    assert pairs(run(Join(10, frozenset({LEFT, RIGHT})), events)) == [(1, 5), (8, 5), (None, 20), (40, None)]


@pytest.mark.parametrize("decider", [Pattern((A, B), 100), Join(10, frozenset({0, 1}))])
def test_nothing_is_kept_of_a_key_for_good(decider):
    state = run(decider, [event(1, 0), event(50, 1)])
    assert KeyState(fired=state.fired, watermark=state.watermark) == state


EVENTS = st.lists(
    st.tuples(st.integers(0, 300), st.integers(0, 2)), max_size=25, unique_by=lambda one: one
)  # fmt: skip
DECIDERS = st.sampled_from(
    [
        Pattern((A, B), 60),
        Pattern((A, A, C), 80),
        Pattern((A, NOT_B, C), 100),
        Pattern((A, B, NOT_C), 40),
        Join(25, frozenset()),
        Join(25, frozenset({LEFT, RIGHT})),
    ]
)


def sides(decider, events):
    roles = 2 if isinstance(decider, Join) else 3
    return [event(time, role % roles, f"{time}/{role}") for time, role in events]


def shuffled(events, lateness, seed):
    """Events in an order in which none comes more than `lateness` after a younger one, some of them twice."""
    chance = random.Random(seed)
    arrivals = [(one.time + chance.uniform(0, lateness), one) for one in events]
    arrivals += [(one.time + chance.uniform(0, lateness), one) for one in events if chance.random() < 0.3]
    return [one for _, one in sorted(arrivals, key=lambda arrival: arrival[0])]


@settings(max_examples=200, deadline=None)
@given(decider=DECIDERS, events=EVENTS, lateness=st.integers(1, 80), seed=st.integers(0, 10**6))
def test_disorder_and_repetition_change_nothing(decider, events, lateness, seed):
    ordered = sides(decider, events)
    expected = run(decider, ordered).fired
    patience = Patience(lateness, 1)
    clock, state = Clock(), KeyState()
    for at, one in enumerate(shuffled(ordered, lateness, seed)):
        if not clock.is_late(one.time, patience):
            state, _ = with_events(state, [one])
        clock = clock.heard({"": one.time}, patience, at).advanced(patience, at)
        clock = decode_clock(encode_clock(clock))
        state = decode_state(encode_state(advanced("k", state, decider, clock.watermark)))
    assert advanced("k", state, decider, 10_000).fired == expected


@settings(max_examples=100, deadline=None)
@given(decider=DECIDERS, events=EVENTS, cuts=st.lists(st.integers(0, 400), max_size=5))
def test_it_does_not_matter_when_time_goes_on(decider, events, cuts):
    ordered = sides(decider, events)
    state = KeyState()
    for cut in sorted(cuts):
        state, _ = with_events(state, [one for one in ordered if one.time >= (state.watermark or 0)])
        state = advanced("k", state, decider, cut)
    state, _ = with_events(state, ordered)
    assert advanced("k", state, decider, 10_000).fired == run(decider, ordered).fired


def test_the_watermark_is_that_of_the_slowest_lane_less_the_lateness():
    clock = Clock().heard({"0": 100, "1": 50}, Patience(0, 500), 1000)
    assert clock.advanced(Patience(0, 500), 1000).watermark == 50
    assert clock.advanced(Patience(10, 500), 1000).watermark == 39


def test_a_silent_lane_holds_nobody_back_and_then_time_goes_on_by_itself():
    clock = Clock({"0": Lane(100, 1000), "1": Lane(50, 0)})
    assert clock.advanced(Patience(0, 500), 1200).watermark == 100
    assert clock.advanced(Patience(0, 500), 1600).watermark == 700


def test_the_watermark_never_goes_back():
    clock = Clock({"0": Lane(100, 1000)}).advanced(Patience(0, 500), 1000)
    assert clock.heard({"1": 7}, Patience(0, 500), 1001).advanced(Patience(0, 500), 1001).watermark == 100


def test_after_a_start_every_lane_is_heard_first():
    patience = Patience(0, 500)
    clock = Clock({"0": Lane(100, 0), "1": Lane(90, 0)}, 90).started(patience, 10_000)
    assert clock.advanced(patience, 10_000 + FIRST_EVENT - 1).watermark == 90
    assert clock.advanced(patience, 10_000 + FIRST_EVENT).watermark == 100 + FIRST_EVENT
    clock = clock.heard({"0": 5000}, patience, 30_000)
    assert clock.advanced(patience, 30_499).watermark == 90
    clock = clock.heard({"0": 5001}, patience, 30_400)
    assert clock.advanced(patience, 30_500).watermark == 5001


def test_lateness_decides_what_is_late():
    clock = Clock(watermark=100)
    assert [clock.is_late(time, Patience(0, 1)) for time in (99, 100)] == [True, False]
    assert [clock.is_late(time, Patience(5, 1)) for time in (100, 101)] == [True, False]
    assert not Clock().is_late(0, Patience(0, 1))
