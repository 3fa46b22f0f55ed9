"""Signing in and out, passwords, and how often one may try."""

import re
from http import HTTPStatus

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.core.cache import cache
from django.test import Client
from redis.exceptions import ConnectionError as NoConnection

from portal.shared_cache import SharedCache
from tests.portal.pages.account.conftest import PASSWORD

NEW = "another horse battery"


def sign_in(client, email, password=PASSWORD, address="/sign-in"):
    return client.post(address, {"login": email, "password": password})


def said(answer):
    return re.sub(r"\s+", " ", answer.content.decode())


def test_a_member_signs_in_to_their_apps_and_out_again(client, person):
    assert sign_in(client, person.email)["Location"] == "/apps"
    assert "Nordwind" in said(client.get("/apps"))
    assert "Sign out?" in said(client.get("/sign-out"))
    assert client.post("/sign-out")["Location"] == "/"
    assert client.get("/apps")["Location"] == "/sign-in?next=/apps"


def test_an_address_is_known_whatever_its_case(client, person):
    assert sign_in(client, person.email.upper())["Location"] == "/apps"


def test_a_wrong_password_is_told_without_saying_which_part_is_wrong(client, person):
    answers = [sign_in(client, person.email, "wrong"), sign_in(client, "nobody@example.com", "wrong")]
    assert [answer.status_code for answer in answers] == [HTTPStatus.UNPROCESSABLE_ENTITY] * 2
    for answer in answers:
        assert "The email address and/or password you specified are not correct." in said(answer)
        assert "wrong" not in re.sub("went wrong", "", said(answer))


@pytest.mark.parametrize("elsewhere", ["https://evil.example/", "//evil.example/", "javascript:alert(1)"])
def test_signing_in_leads_to_no_other_site(client, person, elsewhere):
    form = {"login": person.email, "password": PASSWORD, "next": elsewhere}
    assert client.post("/sign-in", form)["Location"] == "/apps"


def test_signing_in_leads_back_to_where_one_was(client, person):
    assert 'name="next" value="/organization"' in said(client.get("/sign-in?next=/organization"))
    form = {"login": person.email, "password": PASSWORD, "next": "/organization"}
    assert client.post("/sign-in", form)["Location"] == "/organization"


def test_a_form_without_its_token_changes_nothing_and_says_why(person):
    answer = sign_in(Client(enforce_csrf_checks=True), person.email)
    assert answer.status_code == HTTPStatus.FORBIDDEN
    assert "The form has expired" in said(answer)


def test_guessing_ends_for_the_account_wherever_it_comes_from(client, person):
    for number in range(5):
        sign_in(Client(REMOTE_ADDR=f"192.0.2.{number}"), person.email, "wrong")
    answer = sign_in(client, person.email)
    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "Too many failed login attempts" in said(answer)


def test_guessing_ends_for_the_one_who_guesses_whatever_the_account(client, person):
    for number in range(10):
        sign_in(client, f"nobody{number}@example.com", "wrong")
    assert "Too many failed login attempts" in said(sign_in(client, person.email))
    assert sign_in(Client(REMOTE_ADDR="192.0.2.1"), person.email).status_code == HTTPStatus.FOUND


def test_attempts_are_counted_for_all_processes(person):
    """Another process has an instance of its own, and finds the same counts."""
    cache.set("attempts", [1.5])
    other = SharedCache(cache._servers[0], {"OPTIONS": cache._options, "KEY_PREFIX": cache.key_prefix})
    assert other.get("attempts") == [1.5]


def test_without_valkey_people_sign_in_and_guessing_still_ends(client, person, monkeypatch):
    def gone(*args, **kwargs):
        raise NoConnection

    monkeypatch.setattr("django.core.cache.backends.redis.RedisCacheClient.get_client", gone)
    assert sign_in(Client(), person.email).status_code == HTTPStatus.FOUND
    for _ in range(5):
        sign_in(client, person.email, "wrong")
    assert "Too many failed login attempts" in said(sign_in(client, person.email))
    cache._alone.clear()


