"""Mails as people read them: the text of a template, and the same with its link as HTML."""

import logging
import smtplib
from collections.abc import Mapping
from typing import Any, Final

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string

from streams.errors import SluiceError

logger = logging.getLogger(__name__)

FAILURES: Final = (OSError, smtplib.SMTPException)
"""What sending raises when the mail server is at fault."""


class MailNotSentError(SluiceError):
    """The mail server did not take a mail."""


def send(template: str, to: str, context: Mapping[str, Any]) -> None:
    """Send templates/mail/<template>.txt to one address. Raises MailNotSentError; the log has the reason."""
    mail = write(template, to, context)
    try:
        mail.send()
    except FAILURES as error:
        logger.error("no mail to %s: %s; try manage.py send_test_email", to, error)  # noqa: TRY400 - no fault of the code
        raise MailNotSentError("The mail could not be sent. Nothing was changed: try again later.") from error


def write(template: str, to: str, context: Mapping[str, Any]) -> EmailMultiAlternatives:
    """Make a mail of a template: its first line is the subject, its paragraphs are parted by empty lines."""
    known = {"portal": settings.PORTAL_URL, "email": to, **context}
    # Names are others' words: none of them begins a line, let alone a header.
    lines = {name: _one_line(value) if isinstance(value, str) else value for name, value in known.items()}
    text = render_to_string(f"mail/{template}.txt", lines)
    subject, _, body = text.strip().partition("\n")
    paragraphs = [_one_line(paragraph) for paragraph in body.strip().split("\n\n")]
    mail = EmailMultiAlternatives(_one_line(subject), "\n\n".join(paragraphs) + "\n", to=[to])
    shown = [{"text": text, "is_link": _is_link(text)} for text in paragraphs]
    mail.attach_alternative(render_to_string("mail/letter.html", {"paragraphs": shown}), "text/html")
    return mail


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _is_link(text: str) -> bool:
    """Only what leads to the portal, alone in its paragraph: no link comes from a name."""
    return text.startswith(f"{settings.PORTAL_URL}/") and " " not in text
