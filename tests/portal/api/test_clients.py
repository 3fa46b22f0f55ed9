"""What an app has open, by the management API."""

from django.utils import timezone

from gateway.client_listing import OpenStream, OpenStreams
from tests import factories


def test_open_streams_are_listed_with_how_many_processes_were_heard(developer, monkeypatch):
    app = factories.AppFactory(organization=developer.organization)
    definition = factories.ApiDefinitionFactory()
    opened_at = timezone.now()
    streams = tuple(
        OpenStream(pk, "live", "stream", None, "192.0.2.7", opened_at) for pk in (definition.pk, 0)
    )
    heard = OpenStreams(streams, total=2, asked=3, answered=2)
    monkeypatch.setattr(
        "portal.api.clients.ask_open_streams", lambda url, asked: heard if asked == app.pk else None
    )
    answer = developer.get(f"apps/{app.pk}/clients").json()
    assert (answer["total"], answer["asked"], answer["answered"]) == (2, 3, 2)
    assert [item["definition"] for item in answer["items"]] == [definition.public_id, ""]
    assert answer["items"][0]["address"] == "192.0.2.7"


def test_where_nobody_can_be_asked_that_is_said(developer, monkeypatch):
    app = factories.AppFactory(organization=developer.organization)
    monkeypatch.setattr("portal.api.clients.ask_open_streams", lambda url, asked: None)
    answer = developer.get(f"apps/{app.pk}/clients")
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (409, "not_known")
