"""Each page of the area as its readers find it."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.portal.pages.apps.addresses import CHANGE, READ, names_of
from tests.portal.pages.apps.conftest import text

MOST_QUERIES = 15


@pytest.fixture
def at(workshop):
    """The address of a page about what the workshop holds."""
    names = names_of(workshop)
    return lambda address: address.format(**names)


def test_every_page_is_read_with_few_questions_and_nothing_inline(workshop, at):
    for address in (*READ, *CHANGE):
        with CaptureQueriesContext(connection) as queries:
            page = text(workshop.client.get(at(address)))
        assert len(queries) <= MOST_QUERIES, (address, [query["sql"] for query in queries])
        assert not re.search(r"<script(?![^>]*\bsrc=)|<style| style=| on[a-z]+=", page), address


def test_who_only_looks_is_offered_nothing_that_changes(workshop, at):
    for address in READ:
        page = text(workshop.viewer.get(at(address)))
        forms = re.findall(r'<form method="post"[^>]*action="([^"]*)"', page)
        assert set(forms) <= {"/sign-out"}, address
        assert not re.search(
            r'href="[^"]*/(new|subscribe|settings|rotate|revoke|cancel|delete|secret|test)"', page
        ), address
    for address in CHANGE:
        assert workshop.viewer.get(at(address)).status_code == 403, address


def test_what_belongs_to_others_is_not_there(workshop, at, estate, signed_in):
    stranger = signed_in(estate.stranger)
    for address in (*READ, *CHANGE):
        if "{" in address:
            assert stranger.get(at(address)).status_code == 404, address
