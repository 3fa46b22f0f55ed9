"""Endpoints: a URL is subscribed, tried, changed, paused and deleted; its secret is shown once."""

import datetime as dt
import re
import time

import pytest
from django.utils import timezone

from gateway.models import EventType
from tests import factories
from tests.portal.pages.apps.conftest import text
from tests.portal.pages.apps.receiver import receiving
from webhooks.endpoints import decrypt_headers, decrypt_keys
from webhooks.models import DeliveryState, Due, Endpoint, EndpointSecret
from webhooks.signing import HmacKey, secret_key, verify

URL = "https://receiver.example.com/new"


@pytest.fixture
def subscribe(workshop):
    """Send the form of a new endpoint."""
    address = f"/apps/{workshop.app.pk}/webhooks/subscribe"

    def send(**values):
        form = {"url": URL, "secret": "", "description": "", "headers": "", "max_in_flight": "16", **values}
        return workshop.client.post(address, form)

    return send


def page_of(workshop, tail=""):
    return f"/endpoints/{workshop.endpoint.public_id}{tail}"


def shown_secret(page):
    found = re.search(r'id="shown-once">([^<]+)<', page)
    assert found is not None
    return found[1]


def keys_of(endpoint):
    return decrypt_keys(
        endpoint, EndpointSecret.objects.filter(endpoint=endpoint).values_list("ciphertext", flat=True)
    )


def test_a_url_is_subscribed_with_a_secret_that_is_shown_once(workshop, subscribe):
    chosen = EventType.objects.filter(products=workshop.product).first()
    answer = subscribe(event_types=[chosen.name], headers="X-Key: open sesame\n\nX-Two: 2")
    made = Endpoint.objects.get(url=URL)
    assert answer["Location"] == f"/endpoints/{made.public_id}"
    assert decrypt_headers(made) == {"X-Key": "open sesame", "X-Two": "2"}
    led_to = workshop.client.get(answer["Location"])
    assert "no-store" in led_to["Cache-Control"]
    page = text(led_to)
    assert keys_of(made) == [secret_key(shown_secret(page))]
    assert chosen.name in page
    assert "sesame" not in page
    assert "shown-once" not in text(workshop.client.get(answer["Location"]))


def test_a_secret_of_ones_own_is_taken_as_it_is_to_the_last_space(subscribe):
    subscribe(secret=" my own secret of many letters ")
    assert keys_of(Endpoint.objects.get(url=URL)) == [b" my own secret of many letters "]


@pytest.mark.parametrize(
    ("values", "field", "words"),
    [
        ({"url": "http://10.0.0.1/hook"}, "url", "10.0.0.0/8 (private)"),
        ({"url": "http://[fd00::1]/hook"}, "url", "may not be called"),
        ({"url": "ftp://a.example/"}, "url", "must begin with https:// or http://"),
        ({"url": "https://user:password@a.example/"}, "url", "credentials"),
        ({"url": ""}, "url", "required"),
        ({"secret": "short"}, "secret", "it must be 24 to 256"),
        ({"secret": "whsec_%%%"}, "secret", "not base64"),
        ({"event_types": ["order.unheard"]}, "event_types", "Select a valid choice"),
        ({"headers": "no colon"}, "headers", "Line 1 is no header"),
        ({"headers": "Host: elsewhere"}, "headers", "cannot be set"),
        ({"headers": "X-A: 1\nx-a: 2"}, "headers", "second time"),
        ({"max_in_flight": "0"}, "max_in_flight", "greater than or equal to 1"),
    ],
)
def test_what_cannot_be_is_told_beside_its_field_and_nothing_is_made(subscribe, values, field, words):
    page = text(subscribe(**values), 422)
    error = re.search(rf'id="id_{field}_error">(.*?)</div>', page, re.DOTALL)
    assert error
    assert words in error[1]
    assert not Endpoint.objects.filter(url=URL).exists()


def test_what_waits_is_as_many_in_figures_as_in_the_chart(workshop):
    page = workshop.client.get(page_of(workshop))
    [charted] = [total for series, total in page.context["chart"].totals if series.name == "Waiting"]
    assert charted == 2
    assert "<dt>Waiting now, of any age</dt><dd>2</dd>" in text(page)


def test_where_not_all_are_counted_the_figures_say_so(workshop, monkeypatch):
    assert "Delivered, 24 hours" in text(workshop.client.get(page_of(workshop)))
    for place in ("webhooks.outcomes", "portal.views.endpoints"):
        monkeypatch.setattr(f"{place}.COUNTED", 2)
    page = text(workshop.client.get(page_of(workshop)))
    assert "Delivered, of the newest 2" in page
    assert "earlier ones are not counted" in page


def test_the_form_says_which_bytes_are_the_key(workshop):
    page = text(workshop.client.get(f"/apps/{workshop.app.pk}/webhooks/subscribe"))
    assert "decoded from base64" in page
    assert "own UTF-8 bytes" in page


def test_settings_change_what_was_given_and_keep_headers_that_were_left_out(workshop, subscribe):
    subscribe(headers="X-Key: open sesame")
    made = Endpoint.objects.get(url=URL)
    settings = f"/endpoints/{made.public_id}/settings"
    page = text(workshop.client.get(settings))
    assert "Now sent: X-Key." in page
    assert "sesame" not in page
    form = {"url": f"{URL}/2", "description": "d", "headers": "", "max_in_flight": "3"}
    assert workshop.client.post(settings, form)["Location"] == f"/endpoints/{made.public_id}"
    made.refresh_from_db()
    assert (made.url, made.description, made.max_in_flight) == (f"{URL}/2", "d", 3)
    assert decrypt_headers(made) == {"X-Key": "open sesame"}
    workshop.client.post(settings, {**form, "remove_headers": "on"})
    made.refresh_from_db()
    assert decrypt_headers(made) == {}
    assert 'id="id_url_error"' in text(
        workshop.client.post(settings, {**form, "url": "http://10.0.0.1/"}), 422
    )


