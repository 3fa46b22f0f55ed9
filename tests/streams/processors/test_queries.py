"""`json_schema` and `jmespath`."""

import pytest

from tests.streams.making import findings
from tests.streams.processors.processing import errors, processed, values

SCHEMA = """- json_schema: {schema: '{"properties":{"n":{"type":"integer"}},"required":["id"]}'}"""


def codes(processor):
    ends = "input: {generate: {mapping: root = 1}}\noutput: {drop: {}}\n"
    return [(one.code, one.line) for one in findings(f"{ends}pipeline:\n  processors:\n    {processor}")]


async def test_a_message_that_follows_the_schema_passes():
    assert errors(await processed(SCHEMA, {"id": 1, "n": 2})) == [None]


async def test_a_message_that_does_not_is_flagged_with_all_that_is_wrong():
    made = await processed(SCHEMA, {"n": "x"})
    assert values(made) == [[{"n": "x"}]]
    assert errors(made) == ["(root) id is required\nn invalid type. expected: integer, given: string"]


async def test_a_message_that_is_no_json_is_flagged():
    assert errors(await processed(SCHEMA, b"<a/>"))[0].startswith("failed to parse message as JSON: ")


async def test_a_schema_without_end_flags_the_message():
    text = """- json_schema: {schema: '{"$ref":"#"}'}"""
    assert errors(await processed(text, 1)) == ["the schema or the value nests deeper than 64 levels"]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("{schema: '{'}", [("bad_schema", 5)]),
        ("{schema: '5'}", [("bad_schema", 5)]),
        ("{}", [("missing_field", 5)]),
        ("{schema: '{}', schema_path: 'file:///etc/passwd'}", [("field_refused", 5)]),
    ],
)
def test_a_schema_that_cannot_be_used_is_refused(body, expected):
    assert codes(f"- json_schema: {body}") == expected


async def test_jmespath_finds_what_its_documentation_says():
    query = "locations[?state == 'WA'].name | sort(@) | {Cities: join(', ', @)}"
    document = {"locations": [{"name": name, "state": "WA"} for name in ("Seattle", "Bellevue", "Olympia")]}
    document["locations"].insert(1, {"name": "New York", "state": "NY"})
    made = await processed(f'- jmespath: {{query: "{query}"}}', document)
    assert values(made) == [[{"Cities": "Bellevue, Olympia, Seattle"}]]


@pytest.mark.parametrize(
    ("query", "content"), [("sum(a)", b'{"a":["x"]}'), ("a", b"no json"), ("nope(a)", b"{}")]
)
async def test_a_query_that_fails_flags_the_message(query, content):
    made = await processed(f"- jmespath: {{query: '{query}'}}", content)
    assert made[0][0].content == content
    assert errors(made)[0].startswith("failed to ")


async def test_numbers_stay_as_they_are_written():
    made = await processed("- jmespath: {query: '{n: n}'}", b'{"n":1.0,"m":2}')
    assert made[0][0].content == b'{"n":1.0}'


def test_a_query_that_cannot_be_read_is_refused():
    assert codes("- jmespath: {query: '[['}") == [("bad_query", 5)]
