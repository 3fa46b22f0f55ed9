"""Mails kept as files, for `make up` and its like: one a mail, as RFC 5322 has it."""

import email
import secrets
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage as ParsedMessage
from email.policy import default
from pathlib import Path
from typing import Final

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend

MOST_SHOWN: Final = 50
MOST_KEPT: Final = 500
NANOSECONDS: Final = 1_000_000_000
"""In a second: files are named by when they were written."""


@dataclass(frozen=True, slots=True)
class KeptMail:
    """A mail in the folder."""

    name: str
    """Of its file, without the ending."""
    sent_at: datetime
    to: str
    subject: str
    text: str


class FolderBackend(BaseEmailBackend):
    """Django's way to send, which writes into SLUICE_MAIL_FOLDER."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """Keep each mail; returns how many. Raises OSError."""
        folder = Path(settings.MAIL_FOLDER)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for mail in email_messages:
            _keep(folder, mail.message().as_bytes())
        for old in sorted(folder.glob("*.eml"))[:-MOST_KEPT]:
            old.unlink(missing_ok=True)
        return len(email_messages)


def kept_mails(folder: Path) -> Iterator[KeptMail]:
    """The newest mails, the newest first."""
    for file in sorted(folder.glob("*.eml"), reverse=True)[:MOST_SHOWN]:
        parsed = email.message_from_bytes(file.read_bytes(), policy=default)
        assert isinstance(parsed, ParsedMessage), "the policy makes these"  # noqa: S101
        yield _kept(file.stem, parsed)


def _keep(folder: Path, content: bytes) -> None:
    """Written beside and moved: whoever lists the folder meanwhile finds whole mails."""
    name = f"{time.time_ns()}-{secrets.token_hex(4)}"
    beside = folder / f"{name}.part"
    beside.write_bytes(content)
    beside.rename(folder / f"{name}.eml")


def _kept(name: str, parsed: ParsedMessage) -> KeptMail:
    body = parsed.get_body(("plain",))
    return KeptMail(
        name=name,
        sent_at=datetime.fromtimestamp(int(name.partition("-")[0]) / NANOSECONDS, UTC),
        to=str(parsed["to"]),
        subject=str(parsed["subject"]),
        text=body.get_content() if body is not None else "",
    )
