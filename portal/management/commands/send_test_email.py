"""`manage.py send_test_email ADDRESS`: whether mails can be sent, and if not, what to mend."""

import smtplib
import socket
import ssl
from argparse import ArgumentParser
from typing import Any, Final

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from portal.mail import letters

_REMEDIES: Final[tuple[tuple[type[Exception], str], ...]] = (
    (socket.gaierror, "its name is not known here: look at the host in SLUICE_EMAIL_URL, and at DNS"),
    (ConnectionRefusedError, "nothing listens there: look at host and port in SLUICE_EMAIL_URL"),
    (TimeoutError, "it does not answer: a firewall may stand between, or the port is not the mail server's"),
    (
        ssl.SSLError,
        "TLS failed: smtp+tls:// begins in plain text (port 587), smtp+ssl:// speaks TLS at once (port 465)",
    ),
    (smtplib.SMTPNotSupportedError, "it does not offer what the URL asks for: STARTTLS, or signing in"),
    (
        smtplib.SMTPAuthenticationError,
        "it knows no such user and password: both are percent-encoded in the URL",
    ),
    (
        smtplib.SMTPSenderRefused,
        "it does not take SLUICE_EMAIL_FROM as a sender: use an address of its own domain",
    ),
    (smtplib.SMTPRecipientsRefused, "it does not take the recipient: it may relay for who signs in alone"),
    (smtplib.SMTPServerDisconnected, "it hung up: another protocol may be spoken on that port"),
    (PermissionError, "look at who may write into SLUICE_MAIL_FOLDER"),
)


class Command(BaseCommand):
    help = "Send a test mail, and say what to mend where that fails."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("address", help="who gets it")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002 - Django's shape
        try:
            letters.write("test", options["address"], {}).send()
        except letters.FAILURES as error:
            raise CommandError(f"{_place()} did not take it: {error}\n{_remedy(error)}") from error
        self.stdout.write(f"{_place()} took it; look into {options['address']}, and into its spam folder")


def _place() -> str:
    """Where mails go, without the password."""
    if settings.MAIL_FOLDER:
        return f"The folder {settings.MAIL_FOLDER}"
    return f"The mail server {settings.EMAIL_HOST}:{settings.EMAIL_PORT or 25}"


def _remedy(error: Exception) -> str:
    found = (remedy for kind, remedy in _REMEDIES if isinstance(error, kind))
    return next(found, "look at SLUICE_EMAIL_URL and SLUICE_EMAIL_FROM, and into the mail server's own log")
