import json
import re
from html import unescape

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from gateway.models import ApiDefinition, Lifecycle, Revision, Role, SubscriptionState
from portal.models import Page
from portal.offered_streams import offered_streams
from portal.product_pages import create_page
from portal.snippets import ways
from tests import factories
from tests.gateway.shop import document
from tests.portal.pages.conftest import LONG_NAME, make_actor, make_product

MOST_QUERIES = 15


def text(response):
    assert response.status_code == 200, response.status_code
    return response.content.decode()


def test_who_did_not_sign_in_finds_what_is_public_alone(client, estate):
    page = text(client.get("/"))
    assert LONG_NAME in page
    assert "Shared stock" not in page
    assert client.get("/products/stock").status_code == 404
    assert client.get("/products/orders").status_code == 200


def test_who_did_not_sign_in_and_finds_nothing_is_told_that_there_may_be_more(client, db):
    page = text(client.get("/"))
    assert "Nothing is public yet" in page
    assert 'class="button" href="/sign-in"' in page


def test_a_product_for_chosen_organizations_is_there_for_them_alone(estate, signed_in):
    assert "Shared stock" in text(signed_in(estate.actor).get("/"))
    stranger = signed_in(estate.stranger)
    assert "Shared stock" not in text(stranger.get("/"))
    assert stranger.get("/products/stock").status_code == 404
    estate.shared.audience.add(estate.stranger.organization)
    assert stranger.get("/products/stock").status_code == 200


def test_drafts_are_not_in_the_catalogue(client, estate):
    estate.public.lifecycle = Lifecycle.DRAFT
    estate.public.save()
    assert "Nothing is public yet" in text(client.get("/"))
    assert client.get("/products/orders").status_code == 404


@pytest.mark.parametrize(
    "query",
    [
        "q=orders.",
        "q=SIXTY-characters+nordwind",
        "way=webhook",
        "way=sse",
        "way=websocket",
        "lifecycle=published",
        "way=nonsense",
        "lifecycle=draft",
    ],
)
def test_a_search_finds_by_words_and_facets(client, estate, query):
    assert 'href="/products/orders"' in text(client.get(f"/?{query}"))


def test_a_search_finds_by_event_type(client, estate):
    name = estate.public.event_types.first().name
    assert 'href="/products/orders"' in text(client.get("/", {"q": name}))


@pytest.mark.parametrize(
    "query", ["q=zeppelin", "lifecycle=deprecated", "q=%00%25", "way=post", "publisher=elsewhere"]
)
def test_a_search_without_result_says_so(client, estate, query):
    page = text(client.get(f"/?{query}"))
    assert "Nothing matches" in page
    assert 'href="/products/orders"' not in page


def test_facets_say_how_many_products_each_value_leaves(client, estate, signed_in):
    other = make_product(
        estate.stranger, name="Stock", slug="other-stock", visibility="public", lifecycle=Lifecycle.DEPRECATED
    )
    other.webhooks_enabled = False
    other.save()
    page = text(client.get("/"))
    assert "2 products" in page
    for shown in (
        "Nordwind (1)",
        "Elsewhere (1)",
        "Webhook (1)",
        "SSE (1)",
        "Published (1)",
        "Deprecated (1)",
    ):
        assert shown in page
    slug = estate.stranger.organization.slug
    page = text(client.get("/", {"publisher": slug}))
    assert "1 product" in page
    assert "Stock" in page
    assert LONG_NAME not in page
    assert "Nordwind (1)" in page
    assert "Webhook (" not in page
    assert "Published (" not in page
    # What is shared with the organization is counted for its members alone.
    assert "Nordwind (2)" in text(signed_in(estate.actor).get("/"))


def test_a_long_catalogue_is_read_page_by_page(client, db):
    actor = make_actor()
    for number in range(30):
        make_product(actor, name=f"Product {number:02}", slug=f"product-{number:02}x", visibility="public")
    first = text(client.get("/?q=product"))
    assert "30 products" in first
    assert "Product 23" in first
    assert "Product 24" not in first
    [following] = re.findall(r'href="(\?q=product&amp;after=[^"]+)"', first)
    second = text(client.get("/" + unescape(following)))
    assert "Product 24" in second
    assert "Product 29" in second
    assert "Product 23" not in second
    assert client.get("/?after=nonsense").status_code == 404


@pytest.mark.parametrize("language", ["curl", "Python", "JavaScript"])
def test_a_product_page_has_code_for_each_way_in_each_language(client, estate, language):
    page = text(client.get("/products/orders", {"in": language}))
    for name in ("Webhook", "SSE", "WebSocket", "GET"):
        assert f"{name} in {language}" in page
    assert "/shop-orders/sse" in page
    assert "SLUICE_KEY" in page


@pytest.mark.parametrize(
    ("language", "named", "unnamed"),
    [
        ("curl", {"SLUICE_MANAGEMENT_KEY", "SLUICE_APP"}, {"SLUICE_KEY", "WEBHOOK_SECRET"}),
        ("Python", {"WEBHOOK_SECRET"}, {"SLUICE_KEY", "SLUICE_APP"}),
    ],
)
def test_the_variables_that_code_takes_are_explained_and_no_others(client, estate, language, named, unnamed):
    estate.public.definitions.clear()
    page = text(client.get("/products/orders", {"in": language}))
    assert all(f"<code>{name}</code> is" in page for name in named)
    assert not any(f"<code>{name}</code>" in page for name in unnamed)


