"""An invitation and its mail: both, or neither."""

from django.db import transaction
from django.urls import reverse

from gateway.actor import Actor
from gateway.errors import RefusedError
from gateway.invitations import invite
from gateway.models import Invitation, Role, User
from portal.mail import letters


@transaction.atomic
def invite_by_mail(actor: Actor, *, email: str, role: Role) -> Invitation:
    """Ask somebody to join the actor's organization. Raises InputError, RefusedError.

    Sent inside the transaction: a crash before the commit leaves a mail whose link opens nothing, and the
    inviter, who saw no answer, invites again; the other order would leave an invitation that nobody was sent.
    """
    issued = invite(actor, email=email, role=role)
    context = {
        "organization": actor.organization.name,
        "inviter": _name(actor.user),
        "role": str(role),
        "path": reverse("invitation", args=[issued.token]),
    }
    try:
        letters.send("invitation", issued.invitation.email, context)
    except letters.MailNotSentError as error:
        raise RefusedError(str(error), code="mail_not_sent") from error
    return issued.invitation


def _name(user: User | None) -> str:
    return "Sluice" if user is None else user.name or user.email
