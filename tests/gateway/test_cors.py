"""Which web pages may call an API, and what their browsers are told."""

from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from websockets.exceptions import InvalidStatus

from tests.gateway.asgi_harness import detail, gateway_process, wait_until
from tests.gateway.shop import document, open_shop

pytestmark = pytest.mark.django_db(transaction=True)
PORTAL, OWN, FOREIGN = "http://localhost:3000", "https://shop.example.com", "https://elsewhere.example.com"
CORS = {"enabled": True, "allowed_origins": [OWN]}
CHAT = {"http_server": {"path": "/chat", "ws_path": "/chat/ws", "cors": CORS}}
STREAMS = {"chat": {"input": CHAT, "output": {"drop": {}}}}


@pytest.fixture(scope="module")
def gateway(gateway_environment):
    with gateway_process(gateway_environment, SLUICE_OUTBOUND_ALLOW="127.0.0.0/8") as running:
        yield running


@pytest.fixture
def upstream():
    """Says of itself that any page may read it."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Access-Control-Allow-Origin", "*")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_):
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def opened(gateway, **values):
    shop = open_shop(document(STREAMS, **values))
    key = shop.key(shop.app())
    wait_until(lambda: post(gateway, key).status_code == 200, "the shop does not open")
    return key


def post(gateway, key="", **headers):
    sent = {"Authorization": key, **headers} if key else headers
    return gateway.request("POST", "/shop/chat", data=b"{}", headers=sent)


def preflight(gateway, origin, path="/shop/chat"):
    asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization"}
    return gateway.request("OPTIONS", path, headers={"Origin": origin, **asked})


def allowed(answer):
    return answer.headers.get("access-control-allow-origin")


@pytest.mark.parametrize("origin", [PORTAL, OWN])
def test_pages_of_the_portal_and_of_allowed_origins_are_answered_before_any_key(gateway, origin):
    key = opened(gateway)
    asked = preflight(gateway, origin)
    assert (asked.status_code, allowed(asked), asked.content) == (204, origin, b"")
    assert asked.headers["access-control-allow-methods"] == "POST"
    assert asked.headers["access-control-allow-headers"] == "authorization"
    answer = post(gateway, key, Origin=origin)
    assert (answer.status_code, allowed(answer), answer.headers["vary"]) == (200, origin, "Origin")
    refused = post(gateway, Origin=origin)
    assert (detail(refused), allowed(refused)) == ((401, "key_missing"), origin)


def test_other_pages_are_told_nothing(gateway):
    key = opened(gateway)
    asked = preflight(gateway, FOREIGN)
    assert (asked.status_code, allowed(asked)) == (401, None)
    assert allowed(post(gateway, key, Origin=FOREIGN)) is None
    assert allowed(post(gateway, key, Origin="null")) is None


def test_without_cors_in_the_definition_only_the_portals_pages_are_allowed(gateway):
    shop = open_shop()
    key = shop.key(shop.app())
    wait_until(lambda: post(gateway, key).status_code == 200)
    wait_until(lambda: allowed(preflight(gateway, OWN)) is None)
    assert allowed(preflight(gateway, PORTAL)) == PORTAL


def test_of_an_upstream_the_portals_pages_hear_one_answer(gateway, upstream):
    key = opened(gateway, upstream=upstream)
    headers = {"Authorization": key}
    own = gateway.request("GET", "/shop/other", headers={**headers, "Origin": FOREIGN})
    assert (own.status_code, allowed(own)) == (200, "*")
    ours = gateway.request("GET", "/shop/other", headers={**headers, "Origin": PORTAL})
    assert (ours.status_code, allowed(ours)) == (200, PORTAL)


def test_a_definition_allows_pages_for_all_of_it(gateway):
    everywhere = {"global": {"cors": {"enabled": True, "allowedOrigins": ["*"]}}}
    opened(gateway, middleware=everywhere)
    wait_until(lambda: allowed(preflight(gateway, FOREIGN)) == FOREIGN)
    other = preflight(gateway, FOREIGN, "/shop/other")
    assert (allowed(other), other.headers["access-control-allow-methods"]) == (FOREIGN, "POST")


def test_who_shows_a_key_may_open_a_websocket_from_anywhere(gateway):
    key = opened(gateway)
    with gateway.websocket("/shop/chat/ws", {"Authorization": key, "Origin": FOREIGN}) as client:
        client.send(b"{}")


def test_a_page_of_another_origin_gets_nothing_by_any_ticket(gateway):
    opened(gateway)
    with pytest.raises(InvalidStatus) as refused:
        gateway.websocket("/shop/chat/ws?ticket=slt_any", {"Origin": FOREIGN})
    assert refused.value.response.status_code == 403
