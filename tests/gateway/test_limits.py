import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.limits import DEBT_SECONDS, Bucket, Quota, period_end, period_start

MOMENT = dt.datetime(2026, 11, 24, 12, tzinfo=dt.UTC)
TAKINGS = st.lists(st.tuples(st.floats(0, 5), st.integers(1, 50)), max_size=40)
MOMENTS = st.timedeltas(dt.timedelta(days=-9_000), dt.timedelta(days=9_000)).map(lambda by: MOMENT + by)


def full(rate: float) -> Bucket:
    return Bucket(rate, rate, 0.0)


@given(st.integers(1, 100), TAKINGS)
def test_never_more_is_taken_than_one_second_of_the_rate_and_what_time_brought(rate, takings):
    bucket, now, taken = full(rate), 0.0, 0
    for passed, _ in takings:
        now += passed
        if bucket.take(1, now) == 0.0:
            taken += 1
        assert taken <= rate * (1 + now) + 1e-6


@given(st.integers(1, 100), TAKINGS)
def test_who_waits_as_long_as_told_may_take(rate, takings):
    bucket, now = full(rate), 0.0
    for passed, count in takings:
        now += passed
        if wait := bucket.take(count, now):
            now += wait + 1e-6
            assert bucket.take(count, now) == 0.0


@given(st.integers(1, 100), TAKINGS)
def test_messages_that_wait_as_told_keep_to_the_rate(rate, takings):
    bucket, now, taken = full(rate), 0.0, 0
    for passed, count in takings:
        now += passed
        now += bucket.owe(count, now)
        taken += count
        assert taken <= rate * (1 + now) + 1e-6


def test_who_tries_on_and_on_owes_no_more_than_a_minute():
    bucket = full(10)
    for _ in range(10_000):
        bucket.owe(10, 0.0)
    assert 0 < bucket.owe(10, 0.0) <= DEBT_SECONDS
    assert bucket.take(1, DEBT_SECONDS + 1) == 0.0


def test_a_batch_larger_than_the_rate_waits_and_goes():
    bucket = full(1)
    assert bucket.owe(1_000, 0.0) == 999.0
    assert bucket.take(1, 0.0) > 0.0
    assert bucket.take(1, 1_001.0) == 0.0


def test_what_others_took_is_held_against_who_comes_here_but_not_for_long_and_never_in_their_favour():
    bucket = full(10)
    bucket.taken_elsewhere(15)
    assert bucket.take(1, 0.0) == pytest.approx(0.6)
    bucket.taken_elsewhere(1_000_000)
    assert bucket.take(1, 0.0) <= 5.1
    deep = full(10)
    owed = deep.owe(1_000, 0.0)
    deep.taken_elsewhere(1)
    assert deep.owe(1, 0.0) >= owed


def test_a_rate_of_nothing_lets_nothing_through():
    bucket = full(0)
    assert bucket.take(1, 1_000.0) > 0
    assert bucket.owe(1, 1_000.0) > 0


def test_a_lower_rate_holds_at_once_and_a_higher_one_fills_from_now_on():
    bucket = full(100)
    bucket.change(2)
    assert [bucket.take(1, 0.0) == 0.0 for _ in range(3)] == [True, True, False]
    bucket.change(100)
    assert bucket.take(1, 0.0) == pytest.approx(0.01)


def test_a_quota_lasts_to_the_end_of_its_period_in_utc():
    quota = Quota(3, "day", MOMENT.date())
    assert quota.take(3, MOMENT) == 0.0
    assert quota.take(1, MOMENT) == 12 * 3600
    assert quota.take(1, MOMENT + dt.timedelta(hours=12)) == 0.0
    assert quota.used == 1


def test_what_does_not_fit_into_a_quota_takes_nothing_of_it():
    quota = Quota(10, "month", MOMENT.date().replace(day=1))
    assert quota.take(11, MOMENT) > 0
    assert quota.take(10, MOMENT) == 0.0


@given(MOMENTS, st.sampled_from(["day", "month"]))
def test_every_moment_lies_in_its_period_and_periods_follow_each_other(moment, period):
    start = period_start(moment, period)
    end = period_end(start, period)
    assert dt.datetime.combine(start, dt.time(), dt.UTC) <= moment < end
    assert period_start(end, period) == end.date()
    assert period_start(end - dt.timedelta(microseconds=1), period) == start
