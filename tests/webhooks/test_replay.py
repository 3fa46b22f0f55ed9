"""A delivery sent again by hand: armed once, and refused while it cannot be."""

import datetime as dt

import pytest
from django.utils import timezone

from gateway.errors import RefusedError
from gateway.models import Role
from tests.changes import actor_in, changes, refused
from tests.factories import DeliveryFactory, DueFactory, EndpointFactory
from webhooks.endpoint_states import disable_endpoint, enable_endpoint, pause_endpoint
from webhooks.endpoints import delete_endpoint
from webhooks.models import Attempt, Delivery, DeliveryState, Due, Endpoint, Message, Payload
from webhooks.replay import replay_delivery, replay_exhausted

pytestmark = pytest.mark.django_db

FINISHED = (DeliveryState.DELIVERED, DeliveryState.EXHAUSTED, DeliveryState.CANCELLED)
WAITING = (DeliveryState.PENDING, DeliveryState.RETRYING)


@pytest.fixture
def delivery():
    return DeliveryFactory(
        state=DeliveryState.EXHAUSTED, attempts=10, finished_at=timezone.now(), last_status=500
    )


@pytest.fixture
def developer(delivery):
    return actor_in(delivery.endpoint.app.organization, Role.DEVELOPER)


def in_state(delivery, state):
    Delivery.objects.filter(pk=delivery.pk).update(state=state)
    delivery.refresh_from_db()
    return delivery


@pytest.mark.parametrize("state", FINISHED)
def test_a_finished_delivery_is_due_now_with_its_history(developer, delivery, state):
    with changes() as left:
        replayed = replay_delivery(developer, in_state(delivery, state))
    due = Due.objects.get()
    assert (due.delivery_id, due.day, due.attempts) == (delivery.pk, delivery.day, 10)
    assert (due.manual, due.lease, due.lane.endpoint) == (True, None, delivery.endpoint)
    assert due.due_at <= timezone.now()
    kept = Delivery.objects.get()
    assert (kept.state, kept.finished_at, kept.due_at) == (DeliveryState.PENDING, None, due.due_at)
    assert (kept.message_id, kept.attempts, kept.last_status) == (delivery.message_id, 10, 500)
    assert (replayed.state, replayed.due_at) == (kept.state, kept.due_at)
    [row] = left.audit
    assert (row.verb, row.object_name, row.actor) == ("delivery.replay", str(delivery), developer.user)
    assert row.organization == developer.organization


@pytest.mark.parametrize("state", FINISHED)
def test_a_second_replay_adds_nothing(developer, delivery, state):
    first = replay_delivery(developer, in_state(delivery, state))
    for stale in (delivery, first):
        again = replay_delivery(developer, stale)
        assert (again.pk, again.state, again.due_at) == (first.pk, DeliveryState.PENDING, first.due_at)
    counts = [table.objects.count() for table in (Due, Delivery, Message, Payload, Attempt)]
    assert counts == [1, 1, 1, 1, 0]


@pytest.mark.parametrize("state", WAITING)
def test_what_waits_for_its_next_try_is_tried_now(developer, delivery, state):
    in_state(delivery, state)
    DueFactory(delivery=delivery, attempts=3, due_at=timezone.now() + dt.timedelta(hours=8))
    replay_delivery(developer, delivery)
    due = Due.objects.get()
    assert due.due_at <= timezone.now()
    assert (due.attempts, due.manual) == (3, True), "the queue knows better how often it was tried"


def test_what_is_overdue_does_not_lose_its_turn(developer, delivery):
    since = timezone.now() - dt.timedelta(hours=1)
    DueFactory(delivery=delivery, due_at=since)
    replay_delivery(developer, delivery)
    assert Due.objects.get().due_at == Delivery.objects.get().due_at == since


def test_the_others_of_its_endpoint_stay_as_they_are(developer, delivery):
    later = timezone.now() + dt.timedelta(hours=8)
    other = DueFactory(
        delivery=DeliveryFactory(endpoint=delivery.endpoint, state=DeliveryState.RETRYING), due_at=later
    )
    finished = DeliveryFactory(endpoint=delivery.endpoint, state=DeliveryState.EXHAUSTED)
    replay_delivery(developer, delivery)
    other.refresh_from_db()
    finished.refresh_from_db()
    assert (other.due_at, other.manual) == (later, False)
    assert finished.state == DeliveryState.EXHAUSTED
    assert set(Due.objects.values_list("pk", flat=True)) == {delivery.pk, other.pk}


def lease(developer, delivery):
    DueFactory(delivery=delivery, lease=7)


