import datetime as dt

import pytest
from django.utils import timezone

from gateway.models import ManagementKey, Role
from tests.portal.api.conftest import make_caller


@pytest.mark.parametrize("prefix", ["", "Bearer ", "bearer "])
def test_a_key_is_taken_raw_as_tyk_takes_it_or_as_a_bearer(owner, prefix):
    assert owner.get("organization", Authorization=prefix + owner.key).status_code == 200


@pytest.mark.parametrize(
    "header", ["slm_unknown", "Bearer slm_unknown", "Basic abc", "Bearer", "Bearer \x7f"]
)
def test_what_is_no_key_is_challenged(owner, header):
    response = owner.get("organization", Authorization=header)
    assert response.status_code == 401
    assert response["WWW-Authenticate"].startswith("Bearer")
    assert response["Content-Type"] == "application/problem+json"


def _revoke(caller):
    ManagementKey.objects.update(revoked_at=timezone.now())


def _expire(caller):
    ManagementKey.objects.update(expires_at=timezone.now() - dt.timedelta(seconds=1))


def _deactivate_user(caller):
    caller.user.is_active = False
    caller.user.save()


def _suspend_organization(caller):
    caller.organization.is_active = False
    caller.organization.save()


def _leave(caller):
    caller.user.memberships.all().delete()


@pytest.mark.parametrize("end", [_revoke, _expire, _deactivate_user, _suspend_organization, _leave])
def test_a_key_ends_with_itself_its_user_its_organization_or_the_membership(owner, end):
    assert owner.get("organization").status_code == 200
    end(owner)
    assert owner.get("organization").status_code == 401


def test_a_key_is_bounded_by_the_role_its_user_has_now(owner):
    owner.user.memberships.update(role=Role.VIEWER)
    assert owner.patch("organization", {"name": "Other"}).status_code == 403


def test_the_last_use_of_a_key_is_noted(owner):
    owner.get("organization")
    assert ManagementKey.objects.get().last_used_at is not None


@pytest.mark.django_db
def test_a_key_cannot_make_a_key_that_may_more_than_itself():
    caller = make_caller(Role.OWNER, scopes=["read", "organization"])
    response = caller.post("management-keys", {"name": "more", "scopes": ["read", "webhooks"]})
    assert response.status_code == 400
    assert response.json()["errors"][0]["pointer"] == "/scopes/1"


@pytest.mark.django_db
def test_an_admin_cannot_make_a_key_that_acts_as_an_owner(owner):
    admin = make_caller(Role.ADMIN, owner.organization)
    body = {"name": "boss", "scopes": ["read"], "user": owner.user.email}
    assert admin.post("management-keys", body).status_code == 400


def test_a_new_key_works_and_is_shown_once(owner):
    issued = owner.post("management-keys", {"name": "ci", "scopes": ["read"]}).json()
    assert owner.get("organization", Authorization=issued["key"]).status_code == 200
    assert issued["key"] not in owner.get("management-keys").content.decode()
    row = ManagementKey.objects.get(name="ci")
    assert issued["key"].encode() not in bytes(row.digest)
