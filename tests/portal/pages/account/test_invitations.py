"""Invitations on pages: from the form to the member, for who has an account and who has none."""

import datetime as dt
from http import HTTPStatus

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.test import Client
from django.utils import timezone

from gateway.models import Invitation, Membership, Organization, Role, User
from tests import factories
from tests.portal.pages.account.conftest import PASSWORD
from tests.portal.pages.account.test_sign_in import said
from tests.portal.pages.account.test_sign_up import refuse

ADA = {"name": "Ada", "password1": PASSWORD}


@pytest.fixture
def owner(client, person):
    client.force_login(person)
    return client


@pytest.fixture
def invited(owner, links):
    """The link in the mail to ada@example.com."""
    answer = owner.post("/organization/invite", {"email": "Ada@example.com", "role": "developer"})
    assert answer["Location"] == "/organization"
    [link] = [path for path in links("ada@example.com") if path.startswith("/invitations/")]
    return link


def test_who_has_no_account_makes_one_and_is_in_without_another_mail(invited):
    ada = Client()
    page = said(ada.get(invited))
    assert "Join Nordwind" in page
    address = ada.get(invited).context["token"]
    assert 'value="ada@example.com"' in said(ada.get(f"/sign-up?invitation={address}"))
    answer = ada.post(f"/sign-up?invitation={address}", {**ADA, "email": "eve@example.com"})
    assert answer["Location"] == "/apps"
    assert "Nordwind" in said(ada.get("/apps"))
    member = Membership.objects.get(role=Role.DEVELOPER)
    assert (member.user.email, member.user.name) == ("ada@example.com", "Ada")
    assert EmailAddress.objects.get(user=member.user).verified
    assert Organization.objects.count() == 1
    assert len(mail.outbox) == 1


def test_who_has_an_account_signs_in_accepts_and_sees_the_organization(invited):
    elsewhere = factories.MembershipFactory(user__email="ada@example.com", organization__name="Analytical")
    ada = Client()
    assert f"/sign-in?next={invited}" in said(ada.get(invited))
    ada.force_login(elsewhere.user)
    assert "/accept" in said(ada.get(invited))
    assert ada.post(f"{invited}/accept")["Location"] == "/apps"
    assert "You belong to Nordwind now, as developer." in said(ada.get("/apps"))
    assert ada.get("/organization").context["reader"]().organization.name == "Nordwind"


def test_an_invitation_is_accepted_by_a_click_never_by_a_look(invited):
    user = factories.UserFactory(email="ada@example.com")
    ada = Client()
    ada.force_login(user)
    assert ada.get(invited).status_code == HTTPStatus.OK
    assert ada.get(f"{invited}/accept").status_code == HTTPStatus.METHOD_NOT_ALLOWED
    assert not user.memberships.exists()


def test_a_used_link_opens_nothing(invited):
    token = invited.rpartition("/")[2]
    Client().post(f"/sign-up?invitation={token}", ADA)
    again = Client()
    assert again.get(invited).status_code == HTTPStatus.GONE
    assert again.get(f"/sign-up?invitation={token}")["Location"] == invited
    assert again.post(f"/sign-up?invitation={token}", ADA)["Location"] == invited
    assert User.objects.filter(email="ada@example.com").count() == 1


@pytest.mark.parametrize(
    "change",
    [{"expires_at": timezone.now() - dt.timedelta(seconds=1)}, {"revoked_at": timezone.now()}],
    ids=["expired", "revoked"],
)
def test_what_has_ended_says_why_and_takes_nobody_in(invited, change):
    Invitation.objects.update(**change)
    user = factories.UserFactory(email="ada@example.com")
    ada = Client()
    ada.force_login(user)
    answer = ada.get(invited)
    assert answer.status_code == HTTPStatus.GONE
    assert "Ask an owner of Nordwind for a new one." in said(answer)
    assert ada.post(f"{invited}/accept")["Location"] == invited
    assert not user.memberships.exists()


def test_somebody_else_who_finds_the_link_does_not_come_in(invited, person):
    eve = factories.UserFactory()
    client = Client()
    client.force_login(eve)
    assert "This invitation is for somebody else" in said(client.get(invited))
    client.post(f"{invited}/accept")
    assert not eve.memberships.exists()


@pytest.mark.parametrize("address", ["/invitations/guessed", "/invitations/%00"])
def test_a_guessed_link_is_no_invitation(client, person, address):
    client.force_login(person)
    assert client.get(address).status_code == HTTPStatus.NOT_FOUND
    assert client.post(f"{address}/accept").status_code == HTTPStatus.NOT_FOUND


@pytest.mark.parametrize("token", ["guessed", "gue/ssed", "%00"])
def test_nobody_signs_up_with_a_guessed_invitation(client, db, token):
    assert client.get(f"/sign-up?invitation={token}").status_code == HTTPStatus.NOT_FOUND


def test_an_owner_sees_and_revokes_what_is_open(owner, invited):
    assert "ada@example.com" in said(owner.get("/organization"))
    invitation = Invitation.objects.get()
    assert owner.post(f"/organization/invitations/{invitation.pk}/revoke")["Location"] == "/organization"
    page = owner.get("/organization")
    assert "opens nothing any more" in said(page)
    assert "Nobody is invited" in said(page)


def test_an_invitation_of_another_organization_is_not_there(owner):
    foreign = factories.InvitationFactory()
    answer = owner.post(f"/organization/invitations/{foreign.pk}/revoke")
    assert answer.status_code == HTTPStatus.NOT_FOUND
    foreign.refresh_from_db()
    assert foreign.revoked_at is None


def test_without_its_mail_there_is_no_invitation(owner, monkeypatch):
    monkeypatch.setattr("django.core.mail.backends.locmem.EmailBackend.send_messages", refuse)
    answer = owner.post("/organization/invite", {"email": "ada@example.com", "role": "viewer"})
    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "The mail could not be sent" in said(answer)
    assert not Invitation.objects.exists()


def test_an_admin_is_offered_no_owner_to_make(client, person):
    admin = factories.MembershipFactory(organization=person.memberships.get().organization, role=Role.ADMIN)
    client.force_login(admin.user)
    assert 'value="owner"' not in said(client.get("/organization/invite"))
    answer = client.post("/organization/invite", {"email": "ada@example.com", "role": "owner"})
    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert not Invitation.objects.exists()


def test_a_name_brings_no_link_and_no_header_into_the_mail(owner, person):
    organization = person.memberships.get().organization
    organization.name = "Nordwind\nBcc: eve@example.com\n\nhttps://evil.example/"
    organization.save()
    owner.post("/organization/invite", {"email": "ada@example.com", "role": "viewer"})
    [sent] = mail.outbox
    assert sent.recipients() == ["ada@example.com"]
    [(html, _)] = sent.alternatives
    assert 'href="https://evil' not in html
    assert "\n" not in sent.subject
