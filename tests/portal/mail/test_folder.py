"""Mails that are kept are whole, newest first, and read at /dev/mail; where mails are sent there is no such page."""

from http import HTTPStatus

import pytest
from django.core import mail

from portal.mail import folder, letters
from portal.mail.folder import MOST_SHOWN, kept_mails


@pytest.fixture
def kept(settings, tmp_path):
    settings.MAIL_FOLDER = str(tmp_path / "mail")
    settings.EMAIL_BACKEND = "portal.mail.folder.FolderBackend"
    return tmp_path / "mail"


def test_a_kept_mail_is_read_as_it_was_written(kept):
    letters.send("account_already_exists", "ada@example.com", {})
    [one] = kept_mails(kept)
    assert (one.to, one.subject) == ("ada@example.com", "You have an account at Sluice already")
    assert "http://localhost:3000/password/reset" in one.text


def test_the_newest_mails_stand_first_and_the_oldest_are_gone(kept, monkeypatch):
    monkeypatch.setattr(folder, "MOST_KEPT", MOST_SHOWN + 1)
    for number in range(MOST_SHOWN + 3):
        mail.EmailMessage(f"mail {number}", "text", to=["ada@example.com"]).send()
    assert len(list(kept.glob("*"))) == MOST_SHOWN + 1
    shown = [one.subject for one in kept_mails(kept)]
    assert shown[0] == f"mail {MOST_SHOWN + 2}"
    assert len(shown) == MOST_SHOWN


def test_nobody_else_on_the_machine_reads_the_folder(kept):
    letters.send("test", "ada@example.com", {})
    assert kept.stat().st_mode & 0o077 == 0


def test_kept_mails_are_read_in_the_browser_with_their_links(client, db, kept):
    assert "No mail yet" in client.get("/dev/mail").content.decode()
    letters.send("account_already_exists", "<script>@example.com", {})
    page = client.get("/dev/mail").content.decode()
    assert '<a href="http://localhost:3000/password/reset"' in page
    assert "<script>@" not in page


def test_where_mails_are_sent_there_is_no_page_of_them(client, db):
    assert client.get("/dev/mail").status_code == HTTPStatus.NOT_FOUND
