"""What a new schema breaks for who reads by the old one."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from gateway.schema_changes import MOST_DEPTH, compare_schemas

ORDER: dict[str, Any] = {
    "type": "object",
    "required": ["id", "total"],
    "properties": {
        "id": {"type": "integer", "minimum": 1},
        "total": {"type": "object", "properties": {"currency": {"enum": ["EUR", "USD"]}}},
        "lines": {"type": "array", "items": {"type": "string"}},
    },
}


def order(**properties):
    return {**ORDER, "properties": {**ORDER["properties"], **properties}}


@pytest.mark.parametrize(
    ("after", "path", "text", "breaking"),
    [
        (order(note={"type": "string"}), "note", "is new", False),
        (order(id={"type": "string", "minimum": 1}), "id", "was integer, is string", True),
        (order(id={"minimum": 1}), "id", "was integer, is anything", True),
        (order(id={"type": "integer", "minimum": 5}), "id", "has another minimum: 5", False),
        (order(id={"type": "integer", "minimum": 0}), "id", "has another minimum: 0", True),
        (order(id={"type": "integer"}), "id", "has no minimum any more", True),
        (order(id={"type": "integer", "minimum": 1, "maximum": 9}), "id", "has maximum 9", False),
        (order(lines={"type": "array", "items": {"type": "null"}}), "lines[]", "was string, is null", True),
        ({**ORDER, "required": ["id"]}, "total", "may be missing now", True),
        ({**ORDER, "required": ["id", "total", "lines"]}, "lines", "is always there now", False),
        ({**ORDER, "title": "An order"}, "", "is described in other words", False),
        ({**ORDER, "oneOf": [{}]}, "", "has oneOf", False),
        ({**ORDER, "patternProperties": {"x": {}}}, "", "has patternProperties", True),
        (None, "", "is not described by a schema any more", True),
    ],
)
def test_a_difference_is_said_in_words(after, path, text, breaking):
    [change] = compare_schemas(ORDER, after)
    assert (change.path, change.text, change.breaking) == (path, text, breaking)


def test_values_that_come_break_and_values_that_go_do_not():
    total = {"type": "object", "properties": {"currency": {"enum": ["USD", "CHF"]}}}
    changes = compare_schemas(ORDER, order(total=total))
    assert [(change.path, change.text, change.breaking) for change in changes] == [
        ("total.currency", "is not 'EUR' any more", False),
        ("total.currency", "may be 'CHF'", True),
    ]


@pytest.mark.parametrize("keyword", ["const", "enum", "default"])
def test_one_is_not_true(keyword):
    before, after = ({keyword: [value] if keyword == "enum" else value} for value in (1, True))
    assert any(change.breaking for change in compare_schemas(before, after)) == (keyword != "default")
    assert compare_schemas(before, after)


def test_a_member_that_is_gone_is_said_once():
    after = {**ORDER, "required": ["id"], "properties": {"id": ORDER["properties"]["id"]}}
    gone = [(change.path, change.breaking) for change in compare_schemas(ORDER, after)]
    assert gone == [("total", True), ("lines", True)]


def test_a_member_more_breaks_those_who_allow_no_other():
    [change] = compare_schemas(
        {**ORDER, "additionalProperties": False}, {**order(x={}), "additionalProperties": False}
    )
    assert (change.path, change.breaking) == ("x", True)


@pytest.mark.parametrize("keyword", ["unevaluatedProperties", "unevaluatedItems"])
def test_what_hangs_on_all_other_keywords_is_called_breaking(keyword):
    [change] = compare_schemas({**ORDER, keyword: False}, {**order(x={}), keyword: False})
    assert change.breaking


def test_the_first_schema_breaks_nothing_and_none_changes_nothing():
    assert not any(change.breaking for change in compare_schemas(None, ORDER))
    assert compare_schemas(None, None) == compare_schemas(ORDER, ORDER) == ()


@pytest.mark.parametrize(("before", "after", "breaking"), [(True, False, False), (False, True, True)])
def test_boolean_schemas_are_compared(before, after, breaking):
    assert [change.breaking for change in compare_schemas(before, after)] == [breaking]


def test_what_lies_too_deep_is_called_breaking():
    def nested(innermost):
        schema = innermost
        for _ in range(MOST_DEPTH + 5):
            schema = {"items": schema}
        return schema

    [change] = compare_schemas(nested({}), nested({"type": "string"}))
    assert change.breaking


NAMES = st.sampled_from("abc")
SCHEMAS = st.recursive(
    st.fixed_dictionaries(
        {},
        optional={
            "type": st.sampled_from(["integer", "number", "string", "null", ["string", "null"]]),
            "enum": st.lists(st.sampled_from([1, 2, "x", None]), min_size=1, unique_by=repr),
            "minimum": st.integers(0, 3),
            "maxLength": st.integers(0, 2),
            "title": st.just("t"),
            "not": st.just({"type": "null"}),
        },
    ),
    lambda inner: st.fixed_dictionaries(
        {},
        optional={
            "type": st.sampled_from(["object", "array", ["object", "null"]]),
            "properties": st.dictionaries(NAMES, inner, max_size=3),
            "required": st.lists(NAMES, unique=True, max_size=2),
            "additionalProperties": st.booleans(),
            "items": inner,
            "prefixItems": st.lists(inner, min_size=1, max_size=2),
            "patternProperties": st.dictionaries(NAMES, inner, max_size=1),
            "contains": inner,
            "minContains": st.integers(0, 1),
            "unevaluatedProperties": st.booleans(),
        },
    ),
    max_leaves=6,
)
EVENTS = st.recursive(
    st.sampled_from([None, 0, 1, 2, 2.5, "", "x", "xyz"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=5,
)


@given(SCHEMAS, SCHEMAS, EVENTS)
def test_where_nothing_breaks_events_of_the_new_schema_satisfy_the_old(before, after, event):
    if any(change.breaking for change in compare_schemas(before, after)):
        return
    if Draft202012Validator(after).is_valid(event):
        Draft202012Validator(before).validate(event)
