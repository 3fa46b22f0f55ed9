import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.json_problem import describe
from streams.jsontext import NotJsonError, parse

PROBLEMS = {
    "": "EOF",
    "  ": "unexpected EOF",
    "nope": "invalid character 'o' in literal null (expecting 'u')",
    "tru": "unexpected EOF",
    "this": "invalid character 'h' in literal true (expecting 'r')",
    "hello": "invalid character 'h' looking for beginning of value",
    "{": "unexpected EOF",
    "{a": "invalid character 'a' looking for beginning of object key string",
    '{"a" 1}': "invalid character '1' after object key",
    '{"a":1 "b"}': "invalid character '\"' after object key:value pair",
    '{"a":1,}': "invalid character '}' looking for beginning of object key string",
    "[1 2]": "invalid character '2' after array element",
    "[1,]": "invalid character ']' looking for beginning of value",
    '[["a"],{"b":[tru]}]': "invalid character ']' in literal true (expecting 'e')",
    "-x": "invalid character 'x' in numeric literal",
    "1.x": "invalid character 'x' after decimal point in numeric literal",
    "1ex": "invalid character 'x' in exponent of numeric literal",
    '"a\nb"': "invalid character '\\n' in string literal",
    '"\\x"': "invalid character 'x' in string escape code",
    '"\\u12x"': "invalid character 'x' in \\u hexadecimal character escape",
    '"abc': "unexpected EOF",
    "'a'": "invalid character '\\'' looking for beginning of value",
    "{} {}": "message contains multiple valid documents",
    "{} x": "invalid character 'x' looking for beginning of value",
}


@pytest.mark.parametrize(("text", "problem"), PROBLEMS.items())
def test_a_problem_is_said_in_the_words_of_go(text, problem):
    assert describe(text.encode()) == problem
    with pytest.raises(NotJsonError) as caught:
        parse(text)
    assert str(caught.value) == problem


FRAGMENTS = [
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    '"a"',
    '"',
    "\\",
    "1",
    "-",
    ".5",
    "e",
    "true",
    "nul",
    " ",
    "\n",
    "x",
    "\xe9",
]


@given(st.lists(st.sampled_from(FRAGMENTS), max_size=12).map("".join))
def test_every_text_that_is_no_document_has_a_problem(text):
    try:
        json.loads(text)
    except ValueError:
        assert describe(text.encode()) != "exceeded max depth"
    else:
        assert describe(text.encode()) == "exceeded max depth"


def test_nesting_does_not_matter():
    assert describe(b"[" * 100_000) == "unexpected EOF"
