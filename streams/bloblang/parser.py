"""Queries: a Pratt parser over Bloblang's expression grammar.

The grammar is Bento's (https://warpstreamlabs.github.io/bento/docs/guides/bloblang/about), whose parser is
made of ordered choices; where that shows in what is accepted, a comment says so.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import ClassVar

from streams.bloblang.cursor import Cursor, SyntaxFault, expecting, required
from streams.bloblang.errors import Fault
from streams.bloblang.lexer import Kind, Token
from streams.bloblang.literals import read_number, read_string
from streams.bloblang.nodes import (
    Branch,
    Case,
    Expression,
    Field,
    If,
    Lambda,
    Literal,
    MapTo,
    Match,
    Metadata,
)
from streams.bloblang.nodes import Index as IndexNode
from streams.bloblang.nodes import Slice as SliceNode
from streams.bloblang.tree import Builder

# Binding powers; all operators are left-associative, and `|` binds as `*` does.
POWERS: dict[str, int] = {
    "&&": 1, "||": 1,
    "==": 2, "!=": 2, "<": 2, "<=": 2, ">": 2, ">=": 2,
    "+": 3, "-": 3,
    "*": 4, "/": 4, "%": 4, "|": 4,
}  # fmt: skip
_CALLABLE = re.compile(r"[a-z0-9_]+")
_MAX_NESTING = 48
_CONSTANTS: dict[str, bool | None] = {"true": True, "false": False, "null": None}


class QueryParser:
    """Reads expressions from a cursor. Raises SyntaxFault."""

    def __init__(self, cursor: Cursor, builder: Builder) -> None:
        self.cursor = cursor
        self.build = builder
        self._nesting = 0
        self._contexts: tuple[str, ...] = ()

    def query(self) -> Expression:
        """A whole expression."""
        self.cursor.skip_space()
        start = self.cursor.token.start
        self._nesting += 1
        if self._nesting > _MAX_NESTING:
            raise SyntaxFault(
                start, reason=f"expressions nest deeper than {_MAX_NESTING} levels; use `let` or a map"
            )
        try:
            return self._operation(0, start)
        finally:
            self._nesting -= 1

    def _operation(self, power: int, start: int) -> Expression:
        left = self._operand(start)
        while True:
            mark = self.cursor.index
            self.cursor.skip_space()
            operator = self.cursor.token.text if self.cursor.token.kind is Kind.SYMBOL else ""
            if POWERS.get(operator, 0) <= power:
                self.cursor.index = mark
                return left
            self.cursor.take()
            self.cursor.skip_blank()
            right = self._operation(POWERS[operator], start)
            left = self.build.binary(operator, left, right, start)

    def _operand(self, start: int) -> Expression:
        if not self.cursor.accept("-"):
            return self._term()
        self.cursor.skip_blank()
        return self.build.binary("-", Literal(0), self._term(), start)

    def _term(self) -> Expression:
        negated = self.cursor.accept("!")
        if negated:
            self.cursor.skip_space()
        expression = self._tails(expecting("query", self._primary))
        return self.build.negation(expression, self.cursor.token.start) if negated else expression

    def _tails(self, target: Expression) -> Expression:
        while True:
            if self.cursor.accept("."):
                self.cursor.skip_blank()
                target = required(lambda inner=target: self._tail(inner))  # type: ignore[misc]
            elif self.cursor.at_symbol("["):
                target = self._bracketed(target)
            else:
                return target

    def _tail(self, target: Expression) -> Expression:
        token = self.cursor.token
        if self.cursor.accept("("):
            self.cursor.skip_blank()
            body = self.query()
            self.cursor.skip_blank()
            self.cursor.expect(")")
            return self.build.node(MapTo(target, body), token.start, target, body)
        if token.kind is Kind.WORD and self._called():
            return self._method(target)
        if token.kind is Kind.WORD:
            return self.build.get(target, self.cursor.take().text, token.start)
        if token.kind in {Kind.STRING, Kind.BROKEN}:
            return self.build.get(target, read_string(self.cursor), token.start)
        raise SyntaxFault(token.start, expected="method or field path")

    def _called(self) -> bool:
        following = self.cursor.ahead(1)
        if following.kind is not Kind.SYMBOL or following.text != "(":
            return False
        return _CALLABLE.fullmatch(self.cursor.token.text) is not None

    def _method(self, target: Expression) -> Expression:
        name = self.cursor.take().text
        given = self._arguments()
        return self._built(lambda: self.build.method(name, target, given, self.cursor.token.start))

    def _function(self) -> Expression:
        name = self.cursor.take().text
        given = self._arguments()
        return self._built(lambda: self.build.function(name, given, self.cursor.token.start))

    def _built(self, build: Callable[[], Expression]) -> Expression:
        try:
            return build()
        except Fault as fault:
            raise SyntaxFault(self.cursor.token.start, reason=self.build.words(fault)) from fault

    def _arguments(self) -> list[tuple[str | None, Expression]]:
        self.cursor.expect("(", "function arguments")
        self.cursor.skip_blank()
        given: list[tuple[str | None, Expression]] = []
        while not self._closes(")"):
            given.append(required(lambda: expecting("function argument", self._argument)))
            self.cursor.skip_space()
            if self.cursor.accept(","):
                self.cursor.skip_blank()
            elif not self._closes(")", ahead=True):
                raise SyntaxFault(
                    self.cursor.token.start, reason="required: expected one of: [comma closing bracket]"
                )
        return given

    def _closes(self, symbol: str, *, ahead: bool = False) -> bool:
        mark = self.cursor.index
        self.cursor.skip_blank()
        closed = self.cursor.at_symbol(symbol)
        if ahead or not closed:
            self.cursor.index = mark
        else:
            self.cursor.take()
        return closed

    def _argument(self) -> tuple[str | None, Expression]:
        token, following = self.cursor.token, self.cursor.ahead(1)
        named = token.kind is Kind.WORD and following.kind is Kind.SYMBOL and following.text == ":"
        if not named or not _CALLABLE.fullmatch(token.text):
            return None, self.query()
        self.cursor.index += 2
        self.cursor.skip_space()
        return token.text, required(lambda: expecting("argument value", self.query))

    def _bracketed(self, target: Expression) -> Expression:
        start = self.cursor.take().start
        bounds: list[Expression | None] = [self._bound()]
        while len(bounds) < 3 and self.cursor.accept(":"):
            bounds.append(self._bound())
        required(lambda: self.cursor.expect("]", "closing bracket"))
        if len(bounds) > 1:
            bounds += [None] * (3 - len(bounds))
            return self.build.node(SliceNode(target, *bounds), start, target, *bounds)
        index = bounds[0]
        if index is None:
            raise SyntaxFault(start, reason="required: expected index or slice")
        return self.build.node(IndexNode(target, index), start, target, index)

    def _bound(self) -> Expression | None:
        self.cursor.skip_blank()
        if self.cursor.at_symbol(":") or self.cursor.at_symbol("]"):
            return None
        bound = required(self.query)
        self.cursor.skip_blank()
        return bound

    def _primary(self) -> Expression:
        token = self.cursor.token
        if token.kind is Kind.WORD:
            return self._word(token)
        if token.kind in {Kind.STRING, Kind.RAW_STRING, Kind.BROKEN}:
            return self.build.text(read_string(self.cursor))
        following = self.cursor.ahead(1)
        if token.text == "-" and following.kind is Kind.WORD and following.text[0].isdigit():
            self.cursor.take()
            return Literal(-read_number(self.cursor))
        reader = self._symbols.get(token.text)
        if token.kind is not Kind.SYMBOL or reader is None:
            raise SyntaxFault(token.start, expected="query")
        return reader(self)

    def _word(self, token: Token) -> Expression:
        spaced = self.cursor.ahead(1).kind is Kind.SPACE
        if spaced and token.text in {"match", "if"}:
            return self._match() if token.text == "match" else self._if()
        if spaced and self.cursor.ahead(2).text == "->" and self.cursor.ahead(3).kind is Kind.SPACE:
            return self._lambda()
        if token.text[0].isdigit():
            return Literal(read_number(self.cursor))
        # Constants are tried before names, so `nullable` reads as null with `able` left over.
        for word, constant in _CONSTANTS.items():
            if token.text.startswith(word):
                self.cursor.lexer.split(self.cursor.index, len(word))
                self.cursor.take()
                return Literal(constant)
        return self._function() if self._called() else self._reference()

    def _reference(self) -> Expression:
        name = self.cursor.take().text
        if name in {"this", "root"} or name in self._contexts:
            return Field(name, ())
        return Field("this", (name,))

    def _lambda(self) -> Expression:
        start = self.cursor.token.start
        name = self.cursor.take().text
        self.cursor.index += 3
        if name in {"this", "root"}:
            raise SyntaxFault(start, reason=f"context label `{name}` is not allowed")
        if name in self._contexts:
            raise SyntaxFault(start, reason=f"context label `{name}` would shadow a parent context")
        outer = self._contexts
        self._contexts = outer if name == "_" else (*outer, name)
        body = required(self.query)
        self._contexts = outer
        if isinstance(body, Lambda):
            taste = (
                f"it would be in poor taste to capture the same context under both '{name}' and '{body.name}'"
            )
            raise SyntaxFault(start, reason=taste)
        return self.build.node(Lambda(name, body), start, body)

    def _parenthesised(self) -> Expression:
        self.cursor.take()
        self.cursor.skip_blank()
        inner = self.query()
        self.cursor.skip_blank()
        required(lambda: self.cursor.expect(")", "closing bracket"))
        return inner

    def _metadata(self) -> Expression:
        self.cursor.take()
        if self.cursor.token.kind is Kind.WORD:
            return Metadata(self.cursor.take().text)
        if self.cursor.token.kind in {Kind.STRING, Kind.BROKEN}:
            return Metadata(read_string(self.cursor))
        return Metadata("")

    def _variable(self) -> Expression:
        start = self.cursor.take().end
        if self.cursor.token.kind is not Kind.WORD:
            raise SyntaxFault(start, expected="variable path")
        return self.build.variable(self.cursor.take().text, start)

    def _array(self) -> Expression:
        start = self.cursor.take().start
        self.cursor.skip_blank()
        items: list[Expression] = []
        while not self._closes("]"):
            items.append(self.query())
            self._separator("]")
        return self.build.array(items, start)

    def _object(self) -> Expression:
        start = self.cursor.take().start
        self.cursor.skip_blank()
        members: list[tuple[Expression, Expression]] = []
        while not self._closes("}"):
            # A string here is the whole key: `{"a" + "b": 1}` is not read as a sum.
            quoted = self.cursor.token.kind in {Kind.STRING, Kind.BROKEN}
            key = Literal(read_string(self.cursor)) if quoted else expecting("object", self.query)
            self.cursor.skip_space()
            self.cursor.expect(":")
            self.cursor.skip_blank()
            members.append((key, expecting("object", self.query)))
            self._separator("}")
        try:
            return self.build.object(members, start)
        except Fault as fault:
            raise SyntaxFault(start, reason=fault.text) from fault

    def _separator(self, closing: str) -> None:
        self.cursor.skip_space()
        if self.cursor.accept(","):
            self.cursor.skip_blank()
        elif not self._closes(closing, ahead=True):
            raise SyntaxFault(self.cursor.token.start, reason="", expected=f"one of: [, {closing}]")

    def _match(self) -> Expression:
        start = self.cursor.take().start
        self.cursor.expect_space()
        subject: Expression | None = None
        if not self.cursor.at_symbol("{") or self.cursor.follows_block():
            subject = self.query()
        self.cursor.skip_blank()
        cases = required(self._cases)
        children = [node for case in cases for node in (case.test, case.body)]
        return self.build.node(Match(subject, tuple(cases)), start, subject, *children)

    def _cases(self) -> list[Case]:
        self.cursor.expect("{")
        self.cursor.skip_blank()
        cases: list[Case] = []
        while not self._closes("}"):
            cases.append(self._case())
            self.cursor.skip_space()
            if self.cursor.accept(","):
                self.cursor.skip_blank()
            elif not self._closes("}", ahead=True):
                self.cursor.expect_newline()
                self.cursor.skip_blank()
        return cases

    def _case(self) -> Case:
        test: Expression | None = None
        if self.cursor.at_word("_") and self.cursor.ahead(2).text != "->":
            self.cursor.take()
        else:
            test = expecting("match case", self.query)
        self.cursor.skip_space()
        self.cursor.expect("=>")
        self.cursor.skip_space()
        return Case(test, self.query())

    def _if(self) -> Expression:
        start = self.cursor.take().start
        branches = [self._branch()]
        while self._else("if"):
            branches.append(self._branch())
        otherwise = self._block() if self._else("") else None
        children = [node for branch in branches for node in (branch.condition, branch.body)]
        return self.build.node(If(tuple(branches), otherwise), start, otherwise, *children)

    def _branch(self) -> Branch:
        self.cursor.expect_space()
        condition = required(self.query)
        return Branch(condition, self._block())

    def _block(self) -> Expression:
        self.cursor.skip_blank()
        required(lambda: self.cursor.expect("{"))
        self.cursor.skip_blank()
        body = required(self.query)
        self.cursor.skip_blank()
        required(lambda: self.cursor.expect("}"))
        return body

    def _else(self, word: str) -> bool:
        mark = self.cursor.index
        if self.followed_by_else(word):
            return True
        self.cursor.index = mark
        return False

    def followed_by_else(self, word: str) -> bool:
        """Passes `else` (or `else if`) where it comes next; the cursor is anywhere otherwise."""
        self.cursor.skip_blank()
        if not self.cursor.at_word("else"):
            return False
        self.cursor.take()
        if word:
            spaced = self.cursor.token.text == " " and self.cursor.ahead(1).text == word
            self.cursor.index += 2
            return spaced and self.cursor.token.kind is Kind.SPACE
        mark = self.cursor.index
        self.cursor.skip_blank()
        opened = self.cursor.at_symbol("{")
        self.cursor.index = mark
        return opened

    _symbols: ClassVar[dict[str, Callable[[QueryParser], Expression]]] = {
        "(": _parenthesised,
        "[": _array,
        "{": _object,
        "@": _metadata,
        "$": _variable,
    }
