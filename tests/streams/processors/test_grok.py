"""`grok`: patterns, names, types and what it refuses."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.processors.grok_expression import GrokError, GrokExpression
from streams.processors.grok_patterns import DEFAULT_PATTERNS
from tests.streams.making import findings
from tests.streams.processors.processing import errors, processed, values

APACHE = b'127.0.0.1 - frank [10/Oct/2000:13:55:36 -0700] "GET /apache_pb.gif HTTP/1.0" 200 2326'


def grok(*expressions, **more):
    return "- grok: " + json.dumps({"expressions": expressions, **more})


@pytest.mark.parametrize(
    ("expression", "text", "expected"),
    [
        ("%{NUMBER:n:int} %{WORD:unit}", b"took 15 ms", {"n": 15, "unit": "ms"}),
        ("%{NUMBER:n:float}", b"-1.5", {"n": -1.5}),
        (
            "%{TIMESTAMP_ISO8601:at}",
            b"at 2026-10-11T22:14:15.3+02:00!",
            {"at": "2026-10-11T22:14:15.3+02:00"},
        ),
        ("%{IP:ip}", b"from ::1 here", {"ip": "::1"}),
        ("%{URI:u}", b"see https://a.example:80/b?c=d", {"u": "https://a.example:80/b?c=d"}),
        ("(?P<word>[a-z]+)=%{GREEDYDATA:rest}", b"a=b c", {"word": "a", "rest": "b c"}),
        (
            "%{COMMONAPACHELOG}",
            APACHE,
            {
                "clientip": "127.0.0.1",
                "ident": "-",
                "auth": "frank",
                "timestamp": "10/Oct/2000:13:55:36 -0700",
                "verb": "GET",
                "request": "/apache_pb.gif",
                "httpversion": "1.0",
                "response": "200",
                "bytes": "2326",
            },
        ),
    ],
)
async def test_a_text_becomes_what_its_expression_captures(expression, text, expected):
    assert values(await processed(grok(expression), text)) == [[expected]]


async def test_the_first_expression_that_finds_something_counts():
    made = await processed(grok("%{INT:n:int}", "%{WORD:w}"), b"5 a", b"a", b"?")
    assert values([made[0][:2]]) == [[{"n": 5}, {"w": "a"}]]
    assert errors(made) == [None, None, "no pattern matches found"]


async def test_patterns_may_be_added_and_the_usual_left_out():
    text = grok(
        "%{ID:id}", pattern_definitions={"ID": "[A-Z]+%{N}", "N": "[0-9]"}, use_default_patterns=False
    )
    assert values(await processed(text, b"AB1")) == [[{"id": "AB1"}]]


async def test_everything_is_kept_where_that_is_wanted():
    text = grok("%{WORD}(?: %{INT:n})?", named_captures_only=False, remove_empty_values=False)
    assert values(await processed(text, b"a")) == [[{"WORD": "a", "n": ""}]]


@pytest.mark.parametrize(
    ("expression", "definitions"),
    [
        ("%{NOPE}", {}),
        ("(", {}),
        ("%{A}", {"A": "%{B}", "B": "%{A}"}),
        ("%{INT:n:date}", {}),
        ("%{A9}", {"A0": "xxxxxxxxxx", **{f"A{at}": f"%{{A{at - 1}}}" * 9 for at in range(1, 10)}}),
        ("(?=a)", {}),
    ],
)
def test_an_expression_that_cannot_be_used_is_refused(expression, definitions):
    ends = "input: {generate: {mapping: root = 1}}\noutput: {drop: {}}\n"
    processor = grok(expression, pattern_definitions=definitions)
    found = findings(f"{ends}pipeline:\n  processors:\n    {processor}")
    assert [one.code for one in found] == ["bad_pattern"]


@pytest.mark.parametrize("name", sorted(DEFAULT_PATTERNS))
def test_every_pattern_can_be_used(name):
    assert GrokExpression(f"%{{{name}}}", DEFAULT_PATTERNS, named_only=True)


@given(st.text(alphabet="%{}:()AINT?P<>[]|*", max_size=30))
def test_no_expression_raises_anything_else(text):
    try:
        GrokExpression(text, DEFAULT_PATTERNS, named_only=False)
    except GrokError as error:
        assert str(error)  # noqa: PT017 - either is right