def test_a_disabled_account_is_told_to_who_knows_its_password_alone(client, person):
    person.is_active = False
    person.save()
    assert sign_in(client, person.email)["Location"] == "/account-disabled"
    assert "switched it off" in said(client.get("/account-disabled"))
    assert sign_in(client, person.email, "wrong").status_code == HTTPStatus.UNPROCESSABLE_ENTITY


def test_who_an_operator_made_needs_no_mail_to_sign_in(client, person):
    sign_in(client, person.email)
    assert EmailAddress.objects.get(user=person).verified
    assert mail.outbox == []


def test_a_forgotten_password_is_replaced_by_a_link_that_works_once(client, person, links):
    assert client.post("/password/reset", {"email": person.email})["Location"] == "/password/reset/sent"
    [link] = [path for path in links(person.email) if "reset/" in path]
    form = client.get(client.get(link)["Location"])
    assert "Choose a new password" in said(form)
    answer = client.post(form.context["action_url"], {"password1": NEW, "password2": NEW})
    assert answer["Location"] == "/sign-in"
    assert "was replaced through a link" in mail.outbox[-1].body
    again = client.get(link)
    assert again.status_code == HTTPStatus.NOT_FOUND
    assert "This link opens nothing" in said(again)
    assert sign_in(Client(), person.email).status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert sign_in(client, person.email, NEW)["Location"] == "/apps"


def test_asking_for_a_password_says_nothing_of_who_has_an_account(client, person):
    answers = [
        client.post("/password/reset", {"email": email}) for email in (person.email, "nobody@example.com")
    ]
    assert len({(answer.status_code, answer["Location"]) for answer in answers}) == 1
    assert [one.to for one in mail.outbox] == [[person.email], ["nobody@example.com"]]
    assert "There is no account with this address" in mail.outbox[1].body


def test_nobody_is_sent_any_number_of_mails(client, person):
    answers = [client.post("/password/reset", {"email": person.email}) for _ in range(6)]
    assert answers[-1].status_code == HTTPStatus.TOO_MANY_REQUESTS
    assert "That was often" in said(answers[-1])
    assert len(mail.outbox) == 5


def test_the_links_in_mails_are_the_portals_whatever_host_was_asked(client, person, settings):
    settings.ALLOWED_HOSTS = ["*"]
    client.post("/password/reset", {"email": person.email}, headers={"host": "evil.example"})
    assert "evil.example" not in mail.outbox[0].body


def test_a_password_is_changed_by_who_knows_it_and_other_sessions_end(client, person):
    elsewhere = Client()
    for one in (client, elsewhere):
        sign_in(one, person.email)
    wrong = {"oldpassword": "wrong", "password1": NEW, "password2": NEW}
    refused = client.post("/profile/password", wrong)
    assert refused.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert client.post("/profile/password", {**wrong, "oldpassword": PASSWORD})["Location"] == "/profile"
    assert client.get("/profile").status_code == HTTPStatus.OK
    assert elsewhere.get("/profile").status_code == HTTPStatus.FOUND
    assert "was changed on" in mail.outbox[-1].body


@pytest.mark.parametrize("password", ["short", "password1", "12345678"])
def test_a_password_that_is_guessed_at_once_is_none(client, person, password):
    sign_in(client, person.email)
    form = {"oldpassword": PASSWORD, "password1": password, "password2": password}
    assert client.post("/profile/password", form).status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    person.refresh_from_db()
    assert person.check_password(PASSWORD)


def test_a_name_is_changed_and_written_down(client, person):
    sign_in(client, person.email)
    assert client.post("/profile", {"name": "Ada Lovelace"})["Location"] == "/profile"
    assert 'value="Ada Lovelace"' in said(client.get("/profile"))
    assert client.post("/profile", {"name": ""}).status_code == HTTPStatus.UNPROCESSABLE_ENTITY
