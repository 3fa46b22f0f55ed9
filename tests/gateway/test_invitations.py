"""Invitations: the token works once, for the invited, for seven days; and nobody invites above their rank."""

import datetime as dt

import pytest
import time_machine
from django.db import connection
from django.utils import timezone

from gateway.errors import InputError, RefusedError
from gateway.invitations import (
    LIFETIME,
    MOST_OPEN,
    accept_invitation,
    invite,
    open_invitations,
    revoke_invitation,
)
from gateway.models import Invitation, Membership, Role
from gateway.organizations import set_organization_active
from tests.changes import actor_in, changes, refused, texts
from tests.factories import InvitationFactory, OrganizationFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner():
    return actor_in(OrganizationFactory())


@pytest.fixture
def invited():
    return UserFactory(email="ada@example.com")


def test_the_invited_joins_once(owner, invited):
    with changes() as left:
        token = invite(owner, email="Ada@Example.com", role=Role.DEVELOPER).token
        membership = accept_invitation(invited, token)
    assert (membership.user, membership.organization, membership.role) == (
        invited,
        owner.organization,
        Role.DEVELOPER,
    )
    assert left.verbs == ["invitation.issue", "invitation.accept"]
    assert left.audit[1].actor == invited
    assert token not in texts(left.audit)
    with refused("used"):
        accept_invitation(invited, token)


def test_the_token_is_not_in_the_database(owner):
    token = invite(owner, email="ada@example.com", role=Role.VIEWER).token
    with connection.cursor() as cursor:
        cursor.execute("SELECT gateway_invitation::text, encode(digest, 'escape') FROM gateway_invitation")
        assert token not in str(cursor.fetchall())


def test_an_unknown_token_is_nobodys(invited):
    with pytest.raises(Invitation.DoesNotExist):
        accept_invitation(invited, "guessed")


def test_an_invitation_ends_after_seven_days(owner, invited):
    token = invite(owner, email=invited.email, role=Role.VIEWER).token
    with time_machine.travel(timezone.now() + LIFETIME + dt.timedelta(seconds=1)), refused("expired"):
        accept_invitation(invited, token)
    assert not invited.memberships.exists()


def test_nobody_else_joins_with_it(owner):
    token = invite(owner, email="ada@example.com", role=Role.VIEWER).token
    with refused("other_address"):
        accept_invitation(UserFactory(), token)


def test_a_revoked_invitation_opens_nothing(owner, invited):
    issued = invite(owner, email=invited.email, role=Role.VIEWER)
    with changes() as left:
        revoke_invitation(owner, issued.invitation)
    assert left.verbs == ["invitation.revoke"]
    with refused("revoked"):
        accept_invitation(invited, issued.token)
    with refused("revoked"):
        revoke_invitation(owner, issued.invitation)


def test_a_suspended_organization_takes_nobody_in(owner, invited):
    token = invite(owner, email=invited.email, role=Role.VIEWER).token
    set_organization_active(owner, owner.organization, active=False)
    with refused("suspended"):
        accept_invitation(invited, token)


def test_who_became_a_member_meanwhile_stays_what_they_are(owner, invited):
    token = invite(owner, email=invited.email, role=Role.OWNER).token
    Membership.objects.create(user=invited, organization=owner.organization, role=Role.VIEWER)
    with refused("already_member"):
        accept_invitation(invited, token)
    assert invited.memberships.get().role == Role.VIEWER


def test_a_second_invitation_ends_the_first(owner, invited):
    first = invite(owner, email=invited.email, role=Role.OWNER)
    with changes() as left:
        invite(owner, email=invited.email.upper(), role=Role.VIEWER)
    assert left.verbs == ["invitation.revoke", "invitation.issue"]
    with refused("revoked"):
        accept_invitation(invited, first.token)
    assert [row.role for row in open_invitations(owner.organization)] == [Role.VIEWER]


def test_a_member_is_not_invited(owner):
    with refused("already_member"):
        invite(owner, email=owner.user.email.upper(), role=Role.VIEWER)


def test_an_admin_neither_invites_an_owner_nor_revokes_an_owners_invitation(owner):
    admin = actor_in(owner.organization, Role.ADMIN)
    with pytest.raises(InputError, match="only an owner"):
        invite(admin, email="ada@example.com", role=Role.OWNER)
    issued = invite(owner, email="ada@example.com", role=Role.OWNER)
    with pytest.raises(InputError, match="only an owner"):
        revoke_invitation(admin, issued.invitation)
    with pytest.raises(InputError, match="only an owner"):
        invite(admin, email="ada@example.com", role=Role.VIEWER)
    assert open_invitations(owner.organization).get() == issued.invitation


def test_what_is_no_address_is_told(owner):
    with pytest.raises(InputError) as error:
        invite(owner, email="ada", role=Role.VIEWER)
    assert [fault.pointer for fault in error.value.faults] == ["/email"]


def test_nobody_has_any_number_of_mails_sent(owner):
    InvitationFactory.create_batch(MOST_OPEN, organization=owner.organization)
    with pytest.raises(RefusedError, match="invitations are open"):
        invite(owner, email="ada@example.com", role=Role.VIEWER)
