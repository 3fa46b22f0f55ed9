"""A schema as people read it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.schema_fields import MOST_ROWS, schema_fields

ORDER = {
    "type": "object",
    "required": ["id"],
    "properties": {
        "id": {"type": "integer", "description": "Its number.", "minimum": 1},
        "currency": {"enum": ["EUR", "USD"], "type": "string", "deprecated": True},
        "at": {"type": ["string", "null"], "format": "date-time"},
        "lines": {"type": "array", "items": {"$ref": "#/$defs/line"}},
        "payment": {"oneOf": [{"type": "string"}, {"type": "object", "properties": {"card": {}}}]},
    },
    "$defs": {"line": {"type": "object", "properties": {"sku": {"type": "string", "maxLength": 9}}}},
}


def test_members_are_listed_with_what_lies_in_them():
    rows = {field.path: field for field in schema_fields(ORDER)}
    assert list(rows) == ["id", "currency", "at", "lines", "lines[].sku", "payment", "payment.card"]
    assert rows["id"].is_required
    assert not rows["at"].is_required
    assert rows["id"].description == "Its number."
    assert rows["id"].limits == ("at least 1",)
    assert rows["currency"].limits == ("one of EUR, USD",)
    assert rows["currency"].is_deprecated
    assert rows["at"].kind == "string (date-time) or null"
    assert rows["lines"].kind == "array of object"
    assert rows["lines[].sku"].limits == ("at most 9 characters",)
    assert rows["payment"].kind == "string or object"


def test_a_schema_that_contains_itself_ends():
    tree = {"type": "object", "properties": {"left": {"$ref": "#"}, "right": {"$ref": "#/properties/left"}}}
    rows = schema_fields(tree)
    assert len(rows) <= MOST_ROWS
    assert rows[0].path == "left"


@pytest.mark.parametrize("keyword", ["allOf", "anyOf"])
def test_a_schema_that_leads_into_itself_many_times_over_is_read_once(keyword):
    again = [{"$ref": "#/$defs/again"}] * 1_000
    schema = {
        "$defs": {"again": {keyword: again}},
        "properties": {"a": {"$ref": "#/$defs/again"}, "b": {"type": "string"}},
        keyword: again,
    }
    assert [(field.path, field.kind) for field in schema_fields(schema)] == [
        ("a", "anything"),
        ("b", "string"),
    ]


def test_a_schema_of_more_parts_than_anybody_reads_is_read_to_its_first_rows():
    wide = {"properties": {f"p{number}": {"$ref": "#/$defs/parts"} for number in range(100)}}
    schema = {"$defs": {"parts": {"anyOf": [{} for _ in range(1_000)]}}, **wide}
    rows = schema_fields(schema)
    assert rows[0].path == "p0"
    assert len(rows) < 100


def test_a_payload_that_is_a_list_has_members_in_its_items():
    assert [field.path for field in schema_fields({"items": {"properties": {"a": {}}}})] == ["[].a"]


def test_nothing_comes_of_no_schema():
    assert schema_fields(None) == schema_fields(True) == schema_fields({}) == ()


KEYWORDS = st.sampled_from(
    ["properties", "items", "type", "enum", "required", "$ref", "oneOf", "allOf", "format"]
)
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from(["#/", "#/properties/a", "string", "array"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYWORDS | st.just("a"), inner, max_size=3),
    max_leaves=15,
)


@given(ANYTHING)
def test_whatever_stands_in_a_schema_is_read_without_a_failure(schema):
    assert len(schema_fields(schema)) <= MOST_ROWS
