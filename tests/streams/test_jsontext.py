import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from streams.jsontext import Float, NotJsonError, float_text, parse, serialise, valid_text
from streams.timestamp import Timestamp

NUMBERS = st.from_regex(r"\A-?(0|[1-9][0-9]{0,24})(\.[0-9]{1,20})?([eE][+-]?[0-9]{1,2})?\Z")
TEXTS = st.text(max_size=20).map(lambda text: json.dumps(text, ensure_ascii=False))
LEAVES = st.one_of(NUMBERS, TEXTS, st.sampled_from(["null", "true", "false"]))
DOCUMENTS = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=4).map(lambda items: f"[{','.join(items)}]")
        | st.dictionaries(st.text(max_size=5), inner, max_size=4).map(
            lambda members: (
                "{"
                + ",".join(f"{json.dumps(k, ensure_ascii=False)}:{members[k]}" for k in sorted(members))
                + "}"
            )
        )
    ),
    max_leaves=12,
)


def comparable(text):
    return json.loads(text, parse_float=str, parse_int=str)


@given(DOCUMENTS)
@example('{"a":12345678901234567890}')
@example('{"a": 1.0}')
@example("[1e5]")
@example("[-0]")
@example(" 1.10")
@example('["x", 1.50]')
@example('{"a":[[1,2.0]]}')
@example("1.0")
@example("-0")
def test_every_number_comes_out_as_it_was_written(text):
    assert comparable(serialise(parse(text))) == comparable(text)


@given(st.binary(max_size=40))
def test_any_bytes_parse_or_are_refused(data):
    try:
        value = parse(data)
    except NotJsonError:
        return
    assert parse(serialise(value)) == value


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_computed_float_reads_back_as_itself(number):
    assert float(float_text(Float(number))) == number


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (1.0, "1"),
        (-0.0, "-0"),
        (1e20, "100000000000000000000"),
        (1e21, "1e+21"),
        (1e-6, "0.000001"),
        (1e-7, "1e-7"),
        (0.1, "0.1"),
        (1.5e-9, "1.5e-9"),
        (123456789.5, "123456789.5"),
    ],
)
def test_a_computed_float_is_written_as_go_writes_it(number, text):
    assert float_text(Float(number)) == text
    assert serialise([Float(number)]).decode() == f"[{text}]"


def test_text_that_is_no_unicode_is_replaced():
    assert parse(b'"\xff"') == "\ufffd"
    assert parse(rb'["\ud800x"]') == ["\ufffdx"]
    assert serialise({"k\udcff": "\ud800"}) == '{"k\ufffd":"\ufffd"}'.encode()
    assert valid_text("a\udc80") == "a\ufffd"


def test_documents_that_nest_deeply_are_written():
    value = "x"
    for _ in range(3000):
        value = [{"a": value}]
    assert serialise(value) == b'[{"a":' * 3000 + b'"x"' + b"}]" * 3000


@pytest.mark.parametrize("text", ["", "{", "NaN", "[1,]", "{} {}", "01", "Infinity", "'a'", "[" * 5000])
def test_what_is_no_document_is_refused(text):
    with pytest.raises(NotJsonError):
        parse(text)


def test_a_moment_that_rfc_3339_cannot_write_is_null():
    assert serialise([Timestamp(253_402_300_800 * 10**9)]) == b"[null]"


@pytest.mark.parametrize("depth", [200, 255, 900])
def test_compact_documents_that_nest_deeply_are_read(depth):
    text = b"[" * depth + b"1.50" + b"]" * depth
    assert serialise(parse(text)) == text