def test_a_secret_is_rotated_and_both_sign_until_the_time_that_was_chosen(workshop):
    until = timezone.now() + dt.timedelta(days=3)
    answer = workshop.client.post(
        page_of(workshop, "/secret"), {"secret": "", "until": f"{until:%Y-%m-%dT%H:%M}"}
    )
    page = text(workshop.client.get(answer["Location"]))
    new = secret_key(shown_secret(page))
    assert keys_of(workshop.endpoint)[0] == new
    assert len(keys_of(workshop.endpoint)) == 2
    assert re.search(rf"title=\"{until:%Y-%m-%d %H:%M}:\d\d UTC\">in 2\xa0days", page)
    too_long = {"secret": "", "until": "2099-01-01T00:00"}
    assert 'id="id_until_error"' in text(workshop.client.post(page_of(workshop, "/secret"), too_long), 422)


def test_an_endpoint_is_paused_resumed_and_enabled_after_it_was_disabled(workshop):
    for step, state, words in (
        ("pause", "paused", "Events gather"),
        ("enable", "enabled", "Resumed"),
    ):
        assert workshop.client.post(page_of(workshop, f"/{step}"))["Location"] == page_of(workshop)
        workshop.endpoint.refresh_from_db()
        assert workshop.endpoint.state == state
        assert words in text(workshop.client.get(page_of(workshop)))
    Endpoint.objects.update(state="disabled", state_reason="the receiver answered 410 Gone")
    page = text(workshop.client.get(page_of(workshop)))
    assert "The receiver answered 410 Gone. Nothing is sent" in page
    assert "Pause endpoint" in page
    workshop.client.post(page_of(workshop, "/enable"))
    assert "Enabled: events are sent again" in text(workshop.client.get(page_of(workshop)))
    workshop.client.post(page_of(workshop, "/enable"))
    assert "is enabled already" in text(workshop.client.get(page_of(workshop)))


def test_a_failing_endpoint_says_since_when_and_what_will_come(workshop):
    Endpoint.objects.update(failing_since=timezone.now() - dt.timedelta(hours=30))
    page = text(workshop.client.get(page_of(workshop)))
    assert "Failing" in page
    assert "Every try failed since" in page


@pytest.mark.parametrize(("status", "words"), [(204, "It arrived"), (401, "Your receiver refused it")])
def test_a_test_event_is_sent_and_its_answer_shown(workshop, settings, status, words):
    settings.OUTBOUND_ALLOW = ("127.0.0.0/8",)
    chosen = EventType.objects.filter(products=workshop.product).first()
    with receiving() as received:
        received.status = status
        Endpoint.objects.filter(pk=workshop.endpoint.pk).update(url=received.url)
        page = text(workshop.client.post(page_of(workshop, "/test"), {"event_type": chosen.name}))
    [(headers, body)] = received.requests
    assert body == b'{"id":7}'
    assert words in page
    assert headers["webhook-signature"] in page
    assert verify([HmacKey(keys_of(workshop.endpoint)[0])], headers, body, int(time.time()))


def test_a_test_event_that_cannot_be_sent_says_why(workshop):
    Endpoint.objects.update(url="http://127.0.0.1:9/hook")
    page = text(workshop.client.post(page_of(workshop, "/test"), {"event_type": ""}))
    assert "It did not arrive" in page


def test_all_that_ran_out_of_tries_is_sent_again(workshop):
    failed = factories.DeliveryFactory(endpoint=workshop.endpoint, state=DeliveryState.EXHAUSTED)
    since = f"{timezone.now() - dt.timedelta(hours=1):%Y-%m-%dT%H:%M}"
    assert workshop.client.post(page_of(workshop, "/replay"), {"since": since})["Location"] == page_of(
        workshop
    )
    assert Due.objects.get(pk=failed.pk).manual
    assert "1 delivery is on its way" in text(workshop.client.get(page_of(workshop)))
    page = text(workshop.client.post(page_of(workshop, "/replay"), {"since": since}), 422)
    assert "No delivery made since then ran out of tries" in page


def test_an_endpoint_is_deleted_only_by_typing_its_url(workshop):
    assert "This is not" in text(workshop.client.post(page_of(workshop, "/delete"), {"typed": "x"}), 422)
    answer = workshop.client.post(page_of(workshop, "/delete"), {"typed": workshop.endpoint.url})
    assert answer["Location"] == f"/apps/{workshop.app.pk}/webhooks"
    assert workshop.client.get(page_of(workshop)).status_code == 404


@pytest.mark.parametrize("step", ["pause", "enable", "replay", "test", "secret", "settings", "delete"])
def test_who_only_looks_changes_nothing(workshop, step):
    assert workshop.viewer.post(page_of(workshop, f"/{step}")).status_code == 403


def test_an_app_without_a_subscription_is_told_that_nothing_would_come(workshop):
    idle = factories.AppFactory(organization=workshop.app.organization)
    page = text(workshop.client.get(f"/apps/{idle.pk}/webhooks/subscribe"))
    assert "Nothing would be sent yet" in page
