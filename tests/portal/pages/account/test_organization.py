"""The organization's pages: who belongs to it, who may change that, and what was done."""

from http import HTTPStatus

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from gateway.models import Audit, Membership, Role
from portal.page_lists import PAGE_SIZE
from tests import factories
from tests.portal.pages.account.test_sign_in import said

MOST_QUERIES = 15
LONG = "a-name-of-sixty-characters-that-breaks-what-is-not-careful-x"


@pytest.fixture
def organization(person):
    return person.memberships.get().organization


@pytest.fixture
def owner(client, person):
    client.force_login(person)
    return client


@pytest.fixture
def colleague(organization):
    user = factories.UserFactory(email="grace@example.com", name="Grace Hopper")
    return factories.MembershipFactory(organization=organization, user=user, role=Role.DEVELOPER)


def client_of(member):
    client = Client()
    client.force_login(member.user)
    return client


def test_everybody_sees_who_belongs_and_only_managers_are_offered_more(owner, colleague):
    address = f"/organization/members/{colleague.pk}"
    page = said(owner.get("/organization"))
    assert "Grace Hopper" in page
    assert address in page
    seen = said(client_of(colleague).get("/organization"))
    assert "Grace Hopper" in seen
    for offered in (address, "/organization/invite", "/organization/name", "Open invitations"):
        assert offered not in seen


def test_an_owner_changes_a_role_and_the_change_stands_on_the_members_page(owner, colleague):
    address = f"/organization/members/{colleague.pk}"
    assert owner.post(address, {"role": "publisher"})["Location"] == "/organization"
    colleague.refresh_from_db()
    assert colleague.role == Role.PUBLISHER
    page = said(owner.get(address))
    assert "Change member" in page
    assert "Role: was developer, is publisher" in page


def test_the_last_owner_stays_and_is_told_why(owner, person):
    own = person.memberships.get()
    answer = owner.post(f"/organization/members/{own.pk}", {"role": "viewer"})
    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "An organization keeps at least one owner." in said(answer)
    answer = owner.post(f"/organization/members/{own.pk}/remove", {"typed": person.email})
    assert "An organization keeps at least one owner." in said(answer)
    assert person.memberships.get().role == Role.OWNER


def test_a_member_is_removed_once_their_address_is_typed(owner, colleague):
    address = f"/organization/members/{colleague.pk}/remove"
    assert "Type grace@example.com to confirm" in said(owner.get(address))
    assert owner.post(address, {"typed": "grace"}).status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert owner.post(address, {"typed": "grace@example.com"})["Location"] == "/organization"
    assert not Membership.objects.filter(pk=colleague.pk).exists()
    assert client_of(colleague).get("/organization").status_code == HTTPStatus.FORBIDDEN


def test_an_admin_does_not_touch_an_owner(person, organization):
    admin = client_of(factories.MembershipFactory(organization=organization, role=Role.ADMIN))
    address = f"/organization/members/{person.memberships.get().pk}"
    assert admin.post(address, {"role": "viewer"}).status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    answer = admin.post(f"{address}/remove", {"typed": person.email})
    assert "Only an owner may make or change an owner." in said(answer)
    assert person.memberships.get().role == Role.OWNER


def test_a_new_name_is_shown_at_once(owner, organization):
    assert owner.post("/organization/name", {"name": LONG})["Location"] == "/organization"
    assert LONG in said(owner.get("/organization"))
    answer = owner.post("/organization/name", {"name": "x" * 121})
    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY


def test_many_members_are_read_page_by_page(owner, organization):
    factories.MembershipFactory.create_batch(PAGE_SIZE, organization=organization)
    first = owner.get("/organization")
    assert len(first.context["page"].rows) == PAGE_SIZE
    assert len(owner.get(f"/organization{first.context['page'].next}").context["page"].rows) == 1


def test_the_audit_says_who_did_what_and_names_no_stranger(owner, person, organization, colleague):
    mine = factories.AuditFactory(
        organization=organization, actor=person, verb="plan.change", object_name="Gold"
    )
    mine.changes = {"quota": [1, 2], "note": [None, "x" * 500], "topics": [[], ["orders", "stock"]]}
    mine.save()
    stranger = factories.UserFactory(email="operator@example.com")
    factories.AuditFactory(organization=organization, actor=stranger, verb="organization.suspend")
    page = said(owner.get("/audit"))
    assert "Change plan Gold" in page
    assert "Quota: was 1, is 2" in page
    assert "Topics: orders, stock" in page
    assert f"by {person.name}" in page
    assert "operator@example.com" not in page
    assert "x" * 100 not in page
    assert "by somebody outside your organization" in page


def test_the_audit_leaves_out_what_was_nothing_and_is_nothing(owner, organization):
    factories.AuditFactory(organization=organization, changes={"reason": ["", ""], "note": ["gone", ""]})
    page = said(owner.get("/audit"))
    assert "Note: was gone, is empty" in page
    assert "Reason" not in page


def test_an_empty_audit_says_so(owner):
    assert "Nothing was done yet" in said(owner.get("/audit"))


@pytest.mark.parametrize(
    "address", ["/organization", "/management-keys", "/audit", "/organization/members/{0}"]
)
def test_a_page_asks_the_database_few_questions(owner, person, organization, colleague, address):
    factories.MembershipFactory.create_batch(10, organization=organization)
    factories.InvitationFactory.create_batch(10, organization=organization)
    for _ in range(10):
        factories.ManagementKeyFactory(organization=organization)
        factories.AuditFactory(organization=organization, actor=person)
        factories.AuditFactory(
            organization=organization, actor=person, object_type="member", object_id=str(colleague.pk)
        )
    assert Audit.objects.count() == 20
    with CaptureQueriesContext(connection) as queries:
        assert owner.get(address.format(colleague.pk)).status_code == HTTPStatus.OK
    assert len(queries) <= MOST_QUERIES, [query["sql"] for query in queries]
