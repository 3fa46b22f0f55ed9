"""A product from draft to retirement, as its publisher sees it."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from gateway.models import Lifecycle, Product, Role, SubscriptionState
from portal.models import Page
from tests import factories
from tests.changes import actor_in
from tests.portal.pages.conftest import LONG_NAME

MOST_QUERIES = 15
ADDRESS = "/publish/products"


def text(response, status=200):
    assert response.status_code == status, response.content.decode()
    return response.content.decode()


@pytest.fixture
def publisher(estate, signed_in):
    return signed_in(estate.actor)


@pytest.fixture
def draft(estate):
    return factories.ProductFactory(
        organization=estate.actor.organization, name="Parcels", slug="parcels", lifecycle=Lifecycle.DRAFT
    )


def test_a_product_is_made_of_what_runs_and_published_when_all_is_there(estate, publisher):
    definition = estate.public.definitions.get()
    idle = factories.ApiDefinitionFactory(organization=estate.actor.organization, name="Idle one")
    page = text(publisher.get(f"{ADDRESS}/new"))
    assert f"{definition.name} ({definition.listen_path})" in page
    assert "Idle one" not in page
    event_type = estate.public.event_types.first()
    sent = {
        "name": "Parcels",
        "visibility": "public",
        "definitions": [definition.pk],
        "webhooks_enabled": "on",
    }
    answer = publisher.post(f"{ADDRESS}/new", sent, follow=True)
    made = Product.objects.get(name="Parcels")
    page = text(answer)
    assert "missing: make a plan to subscribe under first" in page
    assert "missing: add the event types it sends, or switch webhooks off" in page
    assert "Publish</button>" not in page
    address = f"{ADDRESS}/{made.pk}"
    refused = text(publisher.post(f"{address}/publish", follow=True))
    assert "Parcels has no plan. Make a plan to subscribe under first." in refused
    plan = {"name": "Free", "approval": "automatic", "quota_period": "day", "quota": "1000"}
    assert "1,000 a day" in text(publisher.post(f"{address}/plans/new", plan, follow=True))
    settings = {
        **sent,
        "summary": "Where it is.",
        "event_types": [event_type.pk],
        "definitions": [definition.pk],
    }
    assert publisher.post(f"{address}/settings", settings)["Location"] == address
    assert "Publish</button>" in text(publisher.get(address))
    assert "is in the catalogue" in text(publisher.post(f"{address}/publish", follow=True))
    assert "Where it is." in text(publisher.get("/"))
    assert idle not in made.definitions.all()


def test_what_is_wrong_with_a_product_is_said_at_its_field(publisher, estate):
    foreign = factories.EventTypeFactory()
    sent = {"name": "", "visibility": "organizations", "audience": "nobody", "event_types": [foreign.pk]}
    page = text(publisher.post(f"{ADDRESS}/new", sent), 422)
    assert "There is no organization nobody." in page
    assert 'id="id_name_error"' in page
    assert 'id="id_event_types_error"' in page


def test_a_product_for_chosen_organizations_names_them(publisher, estate, draft):
    slug = estate.stranger.organization.slug
    sent = {"name": "Parcels", "visibility": "organizations", "audience": f" {slug},{slug} "}
    assert publisher.post(f"{ADDRESS}/{draft.pk}/settings", sent).status_code == 302
    assert list(draft.audience.all()) == [estate.stranger.organization]
    assert slug in text(publisher.get(f"{ADDRESS}/{draft.pk}/settings"))


def test_a_step_says_whom_it_meets_before_it_is_taken(publisher, estate):
    address = f"{ADDRESS}/{estate.public.pk}"
    page = text(publisher.get(f"{address}/deprecate"))
    assert "1 app of 1 organization go on receiving." in page
    assert "3 webhook endpoints of theirs will notice." in page
    refused = text(publisher.post(f"{address}/unpublish"), 422)
    assert "Deprecate it: they keep receiving and nobody new subscribes." in refused
    assert "takes no new subscriptions" in text(publisher.post(f"{address}/deprecate", follow=True))
    assert "This is not" in text(publisher.post(f"{address}/retire", {"typed": "wrong"}), 422)
    assert "is retired" in text(publisher.post(f"{address}/retire", {"typed": LONG_NAME}, follow=True))
    estate.public.refresh_from_db()
    assert estate.public.lifecycle == Lifecycle.RETIRED


def test_a_step_that_would_be_refused_is_not_offered(publisher, estate):
    address = f"{ADDRESS}/{estate.public.pk}"
    assert f"{address}/unpublish" not in text(publisher.get(address))
    estate.public.subscriptions.update(state=SubscriptionState.CANCELLED)
    assert f"{address}/unpublish" in text(publisher.get(address))
    publisher.post(f"{address}/unpublish")
    assert f"{address}/delete" not in text(publisher.get(address))


def test_what_was_read_of_a_product_is_drawn_by_the_hour(publisher, estate):
    definition = estate.public.definitions.get()
    assert "Nothing in this time." in text(publisher.get(f"{ADDRESS}/{estate.public.pk}"))
    factories.TrafficFactory(definition_id=definition.pk, product_id=estate.public.pk, value=4711)
    factories.TrafficFactory(definition_id=definition.pk, product_id=estate.shared.pk, value=815)
    page = text(publisher.get(f"{ADDRESS}/{estate.public.pk}"))
    assert "4,711" in page
    assert '"fit number">815<' not in page


def test_a_draft_is_deleted_by_its_name(publisher, draft):
    answer = publisher.post(f"{ADDRESS}/{draft.pk}/delete", {"typed": "Parcels"}, follow=True)
    assert "Parcels is gone." in text(answer)


def test_a_plan_is_changed_at_once_and_one_in_use_stays(publisher, estate):
    plan = estate.public.plans.get()
    address = f"{ADDRESS}/{estate.public.pk}/plans"
    assert "New limits act on its subscribers" in text(publisher.get(f"{address}/{plan.pk}"))
    sent = {"name": "Free", "approval": "manual", "quota_period": "day", "quota": "-1", "max_clients": "many"}
    page = text(publisher.post(f"{address}/{plan.pk}", sent), 422)
    assert 'id="id_quota_error"' in page
    assert 'id="id_max_clients_error"' in page
    assert (
        publisher.post(f"{address}/{plan.pk}", {**sent, "quota": "", "max_clients": "3"})["Location"]
        == address
    )
    plan.refresh_from_db()
    assert (plan.quota, plan.max_clients) == (None, 3)
    assert "present or past" in text(publisher.post(f"{address}/{plan.pk}/delete"), 422)


def test_a_second_plan_of_the_same_name_is_refused_on_top(publisher, estate):
    sent = {"name": "Free", "approval": "manual", "quota_period": "day"}
    page = text(publisher.post(f"{ADDRESS}/{estate.public.pk}/plans/new", sent), 422)
    assert "already exists" in page


def test_texts_are_written_with_a_preview_and_without_html_of_theirs(publisher, draft):
    address = f"{ADDRESS}/{draft.pk}/texts"
    markdown = "# Hello\n\n<b>no</b> [x](https://x.example)"
    page = text(publisher.post(f"{address}/description", {"description": markdown, "preview": "1"}))
    assert "<h3>Hello</h3>" in page
    assert "<b>no</b>" not in page
    draft.refresh_from_db()
    assert draft.description == ""
    assert publisher.post(f"{address}/description", {"description": markdown})["Location"] == address
    assert 'rel="nofollow noopener"' in text(publisher.get(address))
    fragment = text(publisher.post("/publish/markdown", {"text": "*soon*"}))
    assert fragment.strip() == '<div class="prose"><p><em>soon</em></p>\n</div>'


def test_pages_are_written_put_in_order_and_deleted(publisher, draft):
    address = f"{ADDRESS}/{draft.pk}/texts"
    for title in ("First steps", "Limits"):
        assert publisher.post(f"{address}/new", {"title": title, "body": "*"}).status_code == 302
    first = Page.objects.get(title="First steps")
    assert "already exists" in text(publisher.post(f"{address}/new", {"title": "Limits"}), 422)
    sent = {"title": "First steps", "slug": "first-steps", "body": "x", "position": "9"}
    assert publisher.post(f"{address}/{first.pk}", sent).status_code == 302
    assert [page.title for page in draft.pages.all()] == ["Limits", "First steps"]
    assert publisher.post(f"{address}/{first.pk}/delete", {"typed": "First steps"}).status_code == 302
    assert draft.pages.count() == 1


def test_requests_wait_in_the_inbox_with_what_is_to_be_known(publisher, estate):
    assert "Nobody is waiting" in text(publisher.get("/publish/approvals"))
    asked = factories.SubscriptionFactory(
        plan=estate.public.plans.get(), state=SubscriptionState.REQUESTED, purpose="To move parcels."
    )
    page = text(publisher.get("/publish/approvals"))
    assert "To move parcels." in page
    assert asked.app.organization.name in page
    address = f"/publish/subscriptions/{asked.pk}"
    page = text(publisher.post(address, {"verb": "reject"}), 422)
    assert "Say why" in page
    answer = publisher.post(address, {"verb": "reject", "reason": "Not yet."}, follow=True)
    assert "Not yet." in text(answer)
    assert "the subscription is rejected" in text(publisher.post(address, {"verb": "approve"}), 422).lower()


def test_a_subscriber_is_approved_suspended_resumed_and_moved(publisher, estate):
    product = estate.public
    asked = factories.SubscriptionFactory(plan=product.plans.get(), state=SubscriptionState.REQUESTED)
    address = f"/publish/subscriptions/{asked.pk}"
    assert "receives within two seconds" in text(publisher.post(address, {"verb": "approve"}, follow=True))
    listed = text(publisher.get(f"{ADDRESS}/{product.pk}/subscribers?state=approved"))
    assert asked.app.name in listed
    assert "Nobody in this state" in text(publisher.get(f"{ADDRESS}/{product.pk}/subscribers?state=rejected"))
    assert "Say why" in text(publisher.post(address, {"verb": "suspend"}), 422)
    publisher.post(address, {"verb": "suspend", "reason": "Too much."})
    asked.refresh_from_db()
    assert (asked.state, asked.reason) == (SubscriptionState.SUSPENDED, "Too much.")
    assert "goes on receiving" in text(publisher.post(address, {"verb": "resume"}, follow=True))
    gold = factories.PlanFactory(product=product, name="Gold")
    other = factories.PlanFactory(name="Of another product")
    assert "valid choice" in text(publisher.post(address, {"plan": other.pk}), 422)
    assert "goes on under Gold" in text(publisher.post(address, {"plan": gold.pk}, follow=True))


def test_attributes_are_set_by_the_publisher_and_shown_to_both(publisher, estate, signed_in):
    row = factories.SubscriptionFactory(plan=estate.public.plans.get())
    address = f"/publish/subscriptions/{row.pk}"
    assert "There are none." in text(publisher.get(address))
    refused = text(publisher.post(address, {"attributes": '{"team": ["<b>"]}'}), 422)
    assert "is neither text, number nor boolean" in refused
    assert "[&quot;&lt;b&gt;&quot;]" in refused
    assert "This is not JSON" in text(publisher.post(address, {"attributes": "team: blue"}), 422)
    sent = {"attributes": '{"team": "<i>blue", "beta": true}'}
    shown = text(publisher.post(address, sent, follow=True))
    assert "in force within two seconds" in shown
    row.refresh_from_db()
    assert row.attributes == {"team": "<i>blue", "beta": True}
    subscriber = signed_in(actor_in(row.app.organization, Role.OWNER))
    for page in (shown, text(subscriber.get(f"/subscriptions/{row.pk}"))):
        assert '<td class="mono" data-label="Value">&lt;i&gt;blue</td>' in page
        assert '<td class="mono" data-label="Value">true</td>' in page
    assert subscriber.post(address, {"attributes": "{}"}).status_code in {403, 404}
    publisher.post(address, {"attributes": ""})
    row.refresh_from_db()
    assert row.attributes == {}
    assert "$tyk_meta" not in text(subscriber.get(f"/subscriptions/{row.pk}"))


@pytest.mark.parametrize(
    "address",
    [
        "/publish/event-types",
        ADDRESS,
        ADDRESS + "/{product}",
        ADDRESS + "/{product}/plans",
        ADDRESS + "/{product}/texts",
        ADDRESS + "/{product}/settings",
        ADDRESS + "/{product}/subscribers",
        "/publish/approvals",
        "/publish/subscriptions/{subscription}",
    ],
)
def test_a_page_asks_the_database_few_questions(publisher, estate, address):
    plan = estate.public.plans.get()
    for _ in range(6):
        factories.PlanFactory(product=estate.public)
        row = factories.SubscriptionFactory(plan=plan, state=SubscriptionState.REQUESTED)
    shown = address.format(product=estate.public.pk, subscription=row.pk)
    with CaptureQueriesContext(connection) as queries:
        text(publisher.get(shown))
    assert len(queries) <= MOST_QUERIES, [query["sql"] for query in queries]
