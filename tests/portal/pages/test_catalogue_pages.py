import json

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from gateway.models import ApiDefinition, Lifecycle, Revision
from portal.offered_streams import offered_streams
from portal.snippets import ways
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
    assert "No products yet" in text(client.get("/"))
    assert client.get("/products/orders").status_code == 404


@pytest.mark.parametrize("query", ["q=orders.", "q=SIXTY-characters", "way=webhook", "lifecycle=published"])
def test_a_search_finds_by_words_and_facets(client, estate, query):
    assert 'href="/products/orders"' in text(client.get(f"/?{query}"))


def test_a_search_finds_by_event_type(client, estate):
    name = estate.public.event_types.first().name
    assert 'href="/products/orders"' in text(client.get("/", {"q": name}))


@pytest.mark.parametrize("query", ["q=zeppelin", "lifecycle=deprecated", "q=%00%25", "after=orders"])
def test_a_search_without_result_says_so(client, estate, query):
    page = text(client.get(f"/?{query}"))
    assert "Nothing matches" in page
    assert 'href="/products/orders"' not in page


def test_a_long_catalogue_is_read_page_by_page(client, db):
    actor = make_actor()
    for number in range(30):
        make_product(actor, name=f"Product {number:02}", slug=f"product-{number:02}x", visibility="public")
    first = client.get("/?q=product")
    assert "q=product&amp;after=product-23x" in text(first)
    second = text(client.get("/?q=product&after=product-23x"))
    assert "Product 24" in second
    assert "Product 29" in second
    assert "Product 23" not in second


@pytest.mark.parametrize("language", ["curl", "Python", "JavaScript"])
def test_a_product_page_has_code_for_each_way_in_each_language(client, estate, language):
    page = text(client.get("/products/orders", {"in": language}))
    for name in ("Webhook", "SSE", "WebSocket", "GET"):
        assert f"{name} in {language}" in page
    assert "/shop-orders/sse" in page
    assert "SLUICE_KEY" in page


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
    for address in ("/", "/products/orders"):
        page = text(client.get(address))
        assert "<script>alert" not in page
        assert "<img" not in page


@pytest.mark.parametrize("address", ["/", "/?q=order+sixty", "/products/orders"])
def test_a_page_asks_the_database_few_questions(estate, signed_in, address):
    for _ in range(20):
        make_product(estate.actor)
    client = signed_in(estate.actor)
    with CaptureQueriesContext(connection) as queries:
        text(client.get(address))
    assert len(queries) <= MOST_QUERIES, [query["sql"] for query in queries]
