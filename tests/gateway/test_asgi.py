"""Who is answered what, under both servers."""

import datetime as dt
import json

import pytest
from django.utils import timezone
from websockets.exceptions import InvalidStatus

from gateway.credentials import revoke_credential
from gateway.models import Credential, Dialect, SubscriptionState
from tests.gateway.asgi_harness import SERVERS, detail, gateway_process, wait_until
from tests.gateway.shop import document, open_shop

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(scope="module", params=SERVERS)
def gateway(request, gateway_environment):
    with gateway_process(gateway_environment, request.param, SLUICE_OPEN_APIS="true") as running:
        yield running


def post(gateway, key="", path="/shop/chat", **headers):
    sent = {"Authorization": key, **headers} if key else headers
    return gateway.request("POST", path, data=b"{}", headers=sent)


def settled(gateway, shop):
    """Wait until the gateway serves the shop to who may come."""
    key = shop.key(shop.app())
    wait_until(lambda: post(gateway, key).status_code == 200, "the shop does not open")
    return key


def test_it_says_that_it_is_well(gateway):
    answer = gateway.request("GET", "/healthz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


def test_where_nobody_listens_is_a_404_that_says_so(gateway):
    answer = gateway.request("GET", "/nobody/sse")
    assert answer.headers["content-type"] == "application/problem+json"
    assert detail(answer) == (404, "not_found")


def test_a_key_is_taken_in_each_of_its_places(gateway):
    key = settled(gateway, open_shop())
    assert post(gateway, f"Bearer {key}").status_code == 200
    assert gateway.request("POST", "/shop/chat", data=b"{}", headers={"X-API-Key": key}).status_code == 200
    query = gateway.request("POST", f"/shop/chat?api_key={key}", data=b"{}")
    assert detail(query) == (401, "key_missing")


def test_a_definition_names_the_places_of_its_keys(gateway):
    scheme = {"header": {"enabled": True, "name": "X-Shop"}, "query": {"enabled": True, "name": "shop_key"}}
    shop = open_shop(document(authentication={"enabled": True, "securitySchemes": {"key": scheme}}))
    key = shop.key(shop.app())
    wait_until(lambda: post(gateway, **{"X-Shop": key}).status_code == 200)
    assert gateway.request("POST", f"/shop/chat?shop_key={key}", data=b"{}").status_code == 200
    assert detail(post(gateway, key)) == (401, "key_missing")


def test_the_cast_is_answered_by_who_they_are(gateway):
    shop = open_shop()
    settled(gateway, shop)
    app = shop.app()
    expired = shop.key(app)
    Credential.objects.filter(prefix=expired[:12]).update(expires_at=timezone.now() - dt.timedelta(seconds=1))
    revoked = shop.issue(app)
    revoke_credential(shop.developers[app.pk], revoked.credential)
    last = shop.key(shop.app(SubscriptionState.SUSPENDED))
    wait_until(lambda: detail(post(gateway, last))[0] == 403, "the last change is not in force")

    assert detail(post(gateway)) == (401, "key_missing")
    assert detail(post(gateway, "slk_nobody")) == (401, "key_unknown")
    assert detail(post(gateway, expired)) == (401, "key_expired")
    assert detail(post(gateway, revoked.key)) == (401, "key_revoked")
    assert detail(post(gateway, last)) == (403, "not_subscribed")
    assert detail(post(gateway, shop.key(shop.app(None)))) in {(403, "not_subscribed"), (401, "key_unknown")}
    assert post(gateway).headers["www-authenticate"].startswith("Bearer")


def test_keys_are_asked_for_before_a_websocket_is_accepted(gateway):
    key = settled(gateway, open_shop())
    with pytest.raises(InvalidStatus) as refused:
        gateway.websocket("/shop/chat/ws")
    answer = refused.value.response
    assert (answer.status_code, json.loads(answer.body)["code"]) == (401, "key_missing")
    assert answer.headers["www-authenticate"].startswith("Bearer")
    with gateway.websocket("/shop/chat/ws", {"Authorization": f"Bearer {key}"}) as client:
        client.send(b"{}")


def test_a_handshake_where_no_websocket_is_is_told_so(gateway):
    key = settled(gateway, open_shop())
    for path in ("/shop/nothing", "/nobody"):
        with pytest.raises(InvalidStatus) as refused:
            gateway.websocket(path, {"Authorization": f"Bearer {key}"})
        answer = refused.value.response
        assert (answer.status_code, json.loads(answer.body)["code"]) == (404, "not_found")


def test_tyks_definitions_are_open_unless_they_say_otherwise(gateway):
    open_shop(document(name="open"), Dialect.TYK)
    wait_until(lambda: post(gateway, path="/open/chat").status_code == 200)


def test_more_requests_than_the_plan_allows_are_turned_away(gateway):
    shop = open_shop(requests_per_second=2)
    key = settled(gateway, shop)
    answers = [post(gateway, key) for _ in range(20)]
    refused = next(answer for answer in answers if answer.status_code == 429)
    assert int(refused.headers["retry-after"]) >= 1
    assert "ratelimit" in refused.headers
    assert "ratelimit-policy" in refused.headers


def test_its_numbers_are_there_for_prometheus(gateway):
    settled(gateway, open_shop())
    text = gateway.request("GET", "/metrics").text
    assert 'sluice_gateway_requests_total{outcome="accepted"}' in text
    through_a_proxy = gateway.request("GET", "/metrics", headers={"X-Forwarded-For": "198.51.100.7"})
    assert detail(through_a_proxy) == (403, "metrics_refused")


def test_where_streaming_is_switched_off_no_stream_is_served(gateway_environment, gateway):
    key = settled(gateway, open_shop())
    with gateway_process(gateway_environment, SLUICE_STREAMING_ENABLED="false") as off:
        wait_until(lambda: post(off).status_code == 401, "the API is not there")
        assert post(off, key).status_code == 404


def test_callers_of_open_definitions_are_limited_by_address_as_a_trusted_proxy_says(gateway_environment):
    settings = {"SLUICE_OPEN_APIS": "true", "SLUICE_OPEN_REQUESTS_PER_SECOND": "1"}
    with gateway_process(gateway_environment, FORWARDED_ALLOW_IPS="127.0.0.1", **settings) as gateway:
        open_shop(document(name="open"), Dialect.TYK)

        def post_from(address):
            return post(gateway, path="/open/chat", **{"X-Forwarded-For": address})

        wait_until(lambda: post_from("192.0.2.9").status_code == 200)
        answers = [post_from("192.0.2.1") for _ in range(10)]
        assert [answers[0].status_code, 429] == sorted({answer.status_code for answer in answers})
        assert answers[0].status_code == post_from("192.0.2.2").status_code == 200
