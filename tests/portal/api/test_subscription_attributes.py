"""The publisher sets a subscription's attributes, its subscriber reads them, strangers find nothing."""

import pytest

from gateway.models import Role
from tests.factories import SubscriptionFactory
from tests.portal.api.conftest import make_caller


@pytest.fixture
def subscription(publisher):
    return SubscriptionFactory(plan__product__organization=publisher.organization)


@pytest.fixture
def subscriber(subscription):
    return make_caller(Role.OWNER, subscription.app.organization)


def sent_by(caller, subscription, attributes):
    return caller.post(f"subscriptions/{subscription.pk}/set-attributes", {"attributes": attributes})


def test_both_sides_read_what_the_publisher_set(publisher, subscriber, subscription):
    attributes = {"team": "blue", "level": 3, "share": 0.5, "beta": False}
    assert sent_by(publisher, subscription, attributes).json()["attributes"] == attributes
    for caller in (publisher, subscriber):
        assert caller.get(f"subscriptions/{subscription.pk}").json()["attributes"] == attributes
        assert caller.get("subscriptions").json()["items"][0]["attributes"] == attributes


def test_neither_the_subscriber_nor_a_stranger_sets_them(subscriber, owner, subscription):
    assert sent_by(subscriber, subscription, {"team": "blue"}).status_code == 403
    assert sent_by(owner, subscription, {"team": "blue"}).status_code == 404
    assert owner.get(f"subscriptions/{subscription.pk}").status_code == 404
    subscription.refresh_from_db()
    assert subscription.attributes == {}


@pytest.mark.parametrize(
    ("attributes", "pointer"),
    [
        ([], "/attributes"),
        (None, "/attributes"),
        ({"a b": "x"}, "/attributes/a b"),
        ({"a": []}, "/attributes/a"),
    ],
)
def test_what_they_cannot_be_is_told_with_its_place(publisher, subscription, attributes, pointer):
    answer = sent_by(publisher, subscription, attributes)
    assert answer.status_code == 400
    assert [fault["pointer"] for fault in answer.json()["errors"]] == [pointer]
