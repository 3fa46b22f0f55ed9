"""Open streams end when what they were opened under ends, with Valkey there or away."""

import datetime as dt
import signal

import pytest
from django.utils import timezone
from websockets.exceptions import ConnectionClosed

from gateway.announcements import announce
from gateway.credentials import revoke_credential
from gateway.definitions import deactivate_definition
from gateway.models import Subscription
from gateway.plans import change_plan
from gateway.subscriptions import cancel_subscription, set_attributes, suspend_subscription
from tests.gateway.asgi_harness import DEADLINE, SERVERS, detail, gateway_process, wait_until
from tests.gateway.shop import CHAT, document, open_shop

pytestmark = pytest.mark.django_db(transaction=True)
AWAY = "redis://127.0.0.1:1/0"


@pytest.fixture(scope="module", params=["with Valkey", "without Valkey"])
def gateway(request, gateway_environment):
    variables = {"VALKEY_URL": AWAY} if request.param == "without Valkey" else {}
    with gateway_process(gateway_environment, **variables) as running:
        yield running


class Opened:
    """A shop, somebody who subscribed, and a way to open streams as them."""

    def __init__(self, gateway, **limits):
        self.gateway = gateway
        self.shop = open_shop(**limits)
        self.app = self.shop.app()
        self.issued = self.shop.issue(self.app)
        wait_until(lambda: self.post().status_code == 200, "the shop does not open")

    def post(self, key=""):
        headers = {"Authorization": key or self.issued.key}
        return self.gateway.request("POST", "/shop/chat", data=b"{}", headers=headers)

    def stream(self, key=""):
        return self.gateway.websocket("/shop/chat/ws", {"Authorization": key or self.issued.key})


def ending(client):
    """Why the gateway ended a stream."""
    with pytest.raises(ConnectionClosed) as closed:
        client.recv(timeout=DEADLINE)
    return closed.value.rcvd.code, closed.value.rcvd.reason


def is_open(client):
    client.send(b"{}")
    return client.ping().wait(DEADLINE)


def test_a_revoked_key_ends_its_streams_and_no_other(gateway):
    opened = Opened(gateway)
    other = opened.shop.issue(opened.app)
    wait_until(lambda: opened.post(other.key).status_code == 200)
    with opened.stream() as client, opened.stream(other.key) as kept:
        revoke_credential(opened.shop.developers[opened.app.pk], opened.issued.credential)
        assert ending(client) == (1008, "credential_revoked")
        assert is_open(kept)


def test_a_subscription_that_is_suspended_ends_its_streams(gateway):
    opened = Opened(gateway)
    with opened.stream() as client:
        suspend_subscription(opened.shop.publisher, opened.shop.subscription(opened.app))
        assert ending(client) == (1008, "subscription_ended")


def test_a_subscription_that_is_cancelled_ends_its_streams(gateway):
    opened = Opened(gateway)
    with opened.stream() as client:
        cancel_subscription(opened.shop.developers[opened.app.pk], opened.shop.subscription(opened.app))
        assert ending(client) == (1008, "subscription_ended")


def test_a_key_that_expires_meanwhile_ends_its_streams(gateway):
    opened = Opened(gateway)
    soon = opened.shop.issue(opened.app, expires_at=timezone.now() + dt.timedelta(seconds=4))
    wait_until(lambda: opened.post(soon.key).status_code == 200)
    with opened.stream(soon.key) as client:
        assert ending(client) == (1008, "expired")
    assert detail(opened.post(soon.key)) == (401, "key_expired")


def test_a_subscription_whose_end_is_set_to_now_ends_its_streams(gateway):
    opened = Opened(gateway)
    with opened.stream() as client:
        Subscription.objects.update(expires_at=timezone.now())
        announce()
        assert ending(client)[0] == 1008


def test_a_plan_that_allows_fewer_streams_ends_the_newest(gateway):
    opened = Opened(gateway, max_clients=2)
    with opened.stream() as first, opened.stream() as second:
        refused = opened.gateway.request("GET", "/shop/chat/ws", headers={"Authorization": opened.issued.key})
        assert refused.status_code == 404  # no WebSocket: nothing listens there
        change_plan(opened.shop.publisher, opened.shop.plan, {"max_clients": 1})
        assert ending(second) == (1008, "plan_limit")
        assert is_open(first)


def test_a_stream_may_be_no_older_than_the_plan_allows(gateway):
    opened = Opened(gateway, client_age_seconds=1)
    with opened.stream() as client:
        assert ending(client) == (1001, "client_age")


def test_a_changed_stream_ends_its_clients_and_no_others(gateway):
    both = {
        "chat": CHAT,
        "more": {**CHAT, "input": {"http_server": {"path": "/more", "ws_path": "/more/ws"}}},
    }
    opened = Opened(gateway)
    opened.shop.replace(document(both))
    headers = {"Authorization": opened.issued.key}
    wait_until(lambda: gateway.request("POST", "/shop/more", data=b"{}", headers=headers).status_code == 200)
    with opened.stream() as kept, gateway.websocket("/shop/more/ws", headers) as client:
        changed = {"http_server": {"path": "/more", "ws_path": "/more/ws", "timeout": "7s"}}
        opened.shop.replace(document({**both, "more": {**CHAT, "input": changed}}))
        assert ending(client) == (1012, "definition_changed")
        assert is_open(kept)


def test_a_changed_attribute_is_read_at_once_and_ends_the_streams_that_read_it(gateway):
    reading = {
        "input": {"http_server": {"path": "/team", "ws_path": "/team/ws"}},
        "pipeline": {"processors": [{"mapping": 'root = "$tyk_meta.team"'}]},
        "output": {"sync_response": {}},
    }
    opened = Opened(gateway)
    subscription = opened.shop.subscription(opened.app)
    set_attributes(opened.shop.publisher, subscription, {"team": "blue", "level": 1})
    opened.shop.replace(document({"chat": CHAT, "team": reading}))
    headers = {"Authorization": opened.issued.key}

    def team():
        return gateway.request("POST", "/shop/team", data=b"{}", headers=headers).text

    wait_until(lambda: team() == "blue")
    with opened.stream() as kept, gateway.websocket("/shop/team/ws", headers) as client:
        set_attributes(opened.shop.publisher, subscription, {"team": "blue", "level": 2})
        set_attributes(opened.shop.publisher, subscription, {"team": "green"})
        assert ending(client) == (1012, "definition_changed")
        assert team() == "green"
        assert is_open(kept)


def test_a_deactivated_definition_ends_its_streams(gateway):
    opened = Opened(gateway)
    with opened.stream() as client:
        deactivate_definition(opened.shop.publisher, opened.shop.definition)
        assert ending(client) == (1001, "definition_deactivated")
    wait_until(lambda: detail(opened.post()) == (404, "not_found"))


@pytest.mark.parametrize("server", SERVERS)
def test_a_process_that_is_told_to_end_says_so_to_its_clients(gateway_environment, server):
    with gateway_process(gateway_environment, server) as gateway:
        opened = Opened(gateway)
        with opened.stream() as client:
            gateway.child.popen.send_signal(signal.SIGTERM)
            assert ending(client) == (1012, "shutdown")
        assert gateway.child.popen.wait(DEADLINE) in {0, -signal.SIGTERM}
