"""Variables of the environment in a configuration: only those the operator lists, and never more than values."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.builtin import core_registry
from streams.config import bind_environment, parse
from tests.streams.making import findings, stream

VALUES = {
    "BROKER": "kafka:9092",
    "COUNT": "5",
    "EMPTY": "",
    "EVIL": "x}\noutput: {reject: y",
    "a.b": "dotted",
}


def bound(text, environment=None):
    """The plain values of a text, and the names of variables without a value."""
    root, found = parse(text)
    assert root is not None, found
    tree, missing = bind_environment(root, VALUES if environment is None else environment)
    return tree.plain(), [name for _, name in missing]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: ${BROKER}", "kafka:9092"),
        ("a: [ '${BROKER}' ]", ["kafka:9092"]),
        ("{a: [${BROKER:localhost:1, 2}]}", ["kafka:9092"]),
        ("{a: [${NOTHING:localhost:1, 2}]}", ["localhost:1, 2"]),
        ("a: ${COUNT}", 5),
        ("a: '${COUNT}'", "5"),
        ('{"a": "${COUNT}"}', "5"),
        ('{"a": ${COUNT}}', 5),
        ("a: ${NOTHING:true}", True),
        ("a: ${EMPTY:7}", 7),
        ("a: ${NOTHING:}", None),
        ("a: tcp://${BROKER}/${a.b}", "tcp://kafka:9092/dotted"),
        ("a: ${NOTHING:${BROKER}}", "kafka:9092"),
        ("a: ${{BROKER}} and ${{BROKER:x}}", "${BROKER} and ${BROKER:x}"),
        ("a: |\n  root = ${COUNT}\n", "root = 5\n"),
        ("a: '${! json(\"x\") } ${{! x }} $y'", '${! json("x") } ${{! x }} $y'),
        ("a: ${EVIL}", VALUES["EVIL"]),
    ],
)
def test_a_variable_is_its_value_or_its_default_with_the_type_it_has_where_it_is_not_quoted(text, expected):
    assert bound(text) == ({"a": expected}, [])


def test_a_variable_without_value_and_default_is_named():
    assert bound("a: ${NOTHING}\nb: ${EMPTY}") == ({"a": "${NOTHING}", "b": None}, ["NOTHING"])


@given(st.text(alphabet="${}:abA_. \n'\"[],|-#", max_size=60))
def test_a_text_without_variables_in_force_is_read_as_it_is_written(text):
    root, _ = parse(f"a: |\n  {text.replace(chr(10), chr(10) + '  ')}\n")
    if root is not None:
        assert all(ord(one) < 0xF0000 for one in str(root.plain()))


REGISTRY = core_registry().with_environment({"BROKER": "localhost:9092"})
TEXT = """\
input: {kafka: {addresses: [${BROKER}], topics: [orders], consumer_group: "${GROUP:mine}"}}
output: {drop: {}}
"""


def test_a_stream_has_the_values_of_the_variables_that_its_operator_lists():
    checked = stream(TEXT, REGISTRY)
    assert checked.input.config["addresses"] == ["localhost:9092"]
    assert checked.input.config["consumer_group"] == "mine"


def test_what_the_operator_does_not_list_is_refused_where_it_stands(monkeypatch):
    monkeypatch.setenv("BROKER", "localhost:9092")
    (finding,) = findings(TEXT)
    assert (finding.code, finding.line, finding.pointer) == (
        "environment_unknown",
        1,
        "/input/kafka/addresses/0",
    )
    assert "SLUICE_STREAMING_ENVIRONMENT" in finding.remedy


def test_the_places_of_findings_are_those_of_the_text():
    text = TEXT.replace("drop: {}", "kafka: {addresses: [${BROKER}], topic: '${! % }'}")
    (finding,) = findings(text, REGISTRY)
    assert (finding.line, finding.column) == (2, text.split("\n")[1].index("% }") + 1)
