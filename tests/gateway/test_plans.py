"""Plans: the limits of a product, kept while somebody subscribed under them."""

import pytest

from gateway.errors import InputError
from gateway.models import Lifecycle, Plan, Product, SubscriptionState
from gateway.plans import change_plan, create_plan, delete_plan
from tests.changes import actor_in, changes, refused
from tests.factories import PlanFactory, ProductFactory, SubscriptionFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def plan():
    return PlanFactory(name="Free", quota=100)


@pytest.fixture
def publisher(plan):
    return actor_in(plan.product.organization)


def test_a_plan_is_made_changed_and_audited(publisher, plan):
    with changes() as left:
        made = create_plan(publisher, plan.product, name="Paid", messages_per_second=50)
        change_plan(publisher, made, {"messages_per_second": None, "name": "Paid"})
    made.refresh_from_db()
    assert (made.product, made.messages_per_second) == (plan.product, None)
    assert [(row.verb, row.changes) for row in left.audit] == [
        ("plan.create", {}),
        ("plan.change", {"messages_per_second": [50, None]}),
    ]
    assert left.counted == 2


def test_a_name_is_taken_in_its_product_alone(publisher, plan):
    for act in (
        lambda: create_plan(publisher, plan.product, name="Free"),
        lambda: change_plan(publisher, PlanFactory(product=plan.product), {"name": "Free"}),
    ):
        with changes() as left, pytest.raises(InputError):
            act()
        assert (left.audit, left.counted) == ([], 0)
    assert create_plan(publisher, ProductFactory(), name="Free").name == "Free"


def test_a_limit_below_nothing_is_refused_where_it_was_given(publisher, plan):
    with pytest.raises(InputError) as error:
        change_plan(publisher, plan, {"quota": -1})
    assert [fault.pointer for fault in error.value.faults] == ["/quota"]
    plan.refresh_from_db()
    assert plan.quota == 100


@pytest.mark.parametrize("state", SubscriptionState)
def test_a_plan_that_was_ever_subscribed_under_stays(publisher, plan, state):
    SubscriptionFactory(plan=plan, state=state)
    with refused("in_use"):
        delete_plan(publisher, plan)
    assert Plan.objects.get() == plan


@pytest.mark.parametrize("lifecycle", [Lifecycle.PUBLISHED, Lifecycle.DEPRECATED])
def test_the_last_plan_of_a_product_in_the_catalogue_stays(publisher, plan, lifecycle):
    Product.objects.update(lifecycle=lifecycle)
    with refused("last_plan"):
        delete_plan(publisher, plan)
    other = PlanFactory(product=plan.product)
    delete_plan(publisher, plan)
    assert Plan.objects.get() == other


def test_a_plan_nobody_subscribed_under_is_deleted(publisher, plan):
    Product.objects.update(lifecycle=Lifecycle.DRAFT)
    with changes() as left:
        delete_plan(publisher, plan)
    assert not Plan.objects.exists()
    assert (left.verbs, left.counted) == (["plan.delete"], 1)
