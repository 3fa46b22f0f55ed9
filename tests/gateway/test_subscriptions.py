"""Subscriptions: who may ask, what each decision applies to, and who reads about it."""

import datetime as dt
import itertools

import pytest
from django.utils import timezone

from gateway.errors import InputError
from gateway.models import (
    Approval,
    Audit,
    Lifecycle,
    Product,
    Role,
    Subscription,
    SubscriptionState,
    Visibility,
)
from gateway.models.subscription import LIVE, MOVES
from gateway.subscriptions import (
    approve_subscription,
    assign_plan,
    cancel_subscription,
    choose_plan,
    reject_subscription,
    request_subscription,
    resume_subscription,
    suspend_subscription,
)
from tests.changes import actor_in, changes, refused
from tests.factories import AppFactory, PlanFactory, ProductFactory, SubscriptionFactory

pytestmark = pytest.mark.django_db

VERBS = {
    "approve": (approve_subscription, SubscriptionState.APPROVED, {SubscriptionState.REQUESTED}),
    "reject": (reject_subscription, SubscriptionState.REJECTED, {SubscriptionState.REQUESTED}),
    "suspend": (suspend_subscription, SubscriptionState.SUSPENDED, {SubscriptionState.APPROVED}),
    "resume": (resume_subscription, SubscriptionState.APPROVED, {SubscriptionState.SUSPENDED}),
    "cancel": (cancel_subscription, SubscriptionState.CANCELLED, set(LIVE)),
}
PAIRS = list(itertools.product(VERBS, SubscriptionState))
LEGAL = [(name, before) for name, before in PAIRS if before in VERBS[name][2]]
ILLEGAL = [(name, before) for name, before in PAIRS if before not in VERBS[name][2]]


@pytest.fixture
def app():
    return AppFactory()


@pytest.fixture
def plan():
    return PlanFactory(approval=Approval.MANUAL)


@pytest.fixture
def developer(app):
    return actor_in(app.organization, Role.DEVELOPER)


@pytest.fixture
def publisher(plan):
    return actor_in(plan.product.organization, Role.PUBLISHER)


def ask(developer, app, plan):
    return request_subscription(
        developer, app=app, product=plan.product, plan=plan, purpose="Invoices of what was shipped."
    )


def test_the_verbs_make_every_legal_move_and_no_other():
    made = {(before, VERBS[name][1]) for name, before in LEGAL}
    assert made == {(before, to) for before in SubscriptionState for to in MOVES[before]}


@pytest.mark.parametrize(("name", "before"), LEGAL)
def test_a_decision_is_made_audited_on_both_sides_and_announced(publisher, app, plan, name, before):
    decide, to, _ = VERBS[name]
    subscription = SubscriptionFactory(app=app, plan=plan, state=before)
    with changes() as left:
        decided = decide(publisher, subscription, "because")
    subscription.refresh_from_db()
    assert decided.state == subscription.state == to
    assert (subscription.decided_by, subscription.reason) == (publisher.user, "because")
    assert subscription.decided_at is not None
    assert [row.organization for row in left.audit] == [app.organization, plan.product.organization]
    for row in left.audit:
        assert (row.verb, row.actor) == (f"subscription.{name}", publisher.user)
        assert row.changes == {"state": [before, to], "reason": [None, "because"]}
    assert left.counted == 1


@pytest.mark.parametrize(("name", "before"), ILLEGAL)
def test_a_decision_that_does_not_apply_is_refused_and_changes_nothing(publisher, app, plan, name, before):
    subscription = SubscriptionFactory(app=app, plan=plan, state=before, reason="old")
    with refused("illegal_move"):
        VERBS[name][0](publisher, subscription, "new")
    subscription.refresh_from_db()
    assert (subscription.state, subscription.reason, subscription.decided_by) == (before, "old", None)


def test_a_decision_is_judged_by_the_row_as_it_is_now_not_as_it_was_read(publisher, app, plan):
    stale = SubscriptionFactory(app=app, plan=plan, state=SubscriptionState.REQUESTED)
    Subscription.objects.update(state=SubscriptionState.CANCELLED)
    with refused("illegal_move"):
        approve_subscription(publisher, stale)


def test_within_one_organization_a_decision_is_audited_once(plan):
    subscription = SubscriptionFactory(plan=plan, app=AppFactory(organization=plan.product.organization))
    with changes() as left:
        suspend_subscription(actor_in(plan.product.organization), subscription)
    assert left.verbs == ["subscription.suspend"]


@pytest.mark.parametrize(
    ("approval", "state"),
    [(Approval.MANUAL, SubscriptionState.REQUESTED), (Approval.AUTOMATIC, SubscriptionState.APPROVED)],
)
def test_the_plan_says_whether_a_request_waits(developer, app, plan, approval, state):
    plan.approval = approval
    plan.save()
    with changes() as left:
        made = ask(developer, app, plan)
    made.refresh_from_db()
    assert (made.state, made.requested_by) == (state, developer.user)
    assert made.purpose == "Invoices of what was shipped."
    assert (made.decided_at is None) == (approval == Approval.MANUAL)
    assert {(row.verb, str(row.changes)) for row in left.audit} == {
        ("subscription.request", str({"state": [None, state.value]}))
    }
    assert {row.organization for row in left.audit} == {app.organization, plan.product.organization}
    assert left.counted == 1


