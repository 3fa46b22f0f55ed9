import re

import pytest


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
