"""`manage.py send_test_email` says what to mend, whatever the mail server is wrong in."""

import smtplib
import ssl
from io import StringIO

import pytest
from django.core import mail
from django.core.management import CommandError, call_command

from portal.embedded import ports


@pytest.fixture
def smtp(settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", ports.free(), 5
    return settings


def run():
    said = StringIO()
    call_command("send_test_email", "ada@example.com", stdout=said)
    return said.getvalue()


def test_a_mail_that_is_taken_is_said_to_be():
    assert "took it; look into ada@example.com" in run()
    assert mail.outbox[0].subject == "A test from Sluice"


def test_where_nothing_listens_it_says_so(smtp):
    with pytest.raises(
        CommandError, match=r"nothing listens there: look at host and port in SLUICE_EMAIL_URL"
    ):
        run()


def test_a_name_that_nobody_knows_is_said_to_be(smtp):
    smtp.EMAIL_HOST = "mail.invalid"
    with pytest.raises(CommandError, match="its name is not known here"):
        run()


@pytest.mark.parametrize(
    ("error", "remedy"),
    [
        (smtplib.SMTPAuthenticationError(535, b"no"), "it knows no such user and password"),
        (smtplib.SMTPSenderRefused(550, b"no", "sluice@localhost"), "does not take SLUICE_EMAIL_FROM"),
        (smtplib.SMTPRecipientsRefused({"ada@example.com": (550, b"no")}), "does not take the recipient"),
        (smtplib.SMTPNotSupportedError("STARTTLS"), "does not offer what the URL asks for"),
        (smtplib.SMTPServerDisconnected("gone"), "it hung up"),
        (ssl.SSLError("wrong version"), "TLS failed"),
        (TimeoutError("timed out"), "it does not answer"),
        (smtplib.SMTPDataError(554, b"spam"), "the mail server's own log"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_what_a_mail_server_refuses_is_told_with_what_to_mend(smtp, monkeypatch, error, remedy):
    smtp.EMAIL_HOST_PASSWORD = "a-secret-password"

    def refuse(*args):
        raise error

    monkeypatch.setattr("django.core.mail.backends.smtp.EmailBackend.send_messages", refuse)
    with pytest.raises(CommandError, match=remedy) as told:
        run()
    assert "a-secret-password" not in str(told.value)