@pytest.mark.parametrize("state", SubscriptionState)
def test_an_app_has_one_live_subscription_of_a_product(developer, app, plan, state):
    SubscriptionFactory(app=app, plan=plan, state=state)
    if state in LIVE:
        with refused("already_subscribed"):
            ask(developer, app, PlanFactory(product=plan.product))
    else:
        assert ask(developer, app, plan).state == SubscriptionState.REQUESTED


@pytest.mark.parametrize("state", [SubscriptionState.APPROVED, SubscriptionState.SUSPENDED])
def test_an_expired_subscription_makes_way_for_a_new_request(developer, app, plan, state):
    yesterday = timezone.now() - dt.timedelta(days=1)
    old = SubscriptionFactory(app=app, plan=plan, state=state, expires_at=yesterday)
    with changes() as left:
        new = ask(developer, app, plan)
    old.refresh_from_db()
    assert (old.state, new.state) == (SubscriptionState.CANCELLED, SubscriptionState.REQUESTED)
    assert {row.verb for row in left.audit} == {"subscription.cancel", "subscription.request"}


def test_one_that_will_expire_does_not(developer, app, plan):
    SubscriptionFactory(app=app, plan=plan, expires_at=timezone.now() + dt.timedelta(minutes=5))
    with refused("already_subscribed"):
        ask(developer, app, plan)


def test_another_app_may_subscribe_too(developer, app, plan):
    SubscriptionFactory(app=app, plan=plan)
    ask(developer, AppFactory(organization=app.organization), plan)
    assert Subscription.objects.filter(product=plan.product, state__in=LIVE).count() == 2


@pytest.mark.parametrize("lifecycle", [one for one in Lifecycle if one != Lifecycle.PUBLISHED])
def test_what_is_not_sold_any_more_or_yet_takes_no_requests(developer, app, plan, lifecycle):
    Product.objects.update(lifecycle=lifecycle)
    if lifecycle == Lifecycle.DEPRECATED:
        plan.product.refresh_from_db()
        with refused("not_published"):
            ask(developer, app, plan)
    else:
        with pytest.raises(InputError, match="no such product"):
            ask(developer, app, plan)
    assert not Subscription.objects.exists()


def test_a_product_for_others_is_said_not_to_exist(developer, app, plan):
    Product.objects.update(visibility=Visibility.ORGANIZATIONS)
    with pytest.raises(InputError) as error:
        ask(developer, app, plan)
    assert [(fault.pointer, fault.code) for fault in error.value.faults] == [("/product", "unknown")]
    plan.product.audience.add(app.organization)
    assert ask(developer, app, plan).state == SubscriptionState.REQUESTED


def test_the_plan_is_one_of_the_product(developer, app, plan):
    with pytest.raises(InputError) as error:
        request_subscription(developer, app=app, product=ProductFactory(), plan=plan)
    assert [(fault.pointer, fault.code) for fault in error.value.faults] == [("/plan", "unknown")]
    assert not Audit.objects.exists()


def test_a_developer_goes_on_under_a_plan_that_needs_no_approval(developer, app, plan):
    subscription = SubscriptionFactory(app=app, plan=plan)
    bigger = PlanFactory(product=plan.product, approval=Approval.AUTOMATIC)
    with changes() as left:
        changed = choose_plan(developer, subscription, bigger)
    subscription.refresh_from_db()
    assert (changed.plan, subscription.plan, subscription.state) == (
        bigger,
        bigger,
        SubscriptionState.APPROVED,
    )
    assert {(row.verb, str(row.changes)) for row in left.audit} == {
        ("subscription.plan", str({"plan": [plan.name, bigger.name]}))
    }
    assert {row.organization for row in left.audit} == {app.organization, plan.product.organization}
    assert left.counted == 1


def test_a_plan_that_needs_approval_is_for_the_publisher_to_give(developer, publisher, app, plan):
    subscription = SubscriptionFactory(app=app, plan=plan)
    manual = PlanFactory(product=plan.product, approval=Approval.MANUAL)
    with refused("approval_needed"):
        choose_plan(developer, subscription, manual)
    assert assign_plan(publisher, subscription, manual).plan == manual


def test_another_products_plan_is_none_of_it(publisher, app, plan):
    with pytest.raises(InputError):
        assign_plan(publisher, SubscriptionFactory(app=app, plan=plan), PlanFactory())


@pytest.mark.parametrize("state", [state for state in SubscriptionState if state not in LIVE])
def test_what_has_ended_changes_its_plan_no_more(publisher, app, plan, state):
    with refused("not_live"):
        assign_plan(publisher, SubscriptionFactory(app=app, plan=plan, state=state), plan)
