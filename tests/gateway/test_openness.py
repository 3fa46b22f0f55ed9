"""Open definitions: which are, who permits them, and where they are refused."""

import json

import pytest

from gateway.definitions import activate_definition, create_definition, replace_definition
from gateway.errors import InputError
from gateway.models import Dialect
from gateway.openness import is_open_definition
from gateway.plans import create_plan
from gateway.products import change_product, create_product
from portal.components import definition_registry
from streams.openapi import is_open
from tests.changes import actor_in
from tests.factories import OrganizationFactory
from tests.gateway.shop import document

pytestmark = pytest.mark.django_db
OPEN, KEYED = {"enabled": False}, {"enabled": True}
QUIET = {"quiet": {"input": {"generate": {"mapping": "root = {}"}}, "output": {"drop": {}}}}


@pytest.fixture
def actor():
    return actor_in(OrganizationFactory())


def save(actor, dialect=Dialect.SLUICE, *, activate=False, **values):
    text = json.dumps(document(**values))
    return create_definition(actor, text, dialect, definition_registry(), activate=activate).definition


def codes(work):
    with pytest.raises(InputError) as error:
        work()
    return [(fault.pointer, fault.code) for fault in error.value.faults]


@pytest.mark.parametrize(
    ("dialect", "values", "expected"),
    [
        (Dialect.SLUICE, {}, False),
        (Dialect.TYK, {}, True),
        (Dialect.SLUICE, {"authentication": OPEN}, True),
        (Dialect.TYK, {"authentication": KEYED}, False),
        (Dialect.TYK, {"streams": QUIET}, False),  # nothing of it can be called
        (Dialect.TYK, {"streams": QUIET, "upstream": "http://upstream.example.com"}, True),
    ],
)
def test_open_is_what_asks_for_no_key_and_can_be_called(dialect, values, expected):
    assert is_open(json.dumps(document(**values)), dialect) is expected


def test_where_the_operator_permits_none_an_open_definition_is_refused_with_its_place(actor, settings):
    settings.OPEN_APIS = False
    place = "/x-tyk-api-gateway/server/authentication"
    assert codes(lambda: save(actor, authentication=OPEN)) == [(place, "open_refused")]
    assert codes(lambda: save(actor, Dialect.TYK)) == [("/x-tyk-api-gateway/server", "open_refused")]
    assert not is_open_definition(save(actor, Dialect.TYK, authentication=KEYED))


def test_an_open_definition_is_in_no_product_with_a_plan(actor):
    keyed, unkeyed = save(actor, name="keyed"), save(actor, name="unkeyed", authentication=OPEN)
    product = create_product(actor, name="both", definitions=[keyed, unkeyed])
    refused = codes(lambda: create_plan(actor, product, name="free"))
    assert refused == [("/product/definitions/1", "open_definition")]
    change_product(actor, product, {"definitions": [keyed]})
    create_plan(actor, product, name="free")
    both = {"definitions": [keyed, unkeyed]}
    assert codes(lambda: change_product(actor, product, both)) == [("/definitions/1", "open_definition")]


def test_a_definition_that_is_sold_under_a_plan_cannot_become_open(actor):
    keyed = save(actor)
    create_plan(actor, create_product(actor, name="keyed", definitions=[keyed]), name="free")
    text = json.dumps(document(authentication=OPEN))
    place = "/x-tyk-api-gateway/server/authentication"
    refused = codes(lambda: replace_definition(actor, keyed, text, definition_registry()))
    assert refused == [(place, "open_in_product")]


def test_what_runs_open_is_open_though_its_next_document_is_not(actor):
    definition = save(actor, authentication=OPEN, activate=True)
    text = json.dumps(document(authentication=KEYED))
    saved = replace_definition(actor, definition, text, definition_registry(), activate=False).definition
    assert is_open_definition(saved)
    assert not is_open_definition(activate_definition(actor, saved, definition_registry()).definition)
