from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webhooks.exchange import SLOW_OR_UNREACHABLE, ErrorClass, Exchange
from webhooks.health import (
    CLOSED,
    DISABLE_AFTER,
    FAILURES_TO_OPEN,
    HEALTHY,
    LONGEST_PAUSE,
    WARN_AFTER,
    Action,
    Breaker,
    BreakerState,
    Health,
    Window,
)

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
OK = Exchange(status=200)
SERVER_ERROR = Exchange(status=500)
TIMEOUT = Exchange(error=ErrorClass.TIMEOUT)

exchanges = st.sampled_from([OK, SERVER_ERROR, *(Exchange(error=error) for error in ErrorClass)])
events = st.lists(st.tuples(exchanges, st.integers(min_value=0, max_value=90)), max_size=60)


@given(cap=st.integers(min_value=1, max_value=256), run=events)
def test_a_window_is_never_below_one_nor_above_its_cap(cap, run):
    window, clock = Window.full(cap), 0.0
    for exchange, seconds in run:
        clock += seconds
        window = window.after(exchange, clock - 1, clock)
        assert 1 <= window.size <= cap
        assert window.room(0) >= 1


@pytest.mark.parametrize("error", sorted(SLOW_OR_UNREACHABLE))
def test_a_timeout_or_failed_connect_halves_the_window(error):
    assert Window.full(16).after(Exchange(error=error), 1, 2).room(0) == 8


@pytest.mark.parametrize("error", sorted(set(ErrorClass) - SLOW_OR_UNREACHABLE))
def test_a_failure_that_says_nothing_of_load_leaves_the_window(error):
    window = Window.full(16).after(TIMEOUT, 1, 2)
    assert window.after(Exchange(error=error), 3, 4) == window


def test_requests_that_time_out_together_halve_the_window_once():
    window = Window.full(16)
    for _ in range(16):
        window = window.after(TIMEOUT, 1.0, 20.0)
    assert window.room(0) == 8
    assert window.after(TIMEOUT, 21.0, 40.0).room(0) == 4


def test_a_window_widens_by_one_for_each_window_of_answers_even_unkind_ones():
    window = Window(16, 4.0)
    for _ in range(5):
        window = window.after(SERVER_ERROR, 1, 2)
    assert window.room(0) == 5


def test_a_full_window_stays_the_same_object_after_a_success():
    window = Window.full(16)
    assert window.after(OK, 1, 2) is window


def test_what_is_in_flight_takes_room_and_never_makes_it_negative():
    assert Window.full(16).room(10) == 6
    assert Window.full(4).room(10) == 0


def test_a_lowered_cap_narrows_the_window_and_a_raised_one_lets_it_grow():
    assert Window.full(16).with_cap(4).room(0) == 4
    raised = Window.full(4).with_cap(16)
    assert raised.room(0) == 4
    assert raised.after(OK, 1, 2).size > 4


@given(run=events)
def test_a_breaker_is_open_exactly_after_ten_transport_failures_in_a_row_and_never_for_over_a_minute(run):
    breaker, now, in_a_row = CLOSED, NOW, 0
    for exchange, seconds in run:
        now += timedelta(seconds=seconds)
        counts = breaker.state(now) is not BreakerState.OPEN
        breaker = breaker.after(exchange, now)
        in_a_row = 0 if exchange.error is None else in_a_row + counts
        assert breaker.failures == in_a_row
        assert (breaker.open_until is not None) is (in_a_row >= FAILURES_TO_OPEN)
        if breaker.open_until is not None:
            assert breaker.open_until <= now + LONGEST_PAUSE


def test_a_breaker_opens_for_5_10_20_40_60_60_seconds():
    breaker, now, pauses = Breaker(failures=FAILURES_TO_OPEN - 1), NOW, []
    for _ in range(6):
        breaker = breaker.after(TIMEOUT, now)
        assert breaker.open_until is not None
        pauses.append((breaker.open_until - now).total_seconds())
        now = breaker.open_until
    assert pauses == [5, 10, 20, 40, 60, 60]


def test_an_open_breaker_lets_nothing_out_and_then_one_probe_at_a_time():
    breaker = Breaker(FAILURES_TO_OPEN, NOW)
    before = NOW - timedelta(seconds=1)
    assert [breaker.room(before, 0, 16), breaker.room(NOW, 0, 16), breaker.room(NOW, 1, 16)] == [0, 1, 0]
    assert CLOSED.room(NOW, 3, 13) == 13


def test_failures_of_requests_sent_before_it_opened_do_not_lengthen_the_pause():
    breaker = Breaker(FAILURES_TO_OPEN, NOW + timedelta(seconds=5))
    assert breaker.after(TIMEOUT, NOW) == breaker


@pytest.mark.parametrize("answer", [OK, SERVER_ERROR, Exchange(status=302)])
def test_any_answer_closes_the_breaker(answer):
    assert Breaker(FAILURES_TO_OPEN + 3, NOW).after(answer, NOW) == CLOSED


def test_a_probe_that_fails_opens_the_breaker_for_longer():
    breaker = Breaker(FAILURES_TO_OPEN, NOW).after(TIMEOUT, NOW)
    assert breaker.state(NOW) is BreakerState.OPEN
    assert breaker.open_until == NOW + timedelta(seconds=10)


def test_an_endpoint_that_succeeds_is_healthy_whatever_was_before():
    failing = Health(NOW, NOW, exhausted=True)
    assert failing.after(delivered=True, exhausted=False, now=NOW) == HEALTHY


def test_the_first_failure_starts_the_clock_and_later_ones_do_not_move_it():
    first = HEALTHY.after(delivered=False, exhausted=False, now=NOW)
    later = first.after(delivered=False, exhausted=True, now=NOW + timedelta(hours=1))
    assert later == Health(failing_since=NOW, exhausted=True)


def test_owners_are_warned_once_after_a_day_of_failures():
    failing = Health(failing_since=NOW)
    assert failing.action(NOW + WARN_AFTER - timedelta(seconds=1)) is Action.NONE
    assert failing.action(NOW + WARN_AFTER) is Action.WARN
    assert Health(NOW, warned_at=NOW + WARN_AFTER).action(NOW + WARN_AFTER * 2) is Action.NONE


def test_an_endpoint_is_disabled_after_five_days_of_failures_with_a_delivery_given_up():
    failing = Health(NOW, warned_at=NOW + WARN_AFTER, exhausted=True)
    assert failing.action(NOW + DISABLE_AFTER - timedelta(seconds=1)) is Action.NONE
    assert failing.action(NOW + DISABLE_AFTER) is Action.DISABLE
    assert failing.disabled_at(NOW) == NOW + timedelta(days=5)


@given(hours=st.integers(min_value=0, max_value=2000), warned=st.booleans(), exhausted=st.booleans())
def test_nothing_is_disabled_unwarned_early_or_without_a_delivery_given_up(hours, warned, exhausted):
    action = Health(NOW, NOW if warned else None, exhausted).action(NOW + timedelta(hours=hours))
    if action is Action.DISABLE:
        assert warned
        assert exhausted
        assert hours >= 120
