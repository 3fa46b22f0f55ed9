"""What plans say of themselves."""

import pytest

from gateway.models import Plan
from portal.plan_terms import plan_terms, spoken_seconds


def said(**values):
    return {term.name: term.value for term in plan_terms(Plan(**values))}


def test_a_plan_without_limits_says_so_in_two_lines():
    assert said(approval="automatic") == {"Approval": "at once", "Quota": "without limit"}


def test_every_limit_has_its_line():
    assert said(
        approval="manual",
        quota=1_000_000,
        quota_period="month",
        requests_per_second=0,
        messages_per_second=50,
        max_clients=3,
        client_age_seconds=3600,
        replay_window_seconds=259_200,
        max_endpoints=2,
    ) == {
        "Approval": "by the publisher",
        "Quota": "1,000,000 a month",
        "Requests": "0 a second",
        "Messages": "50 a second",
        "Open streams": "3",
        "A stream lasts": "1 hour",
        "Replay": "3 days",
        "Webhook endpoints": "2",
    }


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0 seconds"), (1, "1 second"), (90, "90 seconds"), (120, "2 minutes"), (86_400, "1 day")],
)
def test_durations_are_said_in_their_largest_whole_unit(seconds, words):
    assert spoken_seconds(seconds) == words
