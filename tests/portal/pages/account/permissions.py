"""Who may open the pages of accounts and organizations."""

from gateway.models import Membership
from tests import factories
from tests.portal.pages.permissions import OPEN, Row

NOBODY_YET = "302 302 302 302 302 302 200"
"""For who has not signed in; others are led on."""
UNFILLED = OPEN.replace("200", "422")
IN_PERSON = "200 200 200 200 200 200 302"
"""Somebody's own."""
MANAGERS = "200 403 403 200 403 403 302"
"""What owners and admins have in their organization."""
MANAGED = "200 403 403 404 403 403 302"
"""One thing of an organization, for its owners and admins."""
NOWHERE = OPEN.replace("200", "404")


def member(estate):
    return {"member": Membership.objects.get(user=estate.actor.user).pk}


def own_invitation(estate):
    return {"invitation": factories.InvitationFactory(organization=estate.actor.organization).pk}


def token(estate):
    factories.InvitationFactory(organization=estate.actor.organization, token="token")
    return {"token": "token"}


def key(estate):
    row = factories.ManagementKeyFactory(organization=estate.actor.organization, user=estate.actor.user)
    return {"management_key": row.pk}


def bad_link(estate):
    return {"key": "guessed"}


def bad_reset(estate):
    return {"uidb36": "1", "key": "guessed"}


def saved(statuses):
    """Of a form whose page has these statuses, sent empty."""
    return statuses.replace("200", "422")


ROWS = (
    *(Row(name, "GET", NOBODY_YET) for name in ("sign-in", "account_login", "sign-up", "account_signup")),
    *(
        Row(name, "POST", NOBODY_YET.replace("200", "422"))
        for name in ("sign-in", "account_login", "sign-up", "account_signup")
    ),
    *(Row(name, "GET", IN_PERSON) for name in ("sign-out", "account_logout")),
    *(Row(name, "POST", OPEN.replace("200", "302")) for name in ("sign-out", "account_logout")),
    Row("account_email_verification_sent", "GET", OPEN),
    Row("account_confirm_email", "GET", NOWHERE, bad_link),
    Row("account_confirm_email", "POST", NOWHERE, bad_link),
    Row("account_inactive", "GET", OPEN),
    Row("account_reset_password", "GET", OPEN),
    Row("account_reset_password", "POST", UNFILLED),
    Row("account_reset_password_done", "GET", OPEN),
    Row("account_reset_password_from_key", "GET", NOWHERE, bad_reset),
    Row("account_reset_password_from_key", "POST", NOWHERE, bad_reset),
    Row("profile", "GET", IN_PERSON),
    Row("profile", "POST", saved(IN_PERSON)),
    Row("account_change_password", "GET", IN_PERSON),
    Row("account_change_password", "POST", saved(IN_PERSON)),
    Row("organization", "GET", "200 200 200 200 200 403 302"),
    *(
        row
        for name in ("organization-name", "new-invitation", "new-management-key")
        for row in (Row(name, "GET", MANAGERS), Row(name, "POST", saved(MANAGERS)))
    ),
    *(
        row
        for name, arguments in (
            ("member", member),
            ("member-removal", member),
            ("management-key-revocation", key),
        )
        for row in (Row(name, "GET", MANAGED, arguments), Row(name, "POST", saved(MANAGED), arguments))
    ),
    Row("invitation-revocation", "POST", MANAGED.replace("200", "302"), own_invitation),
    Row("invitation", "GET", OPEN, token),
    Row("invitation-acceptance", "POST", OPEN.replace("200", "302"), token),
    Row("management-keys", "GET", MANAGERS),
    Row("audit", "GET", MANAGERS),
    Row("kept-mail", "GET", NOWHERE),
)
