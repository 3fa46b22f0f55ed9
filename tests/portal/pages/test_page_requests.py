import re
import runpy
from urllib.parse import urlencode

import pytest
from django.test import Client


def test_pages_run_only_scripts_that_carry_the_answers_nonce(client, db):
    first, second = client.get("/"), client.get("/")
    nonces = [
        nonce
        for page in (first, second)
        for nonce in re.findall(r"script-src 'nonce-([^']+)'", page["Content-Security-Policy"])
    ]
    assert len(nonces) == 2
    assert nonces[0] != nonces[1]
    assert f'nonce="{nonces[0]}"' in first.content.decode()
    assert "unsafe" not in first["Content-Security-Policy"]


@pytest.mark.parametrize("address", ["/admin/", "/api/docs/"])
def test_pages_with_scripts_of_others_get_no_policy_of_ours(admin_client, address):
    answer = admin_client.get(address)
    assert answer.status_code == 200
    assert "Content-Security-Policy" not in answer


@pytest.mark.parametrize("address", ["/", "/sign-in", "/nowhere"])
def test_pages_have_no_script_and_no_style_within(client, db, address):
    page = client.get(address).content.decode()
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style| style=| on[a-z]+=", page)


def test_what_is_not_there_says_so_in_the_look_of_the_rest(client, db):
    answer = client.get("/nowhere")
    assert answer.status_code == 404
    assert "There is nothing here" in answer.content.decode()


def test_a_buttons_address_that_is_opened_as_a_page_says_what_to_do(client, db):
    answer = client.get("/organization/choice")
    assert (answer.status_code, answer["Allow"]) == (405, "POST")
    assert "go back and press the button again" in answer.content.decode()


@pytest.mark.parametrize(
    "form",
    [
        {"login": "a" * 3_000_000},
        {f"field{number}": "" for number in range(1_500)},
    ],
    ids=["long", "many fields"],
)
def test_what_is_too_large_says_so_in_the_look_of_the_rest(client, db, form):
    answer = client.post("/sign-in", urlencode(form), content_type="application/x-www-form-urlencoded")
    assert answer.status_code == 400
    assert "larger than a form may be" in answer.content.decode()
    assert "script-src" in answer["Content-Security-Policy"]


@pytest.mark.parametrize(
    ("origin", "status"), [("https://portal.example", 422), ("https://evil.example", 403)]
)
def test_where_tls_ends_before_the_portal_forms_are_taken_and_cookies_are_secure(
    db, valkey_url, monkeypatch, settings, origin, status
):
    """The browser names the origin of SLUICE_PORTAL_URL, though the request says nothing of TLS."""
    monkeypatch.setenv("SLUICE_PORTAL_URL", "https://portal.example/")
    behind = runpy.run_path(str(settings.BASE_DIR / "portal" / "settings.py"))
    for name in ("CSRF_TRUSTED_ORIGINS", "CSRF_COOKIE_SECURE", "SESSION_COOKIE_SECURE"):
        setattr(settings, name, behind[name])
    assert settings.SESSION_COOKIE_SECURE
    client = Client(enforce_csrf_checks=True)
    client.get("/sign-in")
    cookie = client.cookies["csrftoken"]
    assert cookie["secure"]
    form = {"csrfmiddlewaretoken": cookie.value, "login": "", "password": ""}
    assert client.post("/sign-in", form, headers={"Origin": origin}).status_code == status


def test_a_failure_of_ours_is_told_without_its_details(client, db, monkeypatch):
    client.raise_request_exception = False
    monkeypatch.setattr("portal.access.visible_products", None)
    answer = client.get("/")
    assert answer.status_code == 500
    assert "Something failed on our side" in answer.content.decode()
    assert "NoneType" not in answer.content.decode()


def test_the_styleguide_is_there_while_debugging_alone(client, db, settings):
    assert client.get("/styleguide").status_code == 404
    settings.DEBUG = True
    assert "Buttons" in client.get("/styleguide").content.decode()