def pause(developer, delivery):
    pause_endpoint(developer, delivery.endpoint)


def disable(developer, delivery):
    disable_endpoint(developer, delivery.endpoint, "It answered 410.")


def forget_payload(developer, delivery):
    Payload.objects.filter(message_id=delivery.message_id).delete()


@pytest.mark.parametrize(
    ("hinder", "code"),
    [
        (lease, "under_way"),
        (pause, "endpoint_paused"),
        (disable, "endpoint_disabled"),
        (forget_payload, "payload_gone"),
    ],
)
def test_a_replay_that_cannot_be_is_refused_and_changes_nothing(developer, delivery, hinder, code):
    DeliveryFactory()  # the payload of another message is no help
    hinder(developer, delivery)
    delivery = Delivery.objects.get(pk=delivery.pk)
    queue = list(Due.objects.values())
    history = Delivery.objects.filter(pk=delivery.pk).values().get()
    with refused(code):
        replay_delivery(developer, delivery)
    assert list(Due.objects.values()) == queue
    assert Delivery.objects.filter(pk=delivery.pk).values().get() == history


def test_a_refusal_says_why_the_endpoint_was_disabled(developer, delivery):
    disable(developer, delivery)
    with pytest.raises(RefusedError, match=r"disabled \(It answered 410\.\)"):
        replay_delivery(developer, Delivery.objects.get())


def test_a_try_that_has_ended_can_be_replayed(developer, delivery):
    lease(developer, delivery)
    with refused("under_way"):
        replay_delivery(developer, delivery)
    Due.objects.all().delete()
    assert replay_delivery(developer, delivery).state == DeliveryState.PENDING


def test_an_endpoint_taken_into_use_again_is_sent_to_again(developer, delivery):
    disable(developer, delivery)
    enable_endpoint(developer, delivery.endpoint)
    assert replay_delivery(developer, Delivery.objects.get()).state == DeliveryState.PENDING


def test_a_delivery_whose_endpoint_was_deleted_meanwhile_is_refused(developer, delivery):
    delete_endpoint(developer, Endpoint.objects.get(pk=delivery.endpoint_id))
    with refused("endpoint_gone"):
        replay_delivery(developer, delivery)


def test_all_that_ran_out_of_tries_since_a_time_are_due_now(developer, delivery):
    noon = timezone.now() - dt.timedelta(hours=1)
    same = {"endpoint": delivery.endpoint, "attempts": 10}
    later = DeliveryFactory(**same, state=DeliveryState.EXHAUSTED)
    DeliveryFactory(**same, state=DeliveryState.EXHAUSTED, created_at=noon - dt.timedelta(seconds=1))
    DeliveryFactory(**same, state=DeliveryState.DELIVERED)
    DeliveryFactory(endpoint=EndpointFactory(app=delivery.endpoint.app), state=DeliveryState.EXHAUSTED)
    gone = DeliveryFactory(**same, state=DeliveryState.EXHAUSTED)
    Payload.objects.filter(message_id=gone.message_id).delete()
    with changes() as left:
        assert replay_exhausted(developer, delivery.endpoint, noon) == 2
    due = {row.delivery_id: row for row in Due.objects.all()}
    assert due.keys() == {delivery.pk, later.pk}
    assert {(row.attempts, row.manual, row.lane.endpoint) for row in due.values()} == {
        (10, True, delivery.endpoint)
    }
    for row in Delivery.objects.filter(pk__in=due):
        assert (row.state, row.due_at, row.finished_at) == (DeliveryState.PENDING, due[row.pk].due_at, None)
    [audited] = left.audit
    assert (audited.verb, audited.changes["deliveries"]) == ("endpoint.replay", [None, 2])


def test_a_second_call_takes_the_next_ones(developer, delivery, monkeypatch):
    monkeypatch.setattr("webhooks.replay.MOST_AT_ONCE", 1)
    DeliveryFactory(endpoint=delivery.endpoint, state=DeliveryState.EXHAUSTED)
    since = timezone.now() - dt.timedelta(hours=1)
    assert [replay_exhausted(developer, delivery.endpoint, since) for _ in range(2)] == [1, 1]
    with refused("nothing_to_replay"):
        replay_exhausted(developer, delivery.endpoint, since)
    assert Due.objects.count() == 2


def test_nothing_is_replayed_to_an_endpoint_that_takes_nothing(developer, delivery):
    pause_endpoint(developer, delivery.endpoint)
    with refused("endpoint_paused"):
        replay_exhausted(developer, delivery.endpoint, timezone.now() - dt.timedelta(hours=1))
    assert not Due.objects.exists()
