"""Attributes of a subscription: what they may be, who reads about them, and until when they may be set."""

import pytest

from gateway.errors import InputError
from gateway.models import Role, SubscriptionState
from gateway.models.subscription import LIVE
from gateway.subscriptions import set_attributes
from tests.changes import actor_in, changes, refused
from tests.factories import SubscriptionFactory

pytestmark = pytest.mark.django_db
GOOD = {"team": "blue", "_Level9": 3, "share": 0.25, "beta": True, "a" * 64: "é" * 1000, "least": -(2**63)}


@pytest.fixture
def subscription():
    return SubscriptionFactory(attributes={"team": "red"})


@pytest.fixture
def publisher(subscription):
    return actor_in(subscription.product.organization, Role.PUBLISHER)


def test_they_are_replaced_audited_on_both_sides_and_announced(publisher, subscription):
    with changes() as left:
        changed = set_attributes(publisher, subscription, GOOD)
    subscription.refresh_from_db()
    assert changed.attributes == subscription.attributes == GOOD
    sides = [subscription.app.organization, subscription.product.organization]
    assert [row.organization for row in left.audit] == sides
    for row in left.audit:
        assert (row.verb, row.actor) == ("subscription.attributes", publisher.user)
        assert row.changes == {"attributes": [{"team": "red"}, GOOD]}
    assert left.counted == 1


@pytest.mark.parametrize(
    ("attributes", "pointer", "code"),
    [
        (None, "/attributes", "invalid"),
        (["team"], "/attributes", "invalid"),
        ({f"n{number}": 1 for number in range(21)}, "/attributes", "too_many"),
        ({"": "x"}, "/attributes/", "invalid_name"),
        ({"9th": "x"}, "/attributes/9th", "invalid_name"),
        ({"a.b/c~": "x"}, "/attributes/a.b~1c~0", "invalid_name"),
        ({"é": "x"}, "/attributes/é", "invalid_name"),
        ({"team\n": "x"}, "/attributes/team\n", "invalid_name"),
        ({"a" * 65: "x"}, f"/attributes/{'a' * 65}", "invalid_name"),
        ({"a": None}, "/attributes/a", "invalid_type"),
        ({"a": ["x"]}, "/attributes/a", "invalid_type"),
        ({"a": {"b": 1}}, "/attributes/a", "invalid_type"),
        ({"a": "x" * 1001}, "/attributes/a", "too_long"),
        ({"a": "x\ny"}, "/attributes/a", "control_character"),
        ({"a": "\ud800"}, "/attributes/a", "control_character"),
        ({"a": float("nan")}, "/attributes/a", "out_of_range"),
        ({"a": 10**400}, "/attributes/a", "out_of_range"),
        ({"a": 2**63}, "/attributes/a", "out_of_range"),
    ],
)
def test_anything_else_is_refused_with_its_place_and_changes_nothing(
    publisher, subscription, attributes, pointer, code
):
    with changes() as left, pytest.raises(InputError) as error:
        set_attributes(publisher, subscription, attributes)
    assert [(fault.pointer, fault.code) for fault in error.value.faults] == [(pointer, code)]
    assert all(fault.remedy and fault.message.isprintable() for fault in error.value.faults)
    subscription.refresh_from_db()
    assert subscription.attributes == {"team": "red"}
    assert (left.audit, left.counted) == ([], 0)


def test_every_fault_is_named_at_once(publisher, subscription):
    with pytest.raises(InputError) as error:
        set_attributes(publisher, subscription, {"1": None, "good": 1, "b": "\t"})
    assert [fault.pointer for fault in error.value.faults] == [
        "/attributes/1",
        "/attributes/1",
        "/attributes/b",
    ]


@pytest.mark.parametrize("state", SubscriptionState)
def test_they_are_set_while_the_subscription_lives(publisher, subscription, state):
    subscription.state = state
    subscription.save()
    if state in LIVE:
        assert set_attributes(publisher, subscription, {}).attributes == {}
    else:
        with refused("not_live"):
            set_attributes(publisher, subscription, {})
