from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webhooks.exchange import ErrorClass, Exchange
from webhooks.models import AttemptDecision
from webhooks.retry import (
    DELIVERED,
    EXHAUSTED,
    GONE,
    LONGEST_RETRY_AFTER,
    STANDARD_SCHEDULE,
    Outcome,
    decide,
    forecast,
    retry_after,
)

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
FAILED = Exchange(status=500)
uniform = st.floats(min_value=0, max_value=1, exclude_max=True)


def retried_at(number, exchange, now, random):
    """When the try after this one is due; there must be one."""
    decision = decide(number, exchange, now, random)
    assert decision.at is not None
    return decision.at


def answered(status, retry_after_value=None):
    headers = ((b"Retry-After", retry_after_value),) if retry_after_value is not None else ()
    return Exchange(status=status, headers=headers)


@given(
    status=st.integers(min_value=200, max_value=299), number=st.integers(min_value=1, max_value=10), r=uniform
)
def test_every_2xx_is_delivered_whatever_the_try(status, number, r):
    assert decide(number, Exchange(status=status), NOW, r) == DELIVERED


@given(
    status=st.integers(min_value=100, max_value=599).filter(lambda s: not 200 <= s <= 299 and s != 410),
    r=uniform,
)
def test_every_other_status_is_tried_again_redirects_included(status, r):
    assert decide(1, Exchange(status=status), NOW, r).outcome is Outcome.RETRY


@pytest.mark.parametrize("error", list(ErrorClass))
def test_a_fault_is_tried_again_even_after_a_good_status_was_read(error):
    assert decide(1, Exchange(status=200, error=error), NOW, 0.5).outcome is Outcome.RETRY


def test_410_says_that_the_endpoint_is_gone_even_on_the_last_try():
    assert decide(10, Exchange(status=410), NOW, 0.5) == GONE


def test_the_schedule_is_the_standards_ten_tries_over_75_hours_and_35_minutes():
    assert len(STANDARD_SCHEDULE) == 9
    assert sum(STANDARD_SCHEDULE, timedelta()) == timedelta(hours=75, minutes=35, seconds=5)


def test_after_the_last_try_a_delivery_is_exhausted():
    assert decide(9, FAILED, NOW, 0.5).outcome is Outcome.RETRY
    assert decide(10, FAILED, NOW, 0.5) == EXHAUSTED


@given(number=st.integers(min_value=1, max_value=9), r=uniform)
def test_the_pause_is_within_a_fifth_of_the_schedule(number, r):
    pause = retried_at(number, FAILED, NOW, r) - NOW
    base = STANDARD_SCHEDULE[number - 1]
    assert base * 0.8 <= pause <= base * 1.2


@given(
    number=st.integers(min_value=1, max_value=9), asked=st.integers(min_value=0, max_value=10**12), r=uniform
)
def test_retry_after_puts_off_up_to_a_day_and_never_brings_forward(number, asked, r):
    plain = retried_at(number, FAILED, NOW, r)
    hinted = retried_at(number, answered(503, str(asked).encode()), NOW, r)
    assert hinted >= plain
    assert hinted >= NOW + min(timedelta(seconds=asked), LONGEST_RETRY_AFTER)
    assert hinted <= max(plain, NOW + LONGEST_RETRY_AFTER * 1.1)


@pytest.mark.parametrize("status", [301, 400, 429, 500, 503])
def test_retry_after_counts_on_any_failure(status):
    assert decide(1, answered(status, b"120"), NOW, 0.0).at == NOW + timedelta(seconds=120)


def test_retry_after_may_be_an_http_date():
    date = format_datetime(NOW + timedelta(seconds=90), usegmt=True).encode()
    assert decide(1, answered(503, date), NOW, 0.0).at == NOW + timedelta(seconds=90)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, None),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("1.5", None),
        ("٣", None),
        ("Wed, 99 Nov 2026 99:99:99 GMT", None),
        ("0", timedelta(0)),
        ("7", timedelta(seconds=7)),
        ("Tue, 24 Nov 2026 11:00:00 GMT", timedelta(0)),
        ("Tue, 24 Nov 2026 12:00:30 -0000", timedelta(seconds=30)),
    ],
)
def test_a_retry_after_header_is_read_as_rfc_9110_says(value, expected):
    assert retry_after(value, NOW) == expected


@given(value=st.text(max_size=60))
def test_no_retry_after_header_raises(value):
    pause = retry_after(value, NOW)
    assert pause is None or pause >= timedelta(0)


@given(made=st.integers(min_value=0, max_value=9), r=uniform)
def test_the_forecast_holds_what_is_then_decided(made, r):
    tries = forecast(made, NOW)
    assert [each.number for each in tries] == list(range(made + 1, 11))
    due = NOW
    for each, following in pairwise(tries):
        due = retried_at(each.number, FAILED, due, r)
        assert following.earliest <= due <= following.latest
    assert decide(tries[-1].number, FAILED, due, r) == EXHAUSTED


def test_outcomes_are_numbered_as_they_are_stored():
    assert {each.name: each.value for each in Outcome}.items() <= {
        each.name: each.value for each in AttemptDecision
    }.items()
