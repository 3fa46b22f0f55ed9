"""Signing up: an address is confirmed, an organization made, and nobody learns who has an account."""

import smtplib
import threading
from http import HTTPStatus

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.db import connection
from django.test import Client

from gateway.models import Audit, Membership, Organization, Role, User
from tests.portal.pages.account.conftest import PASSWORD
from tests.portal.pages.account.test_sign_in import said, sign_in

ADA = {"name": "Ada", "email": "ada@example.com", "organization": "Analytical", "password1": PASSWORD}


def confirmation(links):
    [link] = [path for path in links(ADA["email"]) if path.startswith("/confirm-address/")]
    return link


def test_who_signs_up_and_confirms_is_the_owner_of_their_own_organization(client, db, links):
    assert client.post("/sign-up", ADA)["Location"] == "/confirm-address"
    assert "Look into your mail" in said(client.get("/confirm-address"))
    assert client.get("/apps").status_code == HTTPStatus.FOUND
    link = confirmation(links)
    assert "Is ada@example.com yours?" in said(client.get(link))
    assert not EmailAddress.objects.get().verified, "what reads mails follows links"
    assert client.post(link)["Location"] == "/apps"
    member = Membership.objects.select_related("user", "organization").get()
    assert (member.user.name, member.organization.name, member.role) == ("Ada", "Analytical", Role.OWNER)
    assert "Analytical" in said(client.get("/apps"))
    assert set(Audit.objects.values_list("verb", flat=True)) == {"organization.create", "member.add"}


def test_a_link_opened_elsewhere_confirms_and_signs_nobody_in(client, db, links):
    client.post("/sign-up", ADA)
    elsewhere = Client()
    assert elsewhere.post(confirmation(links))["Location"] == "/sign-in"
    assert elsewhere.get("/apps").status_code == HTTPStatus.FOUND
    assert sign_in(elsewhere, ADA["email"])["Location"] == "/apps"


def test_nobody_comes_in_before_the_address_is_confirmed(client, db):
    client.post("/sign-up", ADA)
    assert sign_in(Client(), ADA["email"])["Location"] == "/confirm-address"
    assert len(mail.outbox) == 1, "one mail in three minutes"


@pytest.mark.parametrize("key", ["guessed", "Mg:1tXXXX:abcdefghijklmnopqrstuvwxyz"])
def test_a_made_up_link_confirms_nothing(client, db, key):
    answer = client.get(f"/confirm-address/{key}")
    assert answer.status_code == HTTPStatus.NOT_FOUND
    assert "This link confirms nothing" in said(answer)
    assert client.post(f"/confirm-address/{key}").status_code == HTTPStatus.NOT_FOUND


def test_signing_up_says_nothing_of_who_has_an_account(client, person):
    answers = [
        Client().post("/sign-up", {**ADA, "email": email})
        for email in (person.email.upper(), "new@example.com")
    ]
    assert len({(answer.status_code, answer["Location"]) for answer in answers}) == 1
    assert "There is one already" in mail.outbox[0].body
    assert "There is one already" not in mail.outbox[1].body
    assert Organization.objects.count() == 2


def test_an_address_that_was_never_confirmed_is_taken_all_the_same(client, db):
    client.post("/sign-up", ADA)
    answer = Client().post("/sign-up", {**ADA, "name": "Eve", "password1": "a password of eve"})
    assert answer["Location"] == "/confirm-address"
    assert User.objects.get().name == "Ada"


@pytest.mark.parametrize("field", ADA)
def test_what_is_missing_is_told_at_its_field_and_nothing_is_made(client, db, field):
    answer = client.post("/sign-up", {**ADA, field: ""})
    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert list(answer.context["form"].errors) == [field]
    assert not User.objects.exists()


def test_where_the_mail_server_is_away_nothing_is_made_and_one_may_try_again(client, db, links, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr("django.core.mail.backends.locmem.EmailBackend.send_messages", refuse)
        answer = client.post("/sign-up", ADA)
    assert answer.status_code == HTTPStatus.SERVICE_UNAVAILABLE
    assert "The mail could not be sent" in said(answer)
    assert not User.objects.exists()
    client.post("/sign-up", ADA)
    assert client.post(confirmation(links))["Location"] == "/apps"


def test_a_link_that_was_used_tells_who_is_in_that_they_are(client, db, links):
    client.post("/sign-up", ADA)
    link = confirmation(links)
    assert "This link confirms nothing" in said(Client().get(link[:-1]))
    client.post(link)
    again = said(client.get(link))
    assert "You are in already" in again
    assert "This link confirms nothing" not in again


def refuse(*args):
    raise smtplib.SMTPServerDisconnected("gone")


@pytest.mark.django_db(transaction=True)
def test_two_who_sign_up_with_one_address_at_the_same_moment_make_one_account():
    together, statuses = threading.Barrier(2), []

    def sign_up():
        client = Client(raise_request_exception=False)
        together.wait()
        statuses.append(client.post("/sign-up", ADA).status_code)
        connection.close()

    threads = [threading.Thread(target=sign_up) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert HTTPStatus.FOUND in statuses
    assert HTTPStatus.INTERNAL_SERVER_ERROR not in statuses
    assert User.objects.count() == Organization.objects.count() == 1
