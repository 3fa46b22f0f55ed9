"""Every URL of every page times everybody who could ask for it."""

from collections.abc import Iterator

import pytest
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, get_resolver, reverse

from gateway.models import Role
from tests import factories
from tests.portal.pages.permissions import Row
from tests.portal.pages.table import TABLE

NOT_PAGES = ("admin/", "api/")
METHODS = ("GET", "POST")
REFUSED = (403, 404, 405)


@pytest.fixture
def clients(estate) -> dict[str, Client]:
    roles = {"member": Role.DEVELOPER, "viewer": Role.VIEWER, "publisher": Role.PUBLISHER}
    ours = estate.actor.organization
    users = {
        "owner": estate.actor.user,
        "other": estate.stranger.user,
        "administrator": factories.UserFactory(is_staff=True, is_superuser=True),
        **{
            name: factories.MembershipFactory(organization=ours, role=role).user
            for name, role in roles.items()
        },
    }
    return {"anonymous": Client(), **{name: client_of(user) for name, user in users.items()}}


def client_of(user):
    client = Client()
    client.force_login(user)
    return client


def answered(client, row, estate):
    """The status of one request, whose changes are undone."""
    kept = dict(client.cookies)
    with transaction.atomic():
        address = reverse(row.name, kwargs=row.arguments(estate))
        answer = getattr(client, row.method.lower())(address, row.data(estate))
        transaction.set_rollback(True)
    client.cookies.clear()
    client.cookies.update(kept)
    return answer.status_code


@pytest.mark.slow
def test_every_page_answers_everybody_as_the_table_says(estate, clients):
    wrong = [
        f"{row.method} {row.name} as {reader}: {found}, not {expected}"
        for row in TABLE
        for reader, expected in row.expected().items()
        if (found := answered(clients[reader], row, estate)) != expected
    ]
    assert not wrong, "\n".join(wrong)


def pages(patterns, beginning="") -> Iterator[URLPattern]:
    for pattern in patterns:
        route = f"{beginning}{pattern.pattern}"
        if route.startswith(NOT_PAGES):
            continue
        if isinstance(pattern, URLPattern):
            yield pattern
        else:
            yield from pages(pattern.url_patterns, route)


def test_every_page_is_in_the_table():
    names = {page.name for page in pages(get_resolver().url_patterns)}
    assert names - {row.name for row in TABLE} == set()


def test_a_method_that_is_not_in_the_table_does_nothing(estate, clients):
    listed = {(row.name, row.method) for row in TABLE}
    absent = [
        Row(row.name, method, "", row.arguments)
        for row in TABLE
        for method in METHODS
        if (row.name, method) not in listed
    ]
    answers = {(row.name, row.method): answered(clients["owner"], row, estate) for row in absent}
    assert {asked: status for asked, status in answers.items() if status not in REFUSED} == {}
