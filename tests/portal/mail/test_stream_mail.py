"""Mail of streams: to members of their organization, and to nobody else."""

import asyncio
import socket

import pytest
from django.core import mail

from portal.mail.stream_mail import MemberMailer
from streams.errors import OutputError, RejectedMessageError
from streams.mailer import Letter
from streams.spec import StreamIdentity
from tests.factories.gateway import MembershipFactory
from webhooks.database import open_pool

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def send(postgres_url):
    """Send a mail for an organization's stream."""

    def sent(organization, *to):
        async def go():
            pool = await open_pool(postgres_url)
            try:
                stream = StreamIdentity(1, organization.pk, "shop", "alarms", "sluice", 1)
                await MemberMailer(pool).send(stream, Letter(to, "Card 7", "It was emptied."))
            finally:
                await pool.close()

        asyncio.run(go())

    return sent


def test_a_member_gets_the_mail_and_a_stranger_does_not(send):
    member, stranger = MembershipFactory(), MembershipFactory()
    send(member.organization, member.user.email.upper())
    [sent] = mail.outbox
    assert (sent.subject, sent.body) == ("Card 7", "It was emptied.")
    with pytest.raises(RejectedMessageError, match="is no member of the organization"):
        send(member.organization, member.user.email, stranger.user.email)
    assert len(mail.outbox) == 1


def test_a_mail_server_that_is_away_is_said(send, settings):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", taken.getsockname()[1]
        member = MembershipFactory()
        with pytest.raises(OutputError, match="the mail server did not take the mail"):
            send(member.organization, member.user.email)
