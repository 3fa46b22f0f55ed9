import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests import factories
from tests.portal.pages.conftest import LONG_NAME

MOST_QUERIES = 15


def text(response):
    assert response.status_code == 200, response.status_code
    return response.content.decode()


@pytest.mark.parametrize("role", ["owner", "admin", "publisher", "developer", "viewer"])
def test_every_member_looks_at_an_app_without_seeing_a_key(estate, signed_in, role):
    member = factories.MembershipFactory(organization=estate.actor.organization, role=role)
    client = Client()
    client.force_login(member.user)
    page = text(client.get(f"/apps/{estate.app.pk}"))
    assert "slk_visible_" in page
    assert "the_rest_is_hidden" not in page
    assert "Approved" in page
    assert "Healthy" in page
    assert "Pending" in page


def test_an_app_of_another_organization_is_not_there(estate, signed_in):
    stranger = signed_in(estate.stranger)
    assert stranger.get(f"/apps/{estate.app.pk}").status_code == 404
    page = text(stranger.get("/apps"))
    assert "No apps yet" in page
    assert LONG_NAME not in page


@pytest.mark.parametrize("address", ["/apps", "/apps/1"])
def test_who_did_not_sign_in_is_asked_to(client, db, address):
    assert client.get(address)["Location"] == f"/sign-in?next={address}"


def test_who_belongs_to_no_organization_is_told_what_to_do(db):
    client = Client()
    client.force_login(factories.UserFactory())
    answer = client.get("/apps")
    assert answer.status_code == 403
    assert "ask an owner of one to add you" in answer.content.decode()


def test_a_suspended_organization_is_no_organization(estate, signed_in):
    estate.actor.organization.is_active = False
    estate.actor.organization.save()
    assert signed_in(estate.actor).get("/apps").status_code == 403


def test_only_staff_see_the_way_to_admin(estate, signed_in):
    assert 'href="/admin/"' not in text(signed_in(estate.actor).get("/"))
    estate.actor.user.is_staff = True
    estate.actor.user.save()
    assert 'href="/admin/"' in text(signed_in(estate.actor).get("/"))


def test_many_apps_are_read_page_by_page(estate, signed_in):
    for number in range(60):
        factories.AppFactory(organization=estate.actor.organization, name=f"{number:03}")
    client = signed_in(estate.actor)
    first = text(client.get("/apps"))
    assert LONG_NAME not in first
    following = re.search(r'href="(\?after=[^"]+)" rel="next"', first)
    assert following is not None
    assert LONG_NAME in text(client.get(f"/apps{following[1]}"))


@pytest.mark.parametrize("address", ["/apps", "/apps/{0}"])
def test_a_page_asks_the_database_few_questions(estate, signed_in, address):
    for _ in range(10):
        plan = factories.PlanFactory()
        factories.SubscriptionFactory(app=estate.app, plan=plan)
        factories.AppFactory(organization=estate.actor.organization)
    client = signed_in(estate.actor)
    with CaptureQueriesContext(connection) as queries:
        text(client.get(address.format(estate.app.pk)))
    assert len(queries) <= MOST_QUERIES, [query["sql"] for query in queries]
