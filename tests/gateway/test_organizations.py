"""Organizations: their members, ranks, and the owner who stays."""

import threading

import pytest
from django.db import connection

from gateway.errors import InputError, RefusedError
from gateway.models import Membership, Organization, Role
from gateway.organizations import (
    add_member,
    change_member,
    change_organization,
    create_organization,
    remove_member,
    set_organization_active,
)
from tests.changes import actor_in, changes, refused
from tests.factories import MembershipFactory, OrganizationFactory, UserFactory

pytestmark = pytest.mark.django_db

BELOW_OWNER = [role for role in Role if role != Role.OWNER]


@pytest.fixture
def organization():
    return OrganizationFactory()


@pytest.fixture
def owner(organization):
    return actor_in(organization)


@pytest.fixture
def admin(organization):
    return actor_in(organization, Role.ADMIN)


def membership_of(actor):
    return Membership.objects.get(user=actor.user, organization=actor.organization)


class TestAdding:
    @pytest.mark.parametrize("role", Role)
    def test_a_user_is_added_by_address_whatever_its_case(self, owner, role):
        user = UserFactory(email="ada@example.com")
        with changes() as left:
            membership = add_member(owner, email="Ada@Example.COM", role=role)
        assert (membership.user, membership.organization, membership.role) == (user, owner.organization, role)
        [row] = left.audit
        assert (row.verb, row.changes) == ("member.add", {"role": [None, str(role)]})

    def test_who_has_not_signed_up_cannot_be_added(self, owner):
        with pytest.raises(InputError) as error:
            add_member(owner, email="nobody@example.com", role=Role.VIEWER)
        assert [(fault.pointer, fault.code) for fault in error.value.faults] == [("/email", "unknown")]

    def test_a_member_is_not_added_twice(self, owner, admin):
        with refused("already_member"):
            add_member(owner, email=admin.user.email, role=Role.VIEWER)
        assert membership_of(admin).role == Role.ADMIN

    def test_a_member_of_one_organization_may_join_another(self, owner):
        elsewhere = MembershipFactory()
        add_member(owner, email=elsewhere.user.email, role=Role.VIEWER)
        assert elsewhere.user.memberships.count() == 2

    def test_an_admin_makes_no_owner(self, admin):
        user = UserFactory()
        with pytest.raises(InputError, match="only an owner"):
            add_member(admin, email=user.email, role=Role.OWNER)
        assert not user.memberships.exists()


class TestRanks:
    @pytest.mark.parametrize("role", BELOW_OWNER)
    @pytest.mark.parametrize("before", BELOW_OWNER)
    def test_an_admin_changes_everybody_below_the_owners(self, admin, before, role):
        membership = MembershipFactory(organization=admin.organization, role=before)
        with changes() as left:
            change_member(admin, membership, role)
        membership.refresh_from_db()
        assert membership.role == role
        [row] = left.audit
        assert (row.verb, row.changes) == ("member.change", {"role": [str(before), str(role)]})

    def test_an_admin_touches_no_owner(self, owner, admin):
        for act in (
            lambda: change_member(admin, membership_of(owner), Role.VIEWER),
            lambda: change_member(admin, membership_of(admin), Role.OWNER),
            lambda: remove_member(admin, membership_of(owner)),
        ):
            with changes() as left, pytest.raises(InputError, match="only an owner"):
                act()
            assert left.audit == []
        assert (membership_of(owner).role, membership_of(admin).role) == (Role.OWNER, Role.ADMIN)

    def test_a_member_is_removed(self, owner, admin):
        with changes() as left:
            remove_member(owner, membership_of(admin))
        assert not Membership.objects.filter(user=admin.user).exists()
        assert left.verbs == ["member.remove"]


class TestLastOwner:
    @pytest.fixture(autouse=True)
    def owners_of_others(self, organization):
        """An owner of another organization and an admin of this one do not count."""
        MembershipFactory(role=Role.OWNER)
        MembershipFactory(organization=organization, role=Role.ADMIN)

    @pytest.mark.parametrize("role", BELOW_OWNER)
    def test_the_last_owner_stays_owner(self, owner, role):
        with refused("last_owner"):
            change_member(owner, membership_of(owner), role)
        assert membership_of(owner).role == Role.OWNER

    def test_the_last_owner_is_not_removed(self, owner):
        with refused("last_owner"):
            remove_member(owner, membership_of(owner))
        assert membership_of(owner).role == Role.OWNER

    def test_one_of_two_owners_may_go(self, owner, organization):
        second = actor_in(organization)
        change_member(owner, membership_of(owner), Role.OWNER)
        remove_member(second, membership_of(owner))
        with refused("last_owner"):
            change_member(second, membership_of(second), Role.ADMIN)


@pytest.mark.django_db(transaction=True)
def test_two_owners_cannot_remove_each_other_at_the_same_moment(organization):
    actors = [actor_in(organization), actor_in(organization)]
    memberships = [membership_of(actor) for actor in actors]
    together, outcomes = threading.Barrier(2), []

    def remove(actor, membership):
        together.wait()
        try:
            remove_member(actor, membership)
            outcomes.append("removed")
        except RefusedError as error:
            outcomes.append(error.code)
        finally:
            connection.close()

    threads = [
        threading.Thread(target=remove, args=pair) for pair in zip(actors, reversed(memberships), strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["last_owner", "removed"]
    assert Membership.objects.filter(organization=organization, role=Role.OWNER).count() == 1


class TestOrganization:
    def test_who_makes_one_owns_it(self):
        user = UserFactory()
        with changes() as left:
            first, second = (create_organization(user, "Nordwind Logistik") for _ in range(2))
        assert first.slug.startswith("nordwind-logistik-")
        assert first.slug != second.slug
        assert Membership.objects.get(organization=first).role == Role.OWNER
        assert left.verbs == ["organization.create", "member.add"] * 2
        assert {row.actor for row in left.audit} == {user}

    def test_a_name_without_a_latin_letter_is_a_name(self):
        assert create_organization(UserFactory(), "北風").slug.startswith("organization-")

    def test_an_organization_has_a_name(self):
        with pytest.raises(InputError) as error:
            create_organization(UserFactory(), "")
        assert [fault.pointer for fault in error.value.faults] == ["/name"]

    def test_a_new_name_is_audited(self, owner):
        before = owner.organization.name
        with changes() as left:
            change_organization(owner, {"name": "Parcels"})
        assert Organization.objects.get(pk=owner.organization.pk).name == "Parcels"
        [row] = left.audit
        assert (row.verb, row.changes) == ("organization.change", {"name": [before, "Parcels"]})

    def test_a_new_name_does_not_open_what_was_suspended_meanwhile(self, owner):
        set_organization_active(owner, Organization.objects.get(pk=owner.organization.pk), active=False)
        change_organization(owner, {"name": "Parcels"})
        assert not Organization.objects.get(pk=owner.organization.pk).is_active

    def test_a_suspension_is_audited_where_it_is_felt_and_announced(self, owner):
        operator = actor_in(OrganizationFactory())
        for active, verb in ((False, "organization.suspend"), (True, "organization.activate")):
            with changes() as left:
                set_organization_active(operator, owner.organization, active=active)
            assert Organization.objects.get(pk=owner.organization.pk).is_active == active
            [row] = left.audit
            assert (row.verb, row.organization, row.actor) == (verb, owner.organization, operator.user)
            assert row.changes == {"is_active": [not active, active]}
            assert left.counted == 1
