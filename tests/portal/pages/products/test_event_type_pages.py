"""A publisher describes what is sent: by a guess from an event, in versions, until it is deprecated."""

import json

import pytest

from gateway.models import EventType
from tests import factories
from tests.portal.pages.conftest import make_actor

pytestmark = pytest.mark.usefixtures("valkey_url")
EVENT = {"id": 7, "at": "2026-01-01T12:00:00Z", "lines": [{"sku": "a"}]}
ADDRESS = "/publish/event-types"


def text(response, status=200):
    assert response.status_code == status, response.content.decode()
    return response.content.decode()


@pytest.fixture
def actor(db):
    return make_actor()


@pytest.fixture
def publisher(actor, signed_in):
    return signed_in(actor)


@pytest.fixture
def event_type(actor):
    schema = {"type": "object", "properties": {"id": {"type": "integer", "description": "Its number."}}}
    return factories.EventTypeFactory(organization=actor.organization, name="order.paid", schema=schema)


def test_an_event_is_pasted_its_schema_guessed_and_the_type_made(publisher):
    assert "Make the first" in text(publisher.get(ADDRESS))
    sent = {"name": "order.created", "example": json.dumps(EVENT), "guess": "1"}
    page = text(publisher.post(f"{ADDRESS}/new", sent))
    assert "&quot;format&quot;: &quot;date-time&quot;" in page
    assert 'value="order.created"' in page
    assert not EventType.objects.exists()
    schema = json.dumps({"type": "object", "properties": {"id": {"type": "integer"}}})
    del sent["guess"]
    answer = publisher.post(f"{ADDRESS}/new", {**sent, "schema": schema})
    made = EventType.objects.get()
    assert answer["Location"] == f"{ADDRESS}/{made.pk}"
    assert made.example == EVENT
    page = text(publisher.get(f"{ADDRESS}/{made.pk}"))
    assert "Version 1" in page
    assert "No product offers it" in page


def test_samples_one_a_line_make_one_guess(publisher):
    lines = '{"id": 1, "note": "x"}\n{"id": 2.5}\n'
    page = text(publisher.post(f"{ADDRESS}/new", {"example": lines, "guess": "1"}))
    assert "&quot;number&quot;" in page
    assert "&quot;required&quot;: [\n    &quot;id&quot;\n  ]" in page


@pytest.mark.parametrize(
    ("example", "said"), [("", "paste an event first"), ("{oops", "No schema was guessed")]
)
def test_what_is_no_event_gives_no_guess_and_keeps_what_was_typed(publisher, example, said):
    page = text(publisher.post(f"{ADDRESS}/new", {"name": "kept", "example": example, "guess": "1"}))
    assert said in page
    assert 'value="kept"' in page


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("name", "order created", "valid value"),
        ("schema", '{"type": "nonsense"}', "Not a JSON Schema"),
        ("schema", "{", "This is not JSON"),
        ("example", '"\\u0000"', "NUL character"),
        ("example", "NaN", "This is not JSON"),
        ("example", "[" * 300 + "]" * 300, "nested too deeply"),
    ],
)
def test_what_cannot_be_saved_is_said_at_its_field(publisher, field, value, said):
    sent = {"name": "order.created", "description": "Kept.", field: value}
    page = text(publisher.post(f"{ADDRESS}/new", sent), 422)
    assert said in page
    assert f'id="id_{field}_error"' in page
    assert "Kept." in page
    assert not EventType.objects.exists()


def test_a_change_that_breaks_receivers_is_shown_and_must_be_accepted(publisher, event_type):
    address = f"{ADDRESS}/{event_type.pk}/change"
    assert "Its number." in text(publisher.get(address))
    sent = {"description": "Paid.", "schema": '{"type": "object", "properties": {"id": {"type": "string"}}}'}
    page = text(publisher.post(address, sent), 422)
    assert "was integer, is string" in page
    assert "Receivers written to the present version may fail." in page
    event_type.refresh_from_db()
    assert event_type.version == 1
    assert publisher.post(address, {**sent, "accept_breaking": "on"}).status_code == 302
    page = text(publisher.get(f"{ADDRESS}/{event_type.pk}"))
    assert "Version 2" in page
    assert "Breaking" in page
    assert "was integer, is string" in page


def test_a_compatible_change_is_saved_at_once(publisher, event_type):
    properties = {**event_type.schema["properties"], "note": {"type": "string"}}
    sent = {"schema": json.dumps({"type": "object", "properties": properties})}
    assert publisher.post(f"{ADDRESS}/{event_type.pk}/change", sent).status_code == 302
    assert "Compatible" in text(publisher.get(f"{ADDRESS}/{event_type.pk}"))


def test_it_is_deprecated_restored_and_deleted_by_its_name(publisher, event_type):
    address = f"{ADDRESS}/{event_type.pk}"
    assert "is deprecated" in text(publisher.post(f"{address}/deprecation", follow=True))
    assert "is not deprecated any more" in text(
        publisher.post(f"{address}/deprecation", {"restore": 1}, follow=True)
    )
    assert "This is not order.paid" in text(publisher.post(f"{address}/delete", {"typed": "order.pai"}), 422)
    assert publisher.post(f"{address}/delete", {"typed": "order.paid"})["Location"] == ADDRESS
    assert not EventType.objects.exists()


def test_one_that_a_product_offers_stays_and_says_why(publisher, event_type):
    factories.ProductFactory(organization=event_type.organization, name="Orders").event_types.add(event_type)
    page = text(publisher.post(f"{ADDRESS}/{event_type.pk}/delete", {"typed": "order.paid"}), 422)
    assert "The product Orders offers order.paid." in page
    assert "deprecate it" in page


def test_many_are_found_by_a_part_of_their_name(publisher, actor):
    for number in range(52):
        factories.EventTypeFactory(organization=actor.organization, name=f"stock.moved.{number:02}")
    page = text(publisher.get(ADDRESS))
    assert 'rel="next"' in page
    page = text(publisher.get(ADDRESS, {"q": "moved.51"}))
    assert "stock.moved.51" in page
    assert "stock.moved.50" not in page
    assert "Nothing matches" in text(publisher.get(ADDRESS, {"q": "zeppelin\0"}))
