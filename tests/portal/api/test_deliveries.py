"""What was sent, what came of it, and sending it again."""

import base64
import datetime as dt
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest
from django.utils import timezone
from standardwebhooks.webhooks import Webhook

from gateway.models import Audit
from tests import factories
from webhooks.models import Delivery, DeliveryState, Due, EndpointState, Payload


@pytest.fixture
def endpoint(developer):
    return factories.EndpointFactory(app__organization=developer.organization)


def test_a_delivery_shows_its_tries_the_signed_bytes_and_what_comes_next(developer, endpoint):
    delivery = factories.DeliveryFactory(endpoint=endpoint, state=DeliveryState.RETRYING, attempts=1)
    factories.AttemptFactory(
        delivery=delivery, error="blocked_address", detail="10.0.0.1", status=None, response_body=b"\xffno"
    )
    due_at = timezone.now() + dt.timedelta(seconds=5)
    factories.DueFactory(delivery=delivery, attempts=1, due_at=due_at)
    shown = developer.get(f"deliveries/{delivery}").json()
    assert shown["state"] == "retrying"
    assert base64.b64decode(shown["payload"]["base64"]) == b'{"id":7}'
    (attempt,) = shown["attempt_list"]
    assert (attempt["timestamp"], attempt["signature"]) == (1_700_000_000, "v1,AAAA")
    assert attempt["response_body"] == "\ufffdno"
    assert attempt["error"] == "dns_error", "a tenant cannot tell a forbidden address from an unknown name"
    assert "10.0.0.1" not in str(shown)
    assert [one["number"] for one in shown["forecast"]] == list(range(2, 11))
    assert dt.datetime.fromisoformat(shown["forecast"][0]["expected"]) == due_at


def test_deliveries_are_filtered_and_paged_over_endpoints(developer, endpoint):
    second = factories.EndpointFactory(app=endpoint.app)
    failed = [
        factories.DeliveryFactory(endpoint=one, state=DeliveryState.EXHAUSTED)
        for one in (endpoint, second, endpoint)
    ]
    factories.DeliveryFactory(endpoint=endpoint, state=DeliveryState.DELIVERED)
    factories.DeliveryFactory(state=DeliveryState.EXHAUSTED)  # another organization's
    first = developer.get("deliveries?state=exhausted&limit=2").json()
    rest = developer.get(f"deliveries?state=exhausted&limit=2&cursor={first['next']}").json()
    ids = [item["id"] for item in first["items"] + rest["items"]]
    assert ids == [str(one) for one in reversed(failed)]
    assert rest["next"] is None
    assert len(developer.get(f"deliveries?endpoint={second.public_id}").json()["items"]) == 1
    assert len(developer.get(f"deliveries?app={endpoint.app.pk}").json()["items"]) == 4
    message = developer.get(f"deliveries/{failed[0]}").json()["message"]
    assert [i["id"] for i in developer.get(f"deliveries?message={message}").json()["items"]] == [
        str(failed[0])
    ]
    tomorrow = (timezone.now() + dt.timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert developer.get(f"deliveries?after={tomorrow}").json()["items"] == []


def test_a_filtered_list_goes_on_where_it_stopped_looking(developer, endpoint, monkeypatch):
    monkeypatch.setattr("webhooks.history.SCANNED", 3)
    wanted = factories.DeliveryFactory(endpoint=endpoint, state=DeliveryState.EXHAUSTED)
    for _ in range(5):
        factories.DeliveryFactory(endpoint=endpoint, state=DeliveryState.DELIVERED)
    found, cursor, pages = [], "", 0
    while cursor is not None:
        page = developer.get(f"deliveries?state=exhausted&limit=1&cursor={cursor}").json()
        found, cursor, pages = found + page["items"], page["next"], pages + 1
    assert [item["id"] for item in found] == [str(wanted)]
    assert pages > 1


@pytest.mark.parametrize("state", [DeliveryState.EXHAUSTED, DeliveryState.DELIVERED])
def test_a_replay_arms_the_same_delivery_once_however_often_it_is_clicked(developer, endpoint, state):
    delivery = factories.DeliveryFactory(endpoint=endpoint, state=state, attempts=10)
    for _ in range(2):
        response = developer.post(f"deliveries/{delivery}/replay")
        assert (response.status_code, response.json()["state"]) == (200, "pending")
    due = Due.objects.get()
    assert (due.delivery_id, due.attempts, due.manual, due.lease) == (delivery.pk, 10, True, None)
    assert due.due_at <= timezone.now()
    assert Delivery.objects.get().finished_at is None


def test_a_replay_of_what_waits_brings_its_try_forward(developer, endpoint):
    delivery = factories.DeliveryFactory(endpoint=endpoint, state=DeliveryState.RETRYING, attempts=2)
    factories.DueFactory(delivery=delivery, attempts=2, due_at=timezone.now() + dt.timedelta(hours=5))
    assert developer.post(f"deliveries/{delivery}/replay").status_code == 200
    due = Due.objects.get()
    assert due.due_at <= timezone.now()
    assert (due.attempts, due.manual) == (2, True)


def _lease(delivery):
    factories.DueFactory(delivery=delivery, lease=1)


def _pause(delivery):
    delivery.endpoint.state = EndpointState.PAUSED
    delivery.endpoint.save()


def _disable(delivery):
    delivery.endpoint.state, delivery.endpoint.state_reason = EndpointState.DISABLED, "It answered 410."
    delivery.endpoint.save()


def _forget(delivery):
    Payload.objects.all().delete()


@pytest.mark.parametrize(
    ("hinder", "code"),
    [
        (_lease, "under_way"),
        (_pause, "endpoint_paused"),
        (_disable, "endpoint_disabled"),
        (_forget, "payload_gone"),
    ],
)
def test_a_replay_that_cannot_be_is_refused_with_the_reason(developer, endpoint, hinder, code):
    delivery = factories.DeliveryFactory(endpoint=endpoint, state=DeliveryState.EXHAUSTED)
    hinder(delivery)
    response = developer.post(f"deliveries/{delivery}/replay")
    assert (response.status_code, response.json()["errors"][0]["code"]) == (409, code)
    assert not Due.objects.filter(lease=None).exists()


def test_deleting_an_endpoint_cancels_what_waits_for_it_and_nothing_else(developer, endpoint):
    waiting = factories.DeliveryFactory(endpoint=endpoint)
    factories.DueFactory(delivery=waiting)
    done = factories.DeliveryFactory(endpoint=endpoint, state=DeliveryState.DELIVERED)
    others = factories.DueFactory()
    assert developer.delete(f"endpoints/{endpoint.public_id}").status_code == 204
    assert list(Due.objects.all()) == [others]
    assert Delivery.objects.get(pk=waiting.pk).state == DeliveryState.CANCELLED
    assert Delivery.objects.get(pk=done.pk).state == DeliveryState.DELIVERED


def test_a_receiver_sees_its_message_and_not_where_it_came_from(developer, publisher, endpoint):
    message = factories.MessageFactory(organization=publisher.organization)
    delivery = factories.DeliveryFactory(endpoint=endpoint, message=message)
    factories.DeliveryFactory(message=message, payload=Payload.objects.get())  # to somebody else
    received = developer.get(f"messages/{message}").json()
    assert received["origin"] is None
    assert [one["id"] for one in received["deliveries"]] == [str(delivery)]
    published = publisher.get(f"messages/{message}").json()
    assert published["origin"]["position"] == "orders/0@42"
    assert published["deliveries"] == []


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.received.append((dict(self.headers), body))
        self.send_response(202)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *args):
        pass