@pytest.mark.parametrize("language", ["curl", "Python", "JavaScript"])
def test_code_to_copy_sends_the_key_where_it_is_taken_and_nothing_a_publisher_slipped_in(language):
    stream = {
        "input": {"kafka": {"addresses": ["main"], "topics": ["orders"], "consumer_group": "g"}},
        "output": {
            "http_server": {"stream_path": '/sse"; rm -rf ~ #', "path": "/get", "ws_path": "/$(id)`id`'"}
        },
    }
    schemes = {"key": {"header": {"name": "X-Shop-Key"}}}
    text = document({"orders": stream}, authentication={"enabled": True, "securitySchemes": schemes})
    definition = ApiDefinition(
        state="active",
        dialect="sluice",
        listen_path="/shop/",
        active_revision=Revision(document=json.dumps(text)),
    )
    codes = [way.code for way in ways(list(offered_streams([definition])), language, "", webhooks=False)]
    assert len(codes) == 3
    for code in codes:
        assert "X-Shop-Key" in code or "ticket" in code
        assert not [part for part in ("rm -rf", "$(id)", "`id`") if part in code]


def test_what_a_publisher_wrote_is_shown_as_text(client, estate):
    estate.public.summary = "<script>alert(1)</script>"
    estate.public.description = "<img src=x onerror=alert(1)>"
    estate.public.save()
    Page.objects.create(product=estate.public, title="<b>x</b>", slug="x", body="<script>alert(1)</script>")
    for address in ("/", "/products/orders", "/products/orders/documentation/x"):
        page = text(client.get(address))
        assert "<script>alert" not in page
        assert "<img" not in page
        assert "<b>x" not in page


def test_a_product_shows_its_members_its_pages_and_what_its_plans_mean(client, estate):
    event_type = estate.public.event_types.first()
    event_type.schema = {"properties": {"total": {"type": "number", "description": "In euro."}}}
    event_type.save()
    estate.public.description = "# Why\n\nEvery *order*."
    estate.public.save()
    create_page(estate.actor, estate.public, title="First steps", body="Begin **here**.")
    create_page(estate.actor, estate.public, title="Later")
    page = text(client.get("/products/orders"))
    assert "In euro." in page
    assert "<em>order</em>" in page
    assert "1,000 a month" in page
    assert "/products/orders/documentation/first-steps" in page
    assert "<strong>here</strong>" in text(client.get("/products/orders/documentation/first-steps"))
    assert "Nothing is written yet" in text(client.get("/products/orders/documentation/later"))
    assert client.get("/products/orders/documentation/nothing").status_code == 404
    assert client.get("/products/stock/documentation/first-steps").status_code == 404


def test_code_is_filled_with_the_app_that_was_chosen(estate, signed_in):
    other = factories.AppFactory(organization=estate.actor.organization, name="Another app")
    client = signed_in(estate.actor)
    page = text(client.get("/products/orders"))
    assert f"&quot;app&quot;: {estate.app.pk}," in page
    assert "# SLUICE_KEY: your key that begins slk_visible_" in page
    assert "the_rest_is_hidden" not in page
    page = text(client.get("/products/orders", {"app": other.pk}))
    assert f"&quot;app&quot;: {other.pk}," in page
    assert "slk_visible_" not in page
    foreign = factories.AppFactory(name="Foreign app")
    page = text(client.get("/products/orders", {"app": foreign.pk}))
    assert f"&quot;app&quot;: {estate.app.pk}," in page
    assert "Foreign app" not in page


def test_without_an_app_the_shell_fills_it_in(client, estate):
    assert "$SLUICE_APP" in text(client.get("/products/orders"))


@pytest.mark.parametrize(
    ("state", "said"),
    [
        (SubscriptionState.REQUESTED, "The publisher has your request"),
        (SubscriptionState.APPROVED, "Its key is ready"),
        (SubscriptionState.SUSPENDED, "The publisher stopped it for now"),
        (SubscriptionState.REJECTED, "The publisher said no"),
        (SubscriptionState.CANCELLED, "is not subscribed: choose a plan for it"),
    ],
)
def test_the_next_step_follows_from_the_state_of_the_subscription(estate, signed_in, state, said):
    estate.app.subscriptions.update(state=state)
    page = text(signed_in(estate.actor).get("/products/orders"))
    assert said in page
    listens = state in (SubscriptionState.APPROVED, SubscriptionState.REQUESTED)
    assert ("data-console" in page) is listens
    assert ("Meanwhile, read examples" in page) is (state == SubscriptionState.REQUESTED)


def test_the_first_step_is_what_the_reader_may_do(client, estate, signed_in):
    assert "/sign-in?next=/products/orders" in text(client.get("/products/orders"))
    page = text(signed_in(estate.stranger).get("/products/orders"))
    assert 'href="/products/orders/subscribe"' in page
    viewer = make_actor(Role.VIEWER)
    assert "a developer of your organization subscribes" in text(signed_in(viewer).get("/products/orders"))
    estate.public.lifecycle = Lifecycle.DEPRECATED
    estate.public.save()
    page = text(signed_in(estate.stranger).get("/products/orders"))
    assert "Nobody new can subscribe" in page
    assert "/subscribe" not in page


def test_an_app_without_a_key_is_led_to_one(estate, signed_in):
    estate.app.credentials.all().delete()
    assert f'href="/apps/{estate.app.pk}/keys"' in text(signed_in(estate.actor).get("/products/orders"))


@pytest.mark.parametrize("address", ["/", "/?q=order+sixty&way=sse", "/products/orders"])
def test_a_page_asks_the_database_few_questions(estate, signed_in, address):
    for _ in range(20):
        make_product(estate.actor)
    client = signed_in(estate.actor)
    with CaptureQueriesContext(connection) as queries:
        text(client.get(address))
    assert len(queries) <= MOST_QUERIES, [query["sql"] for query in queries]
