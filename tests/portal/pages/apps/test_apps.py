"""Apps are made, renamed and deleted; their keys are shown once."""

import datetime as dt
import re

import pytest
from django.contrib.sessions.models import Session
from django.utils import timezone

from gateway.models import App, Credential
from streams.secrets import api_key_digest
from tests import factories
from tests.portal.pages.apps.conftest import text


def keys_page(workshop):
    return f"/apps/{workshop.app.pk}/keys"


def shown_key(page):
    found = re.search(r'id="shown-once">(slk_[^<]+)<', page)
    assert found is not None
    return found[1]


def test_an_app_is_made_and_led_to(workshop):
    answer = workshop.client.post("/apps/new", {"name": "dispatch-board", "description": "Shows parcels."})
    made = App.objects.get(name="dispatch-board")
    assert answer["Location"] == f"/apps/{made.pk}"
    page = text(workshop.client.get(answer["Location"]))
    assert "Now subscribe it to a product" in page
    assert "Shows parcels." in page
    assert made.organization == workshop.app.organization


@pytest.mark.parametrize("name", ["", "x" * 121])
def test_a_name_that_cannot_be_is_told_beside_its_field_and_what_was_written_is_kept(workshop, name):
    page = text(workshop.client.post("/apps/new", {"name": name, "description": "kept"}), 422)
    assert 'id="id_name_error"' in page
    assert ">\nkept</textarea>" in page
    assert App.objects.filter(organization=workshop.app.organization).count() == 1


def test_an_app_is_renamed_and_a_name_that_is_taken_is_refused(workshop):
    settings = f"/apps/{workshop.app.pk}/settings"
    other = factories.AppFactory(organization=workshop.app.organization, name="taken")
    page = text(workshop.client.post(settings, {"name": other.name, "description": ""}), 422)
    assert f"<h1>{workshop.app.name}</h1>" in page
    assert workshop.client.post(settings, {"name": "new name", "description": "d"})["Location"] == settings
    workshop.app.refresh_from_db()
    assert (workshop.app.name, workshop.app.description) == ("new name", "d")
    page = text(workshop.client.get(f"/apps/{workshop.app.pk}"))
    assert "Change app new name" in page
    assert "Description: d" in page


def test_an_app_is_deleted_only_by_typing_its_name(workshop):
    delete = f"/apps/{workshop.app.pk}/delete"
    assert "This is not" in text(workshop.client.post(delete, {"typed": "something"}), 422)
    assert App.objects.filter(pk=workshop.app.pk).exists()
    assert workshop.client.post(delete, {"typed": workshop.app.name})["Location"] == "/apps"
    assert not App.objects.filter(pk=workshop.app.pk).exists()


def test_a_key_is_shown_once_with_a_command_that_holds_it(workshop):
    answer = workshop.client.post(keys_page(workshop), {"name": "production", "expires_at": ""})
    assert answer["Location"] == keys_page(workshop)
    page = text(workshop.client.get(answer["Location"]))
    key = shown_key(page)
    assert f"export SLUICE_KEY={key}" in page
    assert "/shop-orders/sse" in page
    made = Credential.objects.get(name="production")
    assert bytes(made.digest) == api_key_digest(key)
    again = text(workshop.client.get(keys_page(workshop)))
    assert key not in again
    assert made.prefix in again


def test_a_key_is_never_readable_where_sessions_are_kept(workshop):
    workshop.client.post(keys_page(workshop), {"name": "production", "expires_at": ""})
    kept = [session.get_decoded() for session in Session.objects.all()]
    key = shown_key(text(workshop.client.get(keys_page(workshop))))
    assert any("shown_once" in values for values in kept)
    assert key not in str(kept)


def test_a_key_that_would_have_expired_already_is_refused(workshop):
    page = text(workshop.client.post(keys_page(workshop), {"expires_at": "2020-01-01T00:00"}), 422)
    assert "It would have expired already" in page


def test_a_key_is_rotated_and_the_old_one_works_until_the_time_that_was_chosen(workshop):
    until = (timezone.now() + dt.timedelta(days=2)).replace(second=0, microsecond=0)
    rotate = f"{keys_page(workshop)}/{workshop.credential.pk}/rotate"
    answer = workshop.client.post(rotate, {"until": f"{until:%Y-%m-%dT%H:%M}"})
    key = shown_key(text(workshop.client.get(answer["Location"])))
    workshop.credential.refresh_from_db()
    assert abs(workshop.credential.expires_at - until) < dt.timedelta(seconds=60)
    assert Credential.objects.get(digest=api_key_digest(key)).app == workshop.app


@pytest.mark.parametrize("until", ["2099-01-01T00:00", "", "soon"])
def test_a_time_that_is_too_far_or_none_is_refused_beside_its_field(workshop, until):
    rotate = f"{keys_page(workshop)}/{workshop.credential.pk}/rotate"
    assert 'id="id_until_error"' in text(workshop.client.post(rotate, {"until": until}), 422)
    assert Credential.objects.count() == 1


def test_a_time_gone_by_ends_the_old_key_at_once(workshop):
    rotate = f"{keys_page(workshop)}/{workshop.credential.pk}/rotate"
    workshop.client.post(rotate, {"until": "2020-01-01T00:00"})
    workshop.credential.refresh_from_db()
    assert workshop.credential.expires_at <= timezone.now()


def test_a_key_is_revoked_after_a_question(workshop):
    revoke = f"{keys_page(workshop)}/{workshop.credential.pk}/revoke"
    assert "cannot be undone" in text(workshop.client.get(revoke))
    assert workshop.client.post(revoke)["Location"] == keys_page(workshop)
    page = text(workshop.client.get(keys_page(workshop)))
    assert "Revoked" in page
    assert "is revoked already" in text(workshop.client.post(revoke), 422)


def test_who_only_looks_changes_nothing(workshop):
    for address in ("/apps/new", f"/apps/{workshop.app.pk}/settings", keys_page(workshop)):
        assert workshop.viewer.post(address, {"name": "x"}).status_code == 403
    assert App.objects.filter(organization=workshop.app.organization).count() == 1
    assert Credential.objects.count() == 1