@pytest.fixture
def receiver():
    server = HTTPServer(("127.0.0.1", 0), Receiver)
    server.received = []
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_test_event_is_signed_as_every_delivery_and_its_answer_is_shown(developer, endpoint, receiver):
    endpoint.url = f"http://127.0.0.1:{receiver.server_port}/hook"
    endpoint.save()
    result = developer.post(f"endpoints/{endpoint.public_id}/test").json()
    assert (result["delivered"], result["status"], result["response_body"]) == (True, 202, "ok")
    ((headers, body),) = receiver.received
    assert Webhook(factories.ENDPOINT_SECRET).verify(body, headers)["type"] == "sluice.test"
    assert result["body"].encode() == body
    assert Audit.objects.get(verb="endpoint.test").changes == {"outcome": [None, 202]}


def test_a_test_event_to_a_closed_port_says_so(developer, endpoint):
    endpoint.url = "http://127.0.0.1:1/"
    endpoint.save()
    result = developer.post(f"endpoints/{endpoint.public_id}/test").json()
    assert (result["delivered"], result["error"]) == (False, "connect_error")


def test_a_test_event_is_not_sent_into_the_network_behind(developer, endpoint, settings):
    settings.OUTBOUND_ALLOW = ()
    endpoint.url = "http://127.0.0.1:1/"
    endpoint.save()
    assert developer.post(f"endpoints/{endpoint.public_id}/test").json()["error"] == "dns_error"


def test_all_that_ran_out_of_tries_since_a_time_is_sent_again(developer, endpoint):
    failed = factories.DeliveryFactory(endpoint=endpoint, state=DeliveryState.EXHAUSTED)
    since = (timezone.now() - dt.timedelta(hours=1)).isoformat()
    address = f"endpoints/{endpoint.public_id}/replay"
    assert developer.post(address, {"since": since}).json() == {"deliveries": 1}
    assert Due.objects.get(pk=failed.pk).manual
    again = developer.post(address, {"since": since})
    assert (again.status_code, again.json()["errors"][0]["code"]) == (409, "nothing_to_replay")


def test_tries_are_listed_in_the_order_they_were_made_whatever_their_ids(developer, endpoint):
    delivery = factories.DeliveryFactory(endpoint=endpoint)
    later = factories.AttemptFactory(delivery=delivery, number=2)
    factories.AttemptFactory(delivery=delivery, id=later.pk + 1000, number=1)
    shown = developer.get(f"deliveries/{delivery}").json()
    assert [attempt["number"] for attempt in shown["attempt_list"]] == [1, 2]
