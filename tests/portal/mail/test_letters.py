"""Each mail has a subject and paragraphs, in text and in HTML; only the portal's own address becomes a link."""

from datetime import UTC, datetime

import pytest
from django.conf import settings as configured

from portal.mail import letters

LETTERS = sorted(path.stem for path in (configured.BASE_DIR / "templates/mail").glob("*.txt"))


@pytest.mark.parametrize("name", LETTERS)
def test_every_mail_is_whole(name):
    context = {
        "organization": "R&D <b>",
        "inviter": "Grace",
        "role": "viewer",
        "path": "/invitations/token",
        "activate_url": "http://localhost:3000/confirm-address/key",
        "password_reset_url": "http://localhost:3000/password/reset/1/key",
        "timestamp": datetime(2026, 11, 24, tzinfo=UTC),
        "ip": "192.0.2.1",
    }
    mail = letters.write(name, "ada@example.com", context)
    [(html, kind)] = mail.alternatives
    assert mail.subject
    assert "\n" not in mail.subject
    assert "{" not in mail.body
    assert "ada@example.com" in mail.body or name == "invitation"
    assert kind == "text/html"
    assert "<b>" not in html
    links = [line for line in mail.body.split("\n\n") if line.startswith("http")]
    assert html.count("<a href=") == len(links) == (name != "test")


def test_no_link_comes_from_a_name():
    context = {"organization": "X\n\nhttps://evil.example/\n\nY", "path": "/invitations/token"}
    mail = letters.write("invitation", "ada@example.com", context)
    [(html, _)] = mail.alternatives
    assert 'href="https://evil' not in html
    assert "\n\nhttps://evil" not in mail.body
