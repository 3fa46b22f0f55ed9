"""A guessed schema is a schema, and its samples satisfy it."""

from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from gateway.schema_guess import MOST_DEPTH, guess_schema

TEXTS = st.text(max_size=12) | st.datetimes().map(lambda at: at.isoformat() + "Z") | st.uuids().map(str)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=12,
)


@given(st.lists(VALUES, min_size=1, max_size=4))
def test_every_sample_satisfies_its_guess(samples):
    schema = guess_schema(samples)
    Draft202012Validator.check_schema(schema)
    checked = Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)
    for sample in samples:
        checked.validate(sample)


def test_members_that_every_sample_has_are_required():
    samples = [{"id": 7, "lines": [{"sku": "a", "price": 1}]}, {"id": 8.5, "note": None}]
    assert guess_schema(samples) == {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "properties": {
            "id": {"type": "number"},
            "lines": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {"sku": {"type": "string"}, "price": {"type": "integer"}},
                    "required": ["sku", "price"],
                },
            },
            "note": {"type": "null"},
        },
        "required": ["id"],
    }


def test_strings_of_a_known_form_are_given_its_name():
    sample = {
        "at": "2026-01-01T12:00:00.5Z",
        "day": "2026-02-28",
        "no_day": "2026-02-30",
        "key": "6f1c1f0e-3c3b-4d3f-9d39-1e5f0c1c3c3d",
        "page": "https://shop.example/orders/7",
    }
    guessed = guess_schema([sample])["properties"]
    assert {name: schema.get("format") for name, schema in guessed.items()} == {
        "at": "date-time",
        "day": "date",
        "no_day": None,
        "key": "uuid",
        "page": "uri",
    }


def test_a_string_that_once_looks_like_something_else_has_no_form():
    assert guess_schema([["2026-01-01", "soon"]])["items"] == {"type": "string"}


def test_what_lies_too_deep_may_be_anything():
    sample = innermost = []
    for _ in range(MOST_DEPTH + 20):
        innermost.append([])
        innermost = innermost[0]
    schema = guess_schema([sample])
    Draft202012Validator(schema).validate(sample)
    for _ in range(MOST_DEPTH):
        schema = schema["items"]
    assert schema == {}
