"""Event types: described, versioned by their schema, deprecated, deleted when nobody offers them."""

import pytest

from gateway.errors import InputError
from gateway.event_types import (
    change_event_type,
    create_event_type,
    delete_event_type,
    deprecate_event_type,
    event_type_versions,
    restore_event_type,
)
from gateway.models import EventType
from tests.changes import actor_in, changes, refused
from tests.factories import EventTypeFactory, OrganizationFactory, ProductFactory

pytestmark = pytest.mark.django_db

SCHEMA = {"type": "object", "properties": {"id": {"type": "integer"}}}


@pytest.fixture
def actor():
    return actor_in(OrganizationFactory())


@pytest.fixture
def event_type(actor):
    return EventTypeFactory(organization=actor.organization, name="order.created", schema=SCHEMA)


def test_an_event_type_begins_at_version_1_of_its_organization(actor):
    with changes() as left:
        made = create_event_type(actor, name="order.created", schema=SCHEMA, example={"id": 7})
    made.refresh_from_db()
    assert (made.organization, made.version, made.schema) == (actor.organization, 1, SCHEMA)
    [row] = left.audit
    assert (row.verb, row.object_name, row.actor) == ("event_type.create", "order.created", actor.user)
    assert left.counted == 1


def test_a_name_is_taken_in_its_organization_alone(actor, event_type):
    with pytest.raises(InputError):
        create_event_type(actor, name=event_type.name)
    create_event_type(actor_in(OrganizationFactory()), name=event_type.name)
    assert EventType.objects.filter(name=event_type.name).count() == 2


@pytest.mark.parametrize(
    "name", ["", ".created", "-x", "order created", "order/created", "ä", "x\n", "a" * 128]
)
def test_a_name_that_could_not_be_matched_everywhere_is_refused(actor, name):
    with changes() as left, pytest.raises(InputError) as error:
        create_event_type(actor, name=name)
    assert {fault.pointer for fault in error.value.faults} == {"/name"}
    assert (left.audit, left.counted, EventType.objects.count()) == ([], 0, 0)


@pytest.mark.parametrize(
    ("schema", "pointer"),
    [
        ("object", "/schema"),
        ([], "/schema"),
        ({"type": "objekt"}, "/schema/type"),
        ({"properties": {"id": {"minimum": "1"}}}, "/schema/properties/id/minimum"),
    ],
)
def test_what_is_no_json_schema_is_refused_with_its_place(actor, event_type, schema, pointer):
    with pytest.raises(InputError) as made:
        create_event_type(actor, name="order.paid", schema=schema)
    with pytest.raises(InputError) as changed:
        change_event_type(actor, event_type, {"schema": schema})
    for error in (made, changed):
        assert [(fault.pointer, fault.code) for fault in error.value.faults] == [(pointer, "schema")]
    event_type.refresh_from_db()
    assert (event_type.schema, event_type.version) == (SCHEMA, 1)


def test_the_version_counts_up_when_the_schema_changes_and_only_then(actor, event_type):
    def version_after(**values):
        change_event_type(actor, EventType.objects.get(), values)
        return EventType.objects.get().version

    assert version_after(description="An order was made.", example={"id": 8}) == 1
    assert version_after(schema=dict(reversed(SCHEMA.items()))) == 1, "the same schema"
    assert version_after(schema={"type": "object"}) == 2
    assert version_after(schema=None) == 3
    assert version_after(schema=None) == 3


def test_one_and_true_are_different_schemas_though_python_calls_them_equal(actor, event_type):
    for number, constant in enumerate((1, True), start=2):
        change_event_type(actor, event_type, {"schema": {"const": constant}})
        event_type.refresh_from_db()
        assert (event_type.version, event_type.schema["const"]) == (number, constant)
        assert type(event_type.schema["const"]) is type(constant)


def test_changes_by_two_who_read_the_same_version_count_twice(actor, event_type):
    first, second = EventType.objects.get(), EventType.objects.get()
    deprecate_event_type(actor, event_type)
    change_event_type(actor, first, {"schema": {"type": "object"}})
    change_event_type(actor, second, {"schema": {"type": "array"}})
    event_type.refresh_from_db()
    assert (event_type.version, event_type.schema) == (3, {"type": "array"})
    assert event_type.deprecated_since is not None


def test_a_change_is_audited_and_announced(actor, event_type):
    with changes() as left:
        change_event_type(actor, event_type, {"schema": None, "description": event_type.description})
    [row] = left.audit
    assert (row.verb, row.changes) == ("event_type.change", {"schema": [SCHEMA, None]})
    assert left.counted == 1


def test_a_deprecation_is_made_once_and_taken_back_once(actor, event_type):
    with refused("not_deprecated"):
        restore_event_type(actor, event_type)
    with changes() as left:
        deprecate_event_type(actor, event_type)
    event_type.refresh_from_db()
    assert (event_type.deprecated_since is not None, left.verbs) == (True, ["event_type.deprecate"])
    with refused("already_deprecated"):
        deprecate_event_type(actor, event_type)
    with changes() as left:
        restore_event_type(actor, event_type)
    event_type.refresh_from_db()
    assert (event_type.deprecated_since, left.verbs) == (None, ["event_type.restore"])


def test_an_event_type_is_deleted_when_no_product_offers_it(actor, event_type):
    product = ProductFactory(organization=actor.organization)
    product.event_types.add(event_type)
    with refused("in_use"):
        delete_event_type(actor, event_type)
    product.event_types.clear()
    with changes() as left:
        delete_event_type(actor, event_type)
    assert not EventType.objects.exists()
    assert (left.verbs, left.counted) == (["event_type.delete"], 1)


def test_versions_say_what_changed_and_whether_it_breaks(actor):
    made = create_event_type(actor, name="order.paid", schema=SCHEMA)
    wider = {**SCHEMA, "properties": {"id": {"type": "integer"}, "note": {"type": "string"}}}
    change_event_type(actor, made, {"schema": wider, "description": "Paid."})
    change_event_type(actor, made, {"description": "The payment arrived."})
    broken = {**SCHEMA, "properties": {"note": {"type": "string"}}}
    made = change_event_type(actor, made, {"schema": broken})
    versions = event_type_versions(made)
    assert [(version.number, version.is_breaking) for version in versions] == [
        (3, True),
        (2, False),
        (1, False),
    ]
    assert [(change.path, change.text) for change in versions[0].changes] == [("id", "is gone")]
    assert [(change.path, change.text) for change in versions[1].changes] == [("note", "is new")]
    assert [version.number for version in event_type_versions(made, most=1)] == [3]
