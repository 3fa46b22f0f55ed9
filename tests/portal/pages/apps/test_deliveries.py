"""Deliveries are found by what is known of them, and each is explained to the byte."""

import datetime as dt
import hmac
import json
import re
import subprocess
import sys

import pytest
from django.utils import timezone

from tests import factories
from tests.portal.pages.apps.conftest import text
from webhooks.models import Attempt, Delivery, DeliveryState, Due, Endpoint, Payload, message_id_text
from webhooks.signing import HmacKey, secret_key, sign

BODY = b'{"id":7,"name":"<J\xc3\xb6rg>"}\n'


def listed(page):
    return {int(number) for number in re.findall(r'href="/deliveries/dlv_(\d+)"', page)}


def page_of(workshop, tail=""):
    return f"/deliveries/dlv_{workshop.delivery.pk}{tail}"


@pytest.fixture
def arrived(workshop):
    """A delivery of another type that arrived yesterday."""
    made = factories.DeliveryFactory(
        endpoint=workshop.endpoint,
        event_type="order.paid",
        state=DeliveryState.DELIVERED,
        created_at=timezone.now() - dt.timedelta(days=1),
    )
    return made.pk


def test_a_list_is_narrowed_by_state_type_time_and_endpoint(workshop, arrived):
    get = workshop.client.get
    everything = listed(text(get("/deliveries")))
    assert {workshop.delivery.pk, arrived} < everything
    assert listed(text(get("/deliveries?state=delivered"))) == {arrived}
    assert listed(text(get("/deliveries?event_type=order.paid"))) == {arrived}
    hour = f"{timezone.now() - dt.timedelta(hours=1):%Y-%m-%dT%H:%M}"
    assert arrived not in listed(text(get(f"/deliveries?since={hour}")))
    assert listed(text(get(f"/deliveries?until={hour}"))) == {arrived}
    other = Endpoint.objects.exclude(pk=workshop.endpoint.pk).first()
    assert not {workshop.delivery.pk, arrived} & listed(text(get(f"/deliveries?endpoint={other.public_id}")))
    assert listed(text(get(f"/apps/{workshop.app.pk}/deliveries"))) == everything


def test_a_filter_that_cannot_be_used_finds_neither_something_nor_nothing(workshop):
    page = text(workshop.client.get("/deliveries?id=nonsense"), 422)
    assert "Nothing was looked for" in page
    assert "Nothing matches" not in page


def test_a_delivery_is_found_by_either_id(workshop):
    message = message_id_text(workshop.delivery.message_id.bytes)
    assert listed(text(workshop.client.get(f"/deliveries?id={message}"))) == {workshop.delivery.pk}
    assert workshop.client.get(f"/deliveries?id={workshop.delivery}")["Location"] == page_of(workshop)


@pytest.mark.parametrize("query", ["id=elephant", "since=soon", "state=lost", "until=%00"])
def test_a_filter_that_says_nothing_is_told_beside_its_field(workshop, query):
    name = query.partition("=")[0]
    page = text(workshop.client.get(f"/deliveries?{query}"), 422)
    assert f'href="#id_{name}"' in page
    assert listed(page) == set()


@pytest.mark.parametrize("query", ["endpoint=ep_unknown", "after=x", "after=WyJ4Il0", "endpoint=%00"])
def test_an_address_that_was_not_made_here_is_not_found_or_told(workshop, query):
    answer = workshop.client.get(f"/deliveries?{query}")
    assert answer.status_code == (404 if query != "endpoint=%00" else 200)


def test_many_deliveries_are_read_page_by_page_each_once(workshop):
    factories.DeliveryFactory.create_batch(60, endpoint=workshop.endpoint)
    found, address = [], "/deliveries"
    while address:
        page = text(workshop.client.get(address))
        found += re.findall(r'href="/deliveries/dlv_(\d+)"', page)
        following = re.search(r'href="(\?after=[^"]+)" rel="next"', page)
        address = f"/deliveries{following[1]}" if following else None
    assert len(found) == len(set(found)) == Delivery.objects.count()
    assert [int(number) for number in found] == sorted(map(int, found), reverse=True)


def test_a_delivery_that_has_not_arrived_says_why_and_what_happens_next(workshop):
    page = text(workshop.client.get(page_of(workshop)))
    due = Due.objects.get(pk=workshop.delivery.pk).due_at
    assert "Your receiver answered 503. Your receiver failed; its own log says why." in page
    assert f"tried again at {due:%H:%M:%S} UTC" in page
    assert "9 more tries follow at most" in page
    assert "&lt;b&gt;busy&lt;/b&gt;" in page


@pytest.mark.parametrize(
    ("values", "endpoint", "words"),
    [
        ({"state": DeliveryState.DELIVERED, "attempts": 2}, {}, "By try 2."),
        ({"state": DeliveryState.EXHAUSTED}, {}, "All tries are used up"),
        ({"state": DeliveryState.CANCELLED}, {}, "deleted before it could be delivered"),
        ({}, {"state": "paused"}, "when you resume the endpoint"),
        ({}, {"state": "disabled", "state_reason": "it answered 410"}, "it answered 410"),
    ],
)
def test_each_state_is_explained(workshop, values, endpoint, words):
    if values:
        Delivery.objects.filter(pk=workshop.delivery.pk).update(**values)
    if endpoint:
        Endpoint.objects.update(**endpoint)
    assert words in text(workshop.client.get(page_of(workshop)))


