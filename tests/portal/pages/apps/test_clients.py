"""What an app has open, as far as the gateway's processes say."""

import datetime as dt

import pytest
from django.utils import timezone

from gateway.client_listing import OpenStream, OpenStreams
from tests import factories
from tests.portal.pages.apps.conftest import text


def page_of(workshop):
    return text(workshop.client.get(f"/apps/{workshop.app.pk}/streams"))


@pytest.fixture
def heard(monkeypatch):
    """What the gateway's processes answer."""

    def answer(found):
        monkeypatch.setattr("portal.views.app_clients.ask_open_streams", lambda url, app: found)

    return answer


def open_stream(workshop, credential_id):
    definition = workshop.product.definitions.get()
    opened_at = timezone.now() - dt.timedelta(hours=2)
    return OpenStream(definition.pk, "live", "stream", credential_id, "192.0.2.7", opened_at)


def test_open_streams_are_listed_with_the_names_of_what_they_are_of(workshop, heard):
    streams = (open_stream(workshop, workshop.credential.pk), open_stream(workshop, None))
    heard(OpenStreams(streams, total=2, asked=1, answered=1))
    page = page_of(workshop)
    assert page.count("192.0.2.7") == 2
    assert "Shop orders" in page
    assert workshop.credential.prefix in page
    assert "a ticket" in page
    assert "2 at 1 of 1 gateway process<" in page
    assert "Not all have answered" not in page


def test_the_prefix_of_another_apps_key_is_not_shown(workshop, heard):
    other = factories.CredentialFactory(key="slk_somebody_elses_key")
    heard(OpenStreams((open_stream(workshop, other.pk),), total=1, asked=1, answered=1))
    assert other.prefix not in page_of(workshop)


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (None, "Not known at this moment"),
        (OpenStreams((), total=0, asked=0, answered=0), "No gateway is running"),
        (OpenStreams((), total=0, asked=2, answered=1), "Not all have answered"),
    ],
)
def test_what_is_not_known_is_said(workshop, heard, found, words):
    heard(found)
    assert words in page_of(workshop)


def test_why_streams_ended_is_told_with_what_to_do(workshop):
    factories.TrafficFactory(app_id=workshop.app.pk, measure="closed.slow_client", value=3)
    factories.TrafficFactory(app_id=workshop.app.pk, measure="messages", value=1234)
    page = page_of(workshop)
    assert "slow_client" in page
    assert "read too slowly" in page
    assert "1,234" in page
