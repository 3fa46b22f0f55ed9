"""Configuration text: values, places, and what is wrong with them."""

import json

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from streams.config import Text, parse, parse_duration
from streams.config.inside import place_inside

JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(st.text(), JSON_VALUES, max_size=4), st.booleans(), st.sampled_from([None, 2]))
def test_every_json_document_reads_as_the_value_it_is(value, ascii_only, indent):
    tree, findings = parse(json.dumps(value, ensure_ascii=ascii_only, indent=indent))
    assert tree is not None
    assert tree.plain() == value
    assert findings == []


@given(st.text())
def test_any_text_is_read_or_refused_with_a_place(text):
    tree, findings = parse(text)
    assert tree is not None or findings[0].line >= 1


@given(st.dictionaries(st.from_regex(r"[a-z]{1,8}", fullmatch=True), st.text(st.characters(codec="ascii"))))
def test_texts_written_as_yaml_come_back(value):
    tree, _ = parse(yaml.safe_dump(value, default_style='"') if value else "{}")
    assert tree is not None
    assert tree.plain() == value


def test_yes_and_on_are_texts_and_true_is_not():
    tree, _ = parse("a: yes\nb: on\nc: true\nd: 0x10\ne: 1e3\nf: ~\n")
    assert tree is not None
    assert tree.plain() == {"a": "yes", "b": "on", "c": True, "d": 16, "e": 1000.0, "f": None}


@pytest.mark.parametrize("number", ["9" * 5000, "-" + "9" * 5000, "1e999", "-1e999"])
@pytest.mark.parametrize("text", ["a: {}", '{{"a": {}}}'])
def test_a_number_beyond_all_numbers_is_none(text, number):
    tree, _ = parse(text.format(number))
    assert tree is not None
    assert tree.plain() == {"a": number}


@pytest.mark.parametrize("text", ["a: 1\nb: 2\na: 3\n", '{"a": 1,\n "b": 2,\n "a": 3}'])
def test_a_key_that_stands_twice_is_an_error_at_the_second(text):
    _, findings = parse(text)
    assert [(found.code, found.line, found.pointer) for found in findings] == [("duplicate_key", 3, "/a")]


def test_aliases_that_stand_for_too_much_are_refused():
    bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
    bomb += "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 8))
    tree, findings = parse(bomb)
    assert tree is None
    assert "aliases" in findings[0].message


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        ("m: |\n  first\n  second\n", 3, 6),
        ('{"m": "first\\nsecond"}', 1, 18),
        ('{"m": "\\u00e9irst\\nsecond"}', 1, 23),
        ("m: 'first'\n", 1, 5),
    ],
)
def test_a_place_in_a_value_is_found_in_the_document(text, line, column):
    tree, _ = parse(text)
    assert tree is not None
    node = tree.value["m"]
    wanted = (2, 4) if "\n" in node.value else (1, 1)
    place = place_inside(Text(text), node, *wanted)
    assert (place.line, place.column) == (line, column)


@pytest.mark.parametrize(
    ("text", "seconds"), [("1s", 1), ("1h15m30.5s", 4530.5), ("300ms", 0.3), ("0", 0), ("-2m", -120)]
)
def test_durations_are_go_s(text, seconds):
    assert parse_duration(text) == pytest.approx(seconds)


@pytest.mark.parametrize("text", ["", "5", "1x", "1s ", "s", "--1s", "9999999h"])
def test_what_is_no_duration_is_refused(text):
    with pytest.raises(ValueError, match=r"duration"):
        parse_duration(text)
