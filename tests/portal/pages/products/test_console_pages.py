"""Who may open a stream in the page, and what they are told who may not."""

import pytest

from gateway.models import Role, SubscriptionState, Ticket
from tests import factories
from tests.portal.pages.conftest import LONG_NAME


def text(response):
    assert response.status_code == 200, response.status_code
    return response.content.decode()


@pytest.fixture
def asked(estate):
    return {
        "app": estate.app.pk,
        "definition": estate.public.definitions.get().public_id,
        "stream": "live",
    }


@pytest.fixture
def developer(estate, signed_in):
    return signed_in(estate.actor)


def test_the_console_offers_what_the_organizations_apps_may_read(estate, developer, signed_in):
    page = text(developer.get("/console"))
    assert f"{LONG_NAME}-app on {LONG_NAME}" in page
    assert "live by SSE" in page
    assert "live by WebSocket" in page
    assert "/shop-orders/sse" in page
    assert "No app is subscribed" in text(signed_in(estate.stranger).get("/console"))
    estate.app.subscriptions.update(state=SubscriptionState.REQUESTED)
    assert f"on {LONG_NAME} (examples)" in text(developer.get("/console"))
    estate.app.subscriptions.update(state=SubscriptionState.SUSPENDED)
    assert "No app is subscribed" in text(developer.get("/console"))


def test_of_several_subscriptions_one_is_chosen(estate, developer):
    second = factories.SubscriptionFactory(app=estate.app, plan=estate.shared.plans.get())
    assert "Nothing to watch" in text(developer.get("/console", {"subscription": second.pk}))
    first = estate.app.subscriptions.exclude(pk=second.pk).get()
    assert "live by SSE" in text(developer.get("/console", {"subscription": first.pk}))


def test_who_only_looks_is_told_so(estate, signed_in):
    member = factories.MembershipFactory(organization=estate.actor.organization, role=Role.VIEWER)
    estate_viewer = type(estate.actor)(member.user, member.organization, Role.VIEWER)
    page = text(signed_in(estate_viewer).get("/console"))
    assert "Your role looks only" in page
    assert "data-console" not in page


def test_a_ticket_is_given_for_a_stream_that_the_app_may_read(developer, asked):
    answer = developer.post("/console/ticket", asked)
    assert answer.json()["ticket"].startswith("slt_")
    assert answer["Cache-Control"] == "no-store"
    assert Ticket.objects.get().stream == "live"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"stream": "nothing"}, "It has no stream 'nothing'. Known: orders, live."),
        ({"definition": "nothing"}, "Subscribe to a product that contains it."),
        ({"app": ""}, "This field is required."),
    ],
)
def test_why_there_is_no_ticket_is_said_in_words(developer, asked, change, said):
    answer = developer.post("/console/ticket", {**asked, **change})
    assert answer.status_code == 422
    assert said in answer.json()["detail"]
    assert not Ticket.objects.exists()
