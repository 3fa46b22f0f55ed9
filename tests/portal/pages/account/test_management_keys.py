"""Management keys on pages: shown once, listed by how they begin, revoked by name."""

from http import HTTPStatus

import pytest
from django.utils import timezone

from gateway.management_keys import actor_of
from gateway.models import ManagementKey
from tests import factories
from tests.portal.pages.account.test_sign_in import said

NEW = {"name": "CI", "scopes": ["read", "definitions"], "lifetime": "30"}


@pytest.fixture
def owner(client, person):
    client.force_login(person)
    return client


def test_a_key_is_shown_once_works_and_ends_when_it_is_revoked(owner, person):
    assert "No management key" in said(owner.get("/management-keys"))
    assert owner.post("/management-keys/new", NEW)["Location"] == "/management-keys"
    page = owner.get("/management-keys")
    key = page.context["shown"].secret
    assert key in said(page)
    assert "no-store" in page["Cache-Control"]
    assert key not in said(owner.get("/management-keys"))
    actor = actor_of(key)
    assert actor.user == person
    assert sorted(actor.scopes) == ["definitions", "read"]
    row = ManagementKey.objects.get()
    assert 29 <= (row.expires_at - timezone.now()).days <= 30
    assert owner.post(f"/management-keys/{row.pk}/revoke", {"typed": "CI"})["Location"] == "/management-keys"
    assert actor_of(key) is None
    assert "Revoked" in said(owner.get("/management-keys"))


@pytest.mark.parametrize(
    "missing", [{"scopes": []}, {"name": ""}, {"scopes": ["everything"]}, {"lifetime": "100000"}]
)
def test_a_form_that_is_wrong_makes_no_key(owner, missing):
    answer = owner.post("/management-keys/new", {**NEW, **missing})
    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert list(answer.context["form"].errors) == list(missing)
    assert not ManagementKey.objects.exists()


def test_a_key_may_work_until_it_is_revoked(owner):
    owner.post("/management-keys/new", {**NEW, "lifetime": "0"})
    assert ManagementKey.objects.get().expires_at is None


def test_a_key_of_another_organization_is_not_there(owner):
    foreign = factories.ManagementKeyFactory()
    assert foreign.name not in said(owner.get("/management-keys"))
    answer = owner.post(f"/management-keys/{foreign.pk}/revoke", {"typed": foreign.name})
    assert answer.status_code == HTTPStatus.NOT_FOUND
