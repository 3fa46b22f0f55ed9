"""Three steps to a subscription, another plan for it, and its end."""

import datetime as dt

import pytest
from django.utils import timezone

from gateway.models import App, Subscription, SubscriptionState
from gateway.subscriptions import suspend_subscription
from tests import factories
from tests.portal.pages.apps.conftest import text

SUBSCRIBE = "/products/orders/subscribe"


@pytest.fixture
def idle(workshop):
    """An app that is subscribed to nothing."""
    return factories.AppFactory(organization=workshop.app.organization, name="idle")


def free_plan(workshop):
    return workshop.product.plans.get(name="Free")


def test_three_steps_lead_to_a_subscription_that_receives_at_once(workshop, idle):
    first = workshop.client.post(SUBSCRIBE, {"app": idle.pk, "new_name": ""})
    assert first["Location"] == f"{SUBSCRIBE}?app={idle.pk}"
    second = text(workshop.client.get(first["Location"]))
    third = f"?app={idle.pk}&amp;plan={free_plan(workshop).pk}"
    assert third in second
    assert "1,000 a month" in second
    last = f"{SUBSCRIBE}{third.replace('&amp;', '&')}"
    assert "Nobody need approve" in text(workshop.client.get(last))
    answer = workshop.client.post(last)
    made = Subscription.objects.get(app=idle)
    assert (made.state, made.plan) == (SubscriptionState.APPROVED, free_plan(workshop))
    result = text(workshop.client.get(answer["Location"]))
    assert "You are subscribed." in result
    assert f'href="/apps/{idle.pk}/keys"' in result


def test_a_plan_that_the_publisher_approves_asks_what_for(workshop, idle):
    last = f"{SUBSCRIBE}?app={idle.pk}&plan={workshop.plan.pk}"
    assert 'id="id_purpose_error"' in text(workshop.client.post(last, {"purpose": ""}), 422)
    answer = workshop.client.post(last, {"purpose": "Invoices."})
    made = Subscription.objects.get(app=idle)
    assert (made.state, made.purpose) == (SubscriptionState.REQUESTED, "Invoices.")
    result = text(workshop.client.get(answer["Location"]))
    assert "The publisher has your request and decides" in result
    assert "Invoices." in result
    assert "Build on it meanwhile" in result
    assert "/shop-orders/sse" in result


def test_an_app_is_made_on_the_way(workshop):
    answer = workshop.client.post(SUBSCRIBE, {"app": "", "new_name": "made on the way"})
    made = App.objects.get(name="made on the way")
    assert answer["Location"] == f"{SUBSCRIBE}?app={made.pk}"


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"app": "", "new_name": ""}, "Choose an app, or name a new one"),
        ({"app": "{app}", "new_name": "both"}, "not both"),
        ({"app": "999999", "new_name": ""}, "Select a valid choice"),
        ({"app": "", "new_name": "{name}"}, "already"),
    ],
)
def test_a_first_step_without_one_answer_is_told(workshop, values, words):
    given = {
        name: value.format(app=workshop.app.pk, name=workshop.app.name) for name, value in values.items()
    }
    assert words in text(workshop.client.post(SUBSCRIBE, given), 422)
    assert App.objects.filter(organization=workshop.app.organization).count() == 1


def test_an_app_that_is_subscribed_is_led_to_its_subscription(workshop):
    page = text(workshop.client.get(f"{SUBSCRIBE}?app={workshop.app.pk}"))
    assert f'href="/subscriptions/{workshop.subscription.pk}"' in page
    last = f"{SUBSCRIBE}?app={workshop.app.pk}&plan={free_plan(workshop).pk}"
    assert "subscribed to" in text(workshop.client.post(last), 422)


def test_a_product_that_takes_nobody_says_so(workshop):
    workshop.product.lifecycle = "deprecated"
    workshop.product.save()
    assert "takes no new subscriptions" in text(workshop.client.get(SUBSCRIBE))


@pytest.mark.parametrize("query", ["app=x", "app=99999999999999999999", "app=0"])
def test_a_query_that_names_no_app_is_not_found(workshop, query):
    assert workshop.client.get(f"{SUBSCRIBE}?{query}").status_code == 404


def test_a_product_that_one_does_not_see_cannot_be_subscribed_to(workshop, estate, signed_in):
    assert signed_in(estate.stranger).get("/products/stock/subscribe").status_code == 404


def test_the_list_is_filtered_by_state_and_app(workshop):
    other = factories.SubscriptionFactory(
        app=factories.AppFactory(organization=workshop.app.organization, name="another-app"),
        state="requested",
    )
    everything = text(workshop.client.get("/subscriptions"))
    assert other.product.name in everything
    assert workshop.product.name in everything
    requested = text(workshop.client.get("/subscriptions?state=requested"))
    assert other.product.name in requested
    assert workshop.product.name not in requested
    assert other.product.name not in text(workshop.client.get(f"/subscriptions?app={workshop.app.pk}"))
    assert "Nothing matches" in text(workshop.client.get("/subscriptions?state=rejected"))
    assert "Nothing matches" in text(workshop.client.get("/subscriptions?app=x"))


def test_those_to_the_readers_own_products_are_not_in_the_list(workshop, estate):
    theirs = factories.SubscriptionFactory(plan=free_plan(workshop), app__name="of-somebody-else")
    assert "of-somebody-else" not in text(workshop.client.get("/subscriptions"))
    assert workshop.client.get(f"/subscriptions/{theirs.pk}").status_code == 404


def test_a_subscription_goes_on_under_another_plan_that_nobody_need_approve(workshop):
    page = f"/subscriptions/{workshop.subscription.pk}"
    swift = factories.PlanFactory(product=workshop.product, name="Swift", approval="automatic")
    assert workshop.client.post(page, {"plan": swift.pk})["Location"] == page
    workshop.subscription.refresh_from_db()
    assert workshop.subscription.plan == swift
    assert 'id="id_plan_error"' in text(workshop.client.post(page, {"plan": workshop.plan.pk}), 422)
    assert workshop.viewer.post(page, {"plan": swift.pk}).status_code == 403


def test_a_subscription_is_cancelled_after_a_question(workshop):
    cancel = f"/subscriptions/{workshop.subscription.pk}/cancel"
    assert "no more events are sent" in text(workshop.client.get(cancel))
    answer = workshop.client.post(cancel)
    page = text(workshop.client.get(answer["Location"]))
    assert "Cancelled" in page
    assert "Subscribe anew" in page
    assert "cancel applies to" in text(workshop.client.post(cancel), 422)


def test_what_a_state_means_is_told_with_the_reason_given(workshop, estate):
    suspend_subscription(estate.actor, workshop.subscription, "The invoice is open.")
    page = text(workshop.client.get(f"/subscriptions/{workshop.subscription.pk}"))
    assert "The publisher stopped it for now" in page
    assert "The invoice is open." in page
    assert "Suspend subscription" in page


def test_an_expired_subscription_says_so(workshop):
    Subscription.objects.update(expires_at=timezone.now() - dt.timedelta(days=1))
    assert "It has expired" in text(workshop.client.get(f"/subscriptions/{workshop.subscription.pk}"))
    assert "Expired" in text(workshop.client.get("/subscriptions"))


def test_the_quota_is_shown_beside_what_was_used(workshop):
    factories.UsageFactory(subscription=workshop.subscription, used=12)
    assert "12 of 1000 used" in text(workshop.client.get(f"/subscriptions/{workshop.subscription.pk}"))
