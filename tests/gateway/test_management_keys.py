"""Management keys: nobody gives more than they have, and a key stops with its user's standing."""

import datetime as dt
import itertools

import pytest
import time_machine
from django.utils import timezone

from gateway.actor import Actor
from gateway.errors import InputError
from gateway.management_keys import actor_of, issue_management_key, revoke_management_key
from gateway.models import ManagementKey, Membership, Role, Scope
from gateway.organizations import change_member, remove_member
from streams.secrets import api_key_digest
from tests.changes import actor_in, changes, refused, texts
from tests.factories import ManagementKeyFactory, MembershipFactory, OrganizationFactory

pytestmark = pytest.mark.django_db

KEY = "slm_of_the_test"


@pytest.fixture
def organization():
    return OrganizationFactory()


@pytest.fixture
def owner(organization):
    return actor_in(organization)


@pytest.fixture
def membership(organization):
    return MembershipFactory(organization=organization, role=Role.PUBLISHER)


def issue(actor, membership, scopes=(Scope.READ,), **values):
    return issue_management_key(actor, user=membership.user, name="ci", scopes=scopes, **values)


def faults_of(error):
    return [(fault.pointer, fault.code) for fault in error.value.faults]


class TestIssuing:
    def test_a_key_is_shown_once_and_kept_as_a_digest(self, owner, membership):
        with changes() as left:
            issued = issue(owner, membership, (Scope.READ, Scope.APPS, Scope.READ))
        kept = ManagementKey.objects.get()
        assert bytes(kept.digest) == api_key_digest(issued.key)
        assert (kept.user, kept.organization) == (membership.user, owner.organization)
        assert (kept.scopes, issued.key.startswith(kept.prefix)) == (["apps", "read"], True)
        [row] = left.audit
        assert (row.verb, row.changes) == ("management_key.issue", {"scopes": [None, ["apps", "read"]]})
        assert issued.key not in texts(left.audit) + str(ManagementKey.objects.values().get())
        assert issued.key[12:] not in texts(left.audit)

    def test_a_key_acts_as_a_member_of_the_own_organization(self, owner):
        stranger = MembershipFactory()
        with pytest.raises(InputError) as error:
            issue(owner, stranger)
        assert faults_of(error) == [("/user", "unknown")]
        assert not ManagementKey.objects.exists()

    @pytest.mark.parametrize("role", Role)
    def test_only_an_owner_makes_a_key_that_acts_as_an_owner(self, organization, owner, role):
        of_owner = Membership.objects.get(user=owner.user)
        actor = actor_in(organization, role)
        if role == Role.OWNER:
            assert issue(actor, of_owner).management_key.user == owner.user
        else:
            with pytest.raises(InputError) as error:
                issue(actor, of_owner)
            assert faults_of(error) == [("/user", "forbidden")]

    @pytest.mark.parametrize("scope", Scope)
    def test_a_key_makes_no_key_with_a_scope_it_has_not(self, owner, membership, scope):
        scopes = [Scope.ORGANIZATION, Scope.READ]
        own = ManagementKeyFactory(organization=owner.organization, scopes=scopes)
        actor = Actor(owner.user, owner.organization, owner.role, own)
        if scope in scopes:
            assert issue(actor, membership, [scope]).management_key.scopes == [scope]
        else:
            with pytest.raises(InputError) as error:
                issue(actor, membership, [scope])
            assert faults_of(error) == [("/scopes/0", "forbidden")]

    def test_a_key_without_any_scope_is_refused(self, owner, membership):
        with pytest.raises(InputError) as error:
            issue(owner, membership, ())
        assert faults_of(error) == [("/scopes", "required")]

    def test_a_key_that_would_have_expired_already_is_not_issued(self, owner, membership):
        with pytest.raises(InputError) as error:
            issue(owner, membership, expires_at=timezone.now())
        assert faults_of(error) == [("/expires_at", "past")]
        assert not ManagementKey.objects.exists()


def test_a_key_is_revoked_once(owner, membership):
    issued = issue(owner, membership)
    with changes() as left:
        revoke_management_key(owner, issued.management_key)
    assert left.verbs == ["management_key.revoke"]
    assert actor_of(issued.key) is None
    with refused("already_revoked"):
        revoke_management_key(owner, issued.management_key)


class TestActing:
    @pytest.fixture
    def key(self, membership):
        return ManagementKeyFactory(
            user=membership.user, organization=membership.organization, scopes=[Scope.READ], key=KEY
        )

    def test_a_key_acts_as_its_user_with_the_present_role_within_its_scopes(self, owner, membership, key):
        actor = actor_of(KEY)
        assert actor == Actor(membership.user, membership.organization, Role.PUBLISHER, key)
        assert actor.scopes == {Scope.READ}
        change_member(owner, membership, Role.VIEWER)
        assert actor_of(KEY).role == Role.VIEWER

    def test_an_unknown_key_is_nobody(self, key):
        assert actor_of(KEY + "x") is None
        assert actor_of("") is None

    def test_a_key_is_no_longer_anybodys_when_it_expires(self, key):
        key.expires_at = timezone.now() + dt.timedelta(hours=1)
        key.save()
        assert actor_of(KEY) is not None
        with time_machine.travel(key.expires_at, tick=False):
            assert actor_of(KEY) is None

    def test_a_key_stops_with_the_membership_it_acts_by(self, owner, membership, key):
        MembershipFactory(user=membership.user)
        remove_member(owner, membership)
        assert actor_of(KEY) is None

    @pytest.mark.parametrize("of", ["user", "organization"])
    def test_a_key_of_a_closed_account_or_organization_is_nobody(self, key, of):
        row = getattr(key, of)
        row.is_active = False
        row.save()
        assert actor_of(KEY) is None

    def test_the_last_use_is_noted_once_a_minute_at_most(self, key):
        start = timezone.now()
        noted = []
        for seconds in (0, 30, 60, 61, 100):
            with time_machine.travel(start + dt.timedelta(seconds=seconds), tick=False):
                actor_of(KEY)
            key.refresh_from_db()
            noted.append((key.last_used_at - start).total_seconds())
        assert noted == [0, 0, 0, 61, 61]

    def test_a_refused_key_is_not_noted_as_used(self, membership, key):
        membership.delete()
        assert actor_of(KEY) is None
        key.refresh_from_db()
        assert key.last_used_at is None


@pytest.mark.parametrize(
    ("revoked", "expired"), [pair for pair in itertools.product((True, False), repeat=2) if any(pair)]
)
def test_a_key_that_has_ended_is_nobody(membership, revoked, expired):
    now = timezone.now()
    ManagementKeyFactory(
        user=membership.user,
        organization=membership.organization,
        key=KEY,
        revoked_at=now if revoked else None,
        expires_at=now if expired else None,
    )
    assert actor_of(KEY) is None