@pytest.mark.parametrize(
    ("attempt", "words"),
    [
        ({"status": 302}, "A redirect is a failure"),
        ({"status": 404}, "Nothing listens at this path"),
        ({"status": 418}, "takes the request to be wrong"),
        ({"status": 100}, "This is no success"),
        ({"status": None, "error": "timeout"}, "did not finish its answer in time"),
        ({"status": None, "error": "blocked_address", "detail": "10.0.0.7 is private"}, "may be called"),
    ],
)
def test_each_failure_is_told_with_what_to_do_and_no_address_of_ours(workshop, attempt, words):
    Attempt.objects.update(**attempt)
    page = text(workshop.client.get(page_of(workshop)))
    assert words in page
    assert "10.0.0.7" not in page
    assert "blocked" not in page


def test_the_bytes_are_shown_saved_and_signed_so_that_anybody_can_compute_it_again(workshop, tmp_path):
    secret = factories.ENDPOINT_SECRET
    message = message_id_text(workshop.delivery.message_id.bytes)
    signature = sign([HmacKey(secret_key(secret))], message.encode(), b"1700000000", BODY).decode()
    Payload.objects.filter(message_id=workshop.delivery.message_id).update(body=BODY)
    Attempt.objects.update(signature=signature)
    page = text(workshop.client.get(page_of(workshop)))
    assert "POST /hook HTTP/1.1" in page
    assert f"webhook-signature: {signature}" in page
    assert "&lt;Jörg&gt;" in page
    saved = workshop.client.get(page_of(workshop, "/body"))
    assert saved.content == BODY
    assert saved["Content-Type"] == "application/octet-stream"
    assert "attachment" in saved["Content-Disposition"]
    (tmp_path / f"{message}.body").write_bytes(saved.content)
    found = re.search(r'id="recompute-code">(.*?)</code>', page, re.DOTALL)
    assert found is not None
    code = found[1]
    for name, character in (("&quot;", '"'), ("&#x27;", "'"), ("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&")):
        code = code.replace(name, character)
    ran = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={"WEBHOOK_SECRET": secret},
        capture_output=True,
        check=True,
    )
    assert hmac.compare_digest(ran.stdout.decode().strip(), signature)


@pytest.mark.parametrize("body", [b"\xff\xfe\x00", b"a" * 70_000, json.dumps({"a": "é"}).encode()])
def test_a_body_of_any_kind_is_shown_or_said_to_be_none(workshop, body):
    Payload.objects.filter(message_id=workshop.delivery.message_id).update(body=body)
    page = text(workshop.client.get(page_of(workshop)))
    assert ("It is no text" in page) == (body[:1] == b"\xff")
    assert ("This is its beginning" in page) == (len(body) > 65_536)


def test_a_payload_past_its_retention_is_said_to_be_gone(workshop):
    Payload.objects.all().delete()
    assert "past its retention" in text(workshop.client.get(page_of(workshop)))
    assert workshop.client.get(page_of(workshop, "/body")).status_code == 404
    workshop.client.post(page_of(workshop, "/replay"))
    assert "there is nothing to send" in text(workshop.client.get(page_of(workshop)))


def test_a_delivery_is_sent_again_by_hand(workshop):
    assert workshop.client.post(page_of(workshop, "/replay"))["Location"] == page_of(workshop)
    assert Due.objects.get(pk=workshop.delivery.pk).manual
    page = text(workshop.client.get(page_of(workshop)))
    assert "It is sent again now" in page
    assert "Asked for by hand" in page
    assert workshop.viewer.post(page_of(workshop, "/replay")).status_code == 403


def test_what_arrived_and_is_sent_again_is_not_said_to_be_missing(workshop, arrived):
    factories.AttemptFactory(delivery=Delivery.objects.get(pk=arrived), status=204)
    workshop.client.post(f"/deliveries/dlv_{arrived}/replay")
    page = text(workshop.client.get(f"/deliveries/dlv_{arrived}"))
    assert "It arrived before." in page
    assert "Not there yet" not in page


def test_a_signature_is_checked_and_nothing_of_it_kept(workshop):
    secret = factories.ENDPOINT_SECRET
    signature = sign([HmacKey(secret_key(secret))], b"msg_1", b"1700000000", BODY.strip()).decode()
    headers = f"webhook-id: msg_1\nwebhook-timestamp: 1700000000\nwebhook-signature: {signature}"
    form = {"headers": headers, "body": BODY.decode(), "secret": secret}
    answer = workshop.client.post("/signature", form)
    page = text(answer)
    assert "It does not verify" in page
    assert "s old" in page
    assert "without the line end" in page
    assert secret not in page
    assert "no-store" in answer["Cache-Control"]
    assert 'id="id_secret_error"' in text(workshop.client.post("/signature", {**form, "secret": ""}), 422)
    assert "It does not verify" not in text(workshop.client.get("/signature", form))


def test_tries_are_told_in_the_order_they_were_made_whatever_their_ids(workshop):
    first = Attempt.objects.get(delivery_id=workshop.delivery.pk)
    factories.AttemptFactory(delivery=workshop.delivery, id=first.pk - 1000, number=2, status=404)
    page = text(workshop.client.get(page_of(workshop)))
    assert page.index("Try 2") < page.index("Try 1")
    assert "Your receiver answered 404." in page
