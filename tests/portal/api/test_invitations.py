"""Invitations by the management API: the mail that follows, its end, and how many there may be."""

import pytest
from django.core import mail
from django.test import Client

from gateway.models import Invitation, Role
from tests import factories
from tests.portal.api.conftest import make_caller

ADA = {"email": "Ada@example.com", "role": "developer"}


@pytest.fixture(autouse=True)
def no_attempts_yet(valkey_url):
    """Whatever earlier tests sent is forgotten."""


@pytest.fixture
def invited(owner):
    return owner.post("organization/invitations", ADA)


def test_who_is_invited_is_sent_the_link_that_the_answer_does_not_show(owner, invited):
    body = invited.json()
    assert (invited.status_code, body["email"], body["role"]) == (201, "ada@example.com", "developer")
    assert body["invited_by"] == owner.user.email
    [letter] = mail.outbox
    [link] = [line for line in letter.body.split() if "/invitations/" in line]
    assert link.rpartition("/")[2] not in invited.content.decode()
    assert [row["id"] for row in owner.get("organization/invitations").json()["items"]] == [body["id"]]


def test_an_invitation_that_was_taken_back_is_listed_no_more(owner, invited):
    address = f"organization/invitations/{invited.json()['id']}/revoke"
    assert owner.post(address).json()["revoked_at"]
    assert owner.get("organization/invitations").json()["items"] == []
    again = owner.post(address)
    assert (again.status_code, again.json()["type"]) == (409, "urn:sluice:problem:revoked")


def test_nobody_makes_owners_but_an_owner(owner):
    admin = make_caller(Role.ADMIN, owner.organization)
    answer = admin.post("organization/invitations", {**ADA, "role": "owner"})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, "/role")
    assert not Invitation.objects.exists()
    assert not mail.outbox


def test_a_member_is_not_invited_again(owner):
    member = factories.MembershipFactory(organization=owner.organization)
    answer = owner.post("organization/invitations", {"email": member.user.email, "role": "viewer"})
    assert (answer.status_code, answer.json()["type"]) == (409, "urn:sluice:problem:already-member")


def test_no_user_sends_more_than_pages_let_them(owner, settings):
    settings.ACCOUNT_RATE_LIMITS = {"invite": "2/h/user"}
    client = Client()
    client.force_login(owner.user)
    assert client.post("/organization/invite", ADA).status_code == 302
    assert owner.post("organization/invitations", ADA).status_code == 201
    refused = owner.post("organization/invitations", ADA)
    assert (refused.status_code, refused.json()["type"]) == (429, "urn:sluice:problem:throttled")
    assert len(mail.outbox) == 2
