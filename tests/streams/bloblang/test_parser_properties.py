"""Whatever text the parser is given, it answers with a mapping or a ParseError, in time linear in the text."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams import bloblang
from streams.bloblang import ParseError, interpolate
from streams.bloblang.lexer import Lexer
from streams.bloblang.registry import REGISTRY

FRAGMENTS = [
    "root", "this", "root.a", " = ", "=", "\n", " ", "\t", "if ", "else ", "else if ", "{", "}", "match ", "=>", " => ",
    "_", ",", "(", ")", "[", "]", ":", ".", "->", " -> ", "x", "$x", "@k", "@", "$", "let ", "meta ", "map ", "import ",
    "from ", '"s"', '"', '"""', '"""raw"""', "\\", "1", "-", "5.5", "true", "null", "nullable", "+", "-", "*", "/", "%",
    "&&", "||", "|", "!", "==", "!=", "<", ">=", "#c\n", "#", "\r\n", "é", "\x00", "😀", "deleted()", "range(0, 3)",
    "9" * 30, "\ud800", "`", "'", "~",
    *sorted(f".{name}(" for name in REGISTRY.methods),
    *sorted(f"{name}(" for name in REGISTRY.functions),
]  # fmt: skip
TEXTS = st.one_of(st.text(max_size=80), st.lists(st.sampled_from(FRAGMENTS), max_size=30).map("".join))


def parses(read, text):
    error = None
    try:
        read(text)
    except ParseError as raised:
        error = raised
    if error is not None:
        assert 1 <= error.line <= text.count("\n") + 1
        assert error.column >= 1
        assert str(error) == f"line {error.line} char {error.column}: {error.message}"


@settings(max_examples=600, deadline=None)
@given(TEXTS)
def test_a_mapping_of_any_text_parses_or_says_where_it_does_not(text):
    parses(bloblang.compile, text)


@settings(max_examples=300, deadline=None)
@given(TEXTS)
def test_an_expression_of_any_text_parses_or_says_where_it_does_not(text):
    parses(bloblang.compile, f"root.a = {text}")


@settings(max_examples=300, deadline=None)
@given(TEXTS)
def test_an_interpolation_of_any_text_parses_or_says_where_it_does_not(text):
    parses(interpolate, text)
    parses(interpolate, f"a ${{! {text} }} b")


@pytest.mark.parametrize(
    "opening", ["(", "[", "{a:", "!", "-", "if a {", "match {", "x.(", "foo(", "a[", "x -> "]
)
def test_deep_nesting_is_refused_with_its_place(opening):
    with pytest.raises(ParseError):
        bloblang.compile("root = " + opening * 3000)


@pytest.mark.parametrize("link", [" + 1", ".uppercase()", " | 1", "[0]", ".(this)", ".a.length()"])
def test_long_chains_are_refused_with_a_remedy(link):
    with pytest.raises(ParseError, match=r"split it with `let`|nest deeper"):
        bloblang.compile("root = this.a" + link * 3000)


def steps(monkeypatch, text):
    """How often the parser looks at a token."""
    count = 0
    look = Lexer.at

    def counted(self, index):
        nonlocal count
        count += 1
        return look(self, index)

    with monkeypatch.context() as patch:
        patch.setattr(Lexer, "at", counted)
        parses(bloblang.compile, text)
    return count


SHAPES = {
    "statements": lambda n: "root.a = this.b + 1\n" * n,
    "cases": lambda n: "root = match this { " + ", ".join(f"{i} => {i}" for i in range(n)) + " }",
    "matches": lambda n: "root = [" + "match { _ => 1 }," * n + "]",
    "nested matches that do not end": lambda n: "root = " + "match { a => " * n,
    "else-ifs": lambda n: "if this.a == 1 { root = 1 }" + " else if this.a == 2 { root = 2 }" * n + "\n",
    "arguments": lambda n: "root = this.with(" + '"a", ' * n + ")",
    "opened strings": lambda n: 'root = "' + "\\" * n,
    "blanks": lambda n: "root = 1" + " \n" * n,
    "members": lambda n: "root = {" + '"a": 1, ' * n + "}",
    "brackets that do not end": lambda n: "root = " + "(" * n,
}


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES.keys())
def test_the_parser_takes_steps_in_proportion_to_the_text(shape, monkeypatch):
    first, second, third = (steps(monkeypatch, shape(size)) for size in (100, 200, 400))
    assert second <= 2.2 * first + 50
    assert third <= 2.2 * second + 50
