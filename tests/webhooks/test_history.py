"""The list of deliveries: pages by keyset, filters, and many endpoints at once."""

import datetime as dt
import random
import uuid

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.factories import EndpointFactory
from webhooks import history
from webhooks.history import DeliveryFilter, find_deliveries
from webhooks.models import Delivery, DeliveryState

pytestmark = pytest.mark.django_db

NOW = timezone.now()
TYPES = ("order.created", "order.paid", "parcel.sent")


def deliver(endpoints, count, seed=1):
    """Make deliveries in bulk: endpoints, states and types at random, a second apart, the newest last."""
    chance = random.Random(seed)
    return Delivery.objects.bulk_create(
        Delivery(
            id=number,
            day=NOW.date(),
            message_id=uuid.UUID(int=number),
            endpoint=chance.choice(endpoints),
            event_type=chance.choice(TYPES),
            state=chance.choice(DeliveryState.values),
            created_at=NOW + dt.timedelta(seconds=number),
        )
        for number in range(1, count + 1)
    )


def pages(endpoints, wanted, limit):
    """The ids of every page, by following `next`."""
    found, before = [], None
    while True:
        page = find_deliveries([one.pk for one in endpoints], wanted, limit, before)
        found.append([row.pk for row in page.deliveries])
        assert page.next is None or before is None or page.next < before, "each page goes on further down"
        before = page.next
        if before is None:
            return found


def expected(rows, endpoints, wanted):
    """What a filter means, said without SQL."""
    own = {one.pk for one in endpoints}
    return [
        row.pk
        for row in sorted(rows, key=lambda row: -row.pk)
        if row.endpoint_id in own
        and (not wanted.states or row.state in wanted.states)
        and wanted.event_type in {None, row.event_type}
        and (wanted.after is None or row.created_at >= wanted.after)
        and (wanted.before is None or row.created_at < wanted.before)
    ]


@pytest.fixture
def endpoints():
    return EndpointFactory.create_batch(4)


def flat(found):
    return [pk for page in found for pk in page]


def test_every_delivery_is_on_one_page_newest_first(endpoints):
    rows = deliver(endpoints, 5_000)
    found = pages(endpoints, DeliveryFilter(), 200)
    assert flat(found) == [row.pk for row in reversed(rows)]
    assert [len(page) for page in found] == [200] * 25


@pytest.mark.parametrize("count", [0, 1, 9, 10, 11, 20])
def test_the_last_page_says_that_it_is_the_last(endpoints, count):
    rows = deliver(endpoints[:1], count)
    found = pages(endpoints[:1], DeliveryFilter(), 10)
    assert flat(found) == [row.pk for row in reversed(rows)]
    assert len(found) == max(1, -(-count // 10)), "no empty page comes after a full one"


def test_only_what_went_to_the_endpoints_asked_for_is_found(endpoints):
    rows = deliver(endpoints, 400)
    for chosen in (endpoints[:1], endpoints[1:3]):
        assert flat(pages(chosen, DeliveryFilter(), 30)) == expected(rows, chosen, DeliveryFilter())
    assert pages([], DeliveryFilter(), 30) == [[]]


FILTERS = [
    DeliveryFilter(states=(DeliveryState.EXHAUSTED,)),
    DeliveryFilter(states=(DeliveryState.PENDING, DeliveryState.RETRYING)),
    DeliveryFilter(event_type="order.paid"),
    DeliveryFilter(event_type="order"),
    DeliveryFilter(after=NOW + dt.timedelta(seconds=300)),
    DeliveryFilter(before=NOW + dt.timedelta(seconds=300)),
    DeliveryFilter(
        states=(DeliveryState.DELIVERED,),
        event_type="parcel.sent",
        after=NOW + dt.timedelta(seconds=100),
        before=NOW + dt.timedelta(seconds=900),
    ),
]


@pytest.mark.parametrize("wanted", FILTERS, ids=range(len(FILTERS)))
def test_a_filtered_list_holds_exactly_what_the_filter_says(endpoints, wanted):
    rows = deliver(endpoints, 1_000)
    found = pages(endpoints, wanted, 40)
    assert flat(found) == expected(rows, endpoints, wanted)
    assert all(len(page) == 40 for page in found[:-1])


def test_the_first_moment_asked_for_belongs_to_the_list_and_the_last_does_not(endpoints):
    rows = deliver(endpoints, 3)
    wanted = DeliveryFilter(after=rows[0].created_at, before=rows[2].created_at)
    assert flat(pages(endpoints, wanted, 10)) == [rows[1].pk, rows[0].pk]


def test_what_is_new_since_the_first_page_does_not_move_the_others(endpoints):
    rows = deliver(endpoints, 30)
    keys = [one.pk for one in endpoints]
    first = find_deliveries(keys, DeliveryFilter(), 10)
    Delivery.objects.create(
        id=31,
        day=NOW.date(),
        message_id=uuid.UUID(int=31),
        endpoint=endpoints[0],
        event_type="order.paid",
        state=DeliveryState.PENDING,
        created_at=NOW,
    )
    second = find_deliveries(keys, DeliveryFilter(), 10, first.next)
    assert [row.pk for row in second.deliveries] == [row.pk for row in reversed(rows[10:20])]


def test_one_page_of_a_filtered_list_looks_at_a_bounded_number_of_rows(endpoints, monkeypatch):
    """A rare state is looked for in steps: pages may be empty, none is left out, and the list ends."""
    monkeypatch.setattr(history, "SCANNED", 40)
    rows = deliver(endpoints, 400)
    Delivery.objects.exclude(pk=3).update(state=DeliveryState.DELIVERED)
    Delivery.objects.filter(pk=3).update(state=DeliveryState.EXHAUSTED)
    found = pages(endpoints, DeliveryFilter(states=(DeliveryState.EXHAUSTED,)), 5)
    assert flat(found) == [3]
    assert len(found) >= len(rows) // 40


@given(
    seed=st.integers(0, 1000),
    scanned=st.integers(1, 60),
    limit=st.integers(1, 20),
    chosen=st.sets(st.integers(0, 3), min_size=1),
    states=st.sets(st.sampled_from(DeliveryState)),
    event_type=st.sampled_from((None, *TYPES, "order.lost")),
)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_however_it_is_cut_into_pages_the_list_is_the_same(
    endpoints, seed, scanned, limit, chosen, states, event_type
):
    Delivery.objects.all().delete()
    rows = deliver(endpoints, 120, seed)
    asked = [endpoints[place] for place in chosen]
    wanted = DeliveryFilter(states=tuple(states), event_type=event_type)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(history, "SCANNED", scanned)
        found = pages(asked, wanted, limit)
    assert flat(found) == expected(rows, asked, wanted)
    assert all(len(page) <= limit for page in found)
