"""Whether an endpoint is sent to: every legal and illegal move."""

import datetime as dt
import itertools

import pytest
from django.utils import timezone

from gateway.models import Role
from tests.changes import actor_in, changes, refused
from tests.factories import (
    EndpointFactory,
)
from webhooks.endpoint_states import MOVES, disable_endpoint, enable_endpoint, pause_endpoint
from webhooks.models import Endpoint, EndpointState, Lane

pytestmark = pytest.mark.django_db

VERBS = {
    EndpointState.ENABLED: ("endpoint.enable", enable_endpoint),
    EndpointState.PAUSED: ("endpoint.pause", pause_endpoint),
    EndpointState.DISABLED: (
        "endpoint.disable",
        lambda actor, endpoint: disable_endpoint(actor, endpoint, "It answered 410."),
    ),
}
PAIRS = list(itertools.product(EndpointState, EndpointState))
LEGAL = [(before, to) for before, to in PAIRS if to in MOVES[before]]
ILLEGAL = [(before, to) for before, to in PAIRS if to not in MOVES[before]]


@pytest.fixture
def endpoint():
    return EndpointFactory()


@pytest.fixture
def developer(endpoint):
    return actor_in(endpoint.app.organization, Role.DEVELOPER)


@pytest.mark.parametrize(("before", "to"), LEGAL)
def test_a_legal_move_is_made_audited_and_announced(developer, endpoint, before, to):
    Endpoint.objects.update(state=before, state_reason="before")
    verb, move = VERBS[to]
    with changes() as left:
        moved = move(developer, endpoint)
    kept = Endpoint.objects.get()
    assert moved.state == kept.state == to
    assert bool(kept.state_reason) == (to != EndpointState.ENABLED)
    [row] = left.audit
    assert (row.verb, row.actor, row.object_id) == (verb, developer.user, endpoint.public_id)
    assert row.changes == {"state": [before, to], "reason": [None, kept.state_reason]}
    assert left.counted == 1


@pytest.mark.parametrize(("before", "to"), ILLEGAL)
def test_an_illegal_move_is_refused_and_changes_nothing(developer, endpoint, before, to):
    Endpoint.objects.update(state=before, state_reason="before")
    with refused("illegal_move"):
        VERBS[to][1](developer, endpoint)
    kept = Endpoint.objects.get()
    assert (kept.state, kept.state_reason) == (before, "before")


def test_the_moves_are_those_that_are_documented():
    assert {(str(before), str(to)) for before, to in LEGAL} == {
        ("enabled", "paused"),
        ("enabled", "disabled"),
        ("paused", "enabled"),
        ("paused", "disabled"),
        ("disabled", "enabled"),
    }


def test_what_is_enabled_again_begins_with_a_clean_record(developer, endpoint):
    now = timezone.now()
    Endpoint.objects.update(state=EndpointState.DISABLED, failing_since=now, warned_at=now)
    Lane.objects.update(failures=9, open_at=now + dt.timedelta(hours=1))
    other = EndpointFactory().lanes.get()
    Lane.objects.filter(pk=other.pk).update(failures=4)
    enable_endpoint(developer, endpoint)
    kept, lane = Endpoint.objects.get(pk=endpoint.pk), endpoint.lanes.get()
    assert (kept.failing_since, kept.warned_at) == (None, None)
    assert (lane.failures, lane.open_at) == (0, None)
    assert Lane.objects.get(pk=other.pk).failures == 4


def test_a_pause_keeps_what_is_known_of_its_failures(developer, endpoint):
    Endpoint.objects.update(failing_since=timezone.now())
    pause_endpoint(developer, endpoint)
    assert Endpoint.objects.get().failing_since is not None
