import pytest

from streams.bloblang import MappingError, ParseError, interpolate
from streams.message import Message

BATCH = [
    Message(b'{"a":{"b":[1.0,null]},"s":"x"}', metadata={"k": "v", "n": 5}),
    Message(b"plain", metadata={}),
]


@pytest.mark.parametrize(
    ("text", "index", "wanted"),
    [
        ("no query", 0, "no query"),
        ("costs $5 and ${x}", 0, "costs $5 and ${x}"),
        ('${! json("s") }-${! @k }-${!this.a.b.0}', 0, "x-v-1.0"),
        ("${! this.a }", 0, '{"b":[1.0,null]}'),
        ("${! this.none }", 0, "null"),
        ("${! content() }", 1, "plain"),
        ('${! json("s").from(0) }', 1, "x"),
        ('${! metadata("n") + 1 }', 0, "6"),
        ("${! if errored() { 1 } else { 2 } }", 1, "2"),
        ("${{! not one }} ${! 1 + 1 }", 0, "${! not one } 2"),
        ('${! "}" }', 0, "}"),
        ("${! 1000000.0 }", 0, "1e+06"),
    ],
)
def test_a_field_resolves_for_a_message(text, index, wanted):
    assert interpolate(text).resolve(BATCH, index) == wanted


def test_text_without_a_query_is_static():
    assert interpolate("a $ b ${{! c }}").is_static
    assert not interpolate("${! 1 }").is_static
    assert interpolate("${! @k }").is_pure
    assert not interpolate("${! now() }").is_pure


def test_a_static_text_needs_no_message():
    assert interpolate("topic").resolve([]) == "topic"


def test_a_failing_query_is_a_mapping_error():
    with pytest.raises(MappingError, match="cannot add types string"):
        interpolate("${! this.s + 1 }").resolve(BATCH)
    with pytest.raises(MappingError, match="context was undefined"):
        interpolate("${! this.s }").resolve(BATCH, 1)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a ${! nope() }", "line 1 char 13: unrecognised function 'nope'"),
        ("a\n${! 1 + }", "line 2 char 9: required: expected query"),
        ("${! 1", "line 1 char 6: required: expected end of expression"),
        ("${{! 1", "line 1 char 5: required: expected end of escaped expression"),
        ('${! env("X") }', "line 1 char 13: function 'env' is not allowed here"),
    ],
)
def test_a_malformed_query_is_a_parse_error_with_its_place(text, message):
    with pytest.raises(ParseError) as caught:
        interpolate(text)
    assert str(caught.value).startswith(message)
