"""Mail that streams send: to members of the organization whose stream it is, and to nobody else."""

import asyncio
import smtplib

import psycopg
from django.core.mail import EmailMessage

from gateway.database import Pool
from gateway.member_addresses import member_addresses
from streams.errors import OutputError, RejectedMessageError
from streams.mailer import Letter, Mailer
from streams.spec import StreamIdentity


class MemberMailer(Mailer):
    """Sends by the mail server of this installation."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def send(self, stream: StreamIdentity, letter: Letter) -> None:
        """Return when the mail server has it. Raises OutputError; RejectedMessageError for strangers."""
        try:
            known = await member_addresses(self._pool, stream.organization_id)
        except (psycopg.Error, OSError) as error:
            raise OutputError(f"the database did not answer: {error}") from error
        strangers = [address for address in letter.to if address.lower() not in known]
        if strangers:
            raise RejectedMessageError(f"{', '.join(strangers)} is no member of the organization")
        mail = EmailMessage(letter.subject, letter.text, to=list(letter.to))
        try:
            await asyncio.to_thread(mail.send)
        except (OSError, smtplib.SMTPException) as error:
            raise OutputError(f"the mail server did not take the mail: {error}") from error
