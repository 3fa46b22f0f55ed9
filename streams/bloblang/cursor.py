"""A place in the tokens, the white space rules, and syntax errors that know whether to try another way."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from streams.bloblang.errors import ParseError
from streams.bloblang.lexer import Kind, Lexer, Token, parse_error

T = TypeVar("T")


class SyntaxFault(Exception):  # noqa: N818 - becomes a ParseError once its line is known
    """The text stops being a mapping at an offset."""

    def __init__(self, offset: int, *, expected: str = "", reason: str = "") -> None:
        super().__init__(expected or reason)
        self.offset = offset
        self.expected = expected
        self.reason = reason
        self.fatal = bool(reason)
        """Whether no other reading of the text shall be tried."""

    def require(self) -> None:
        """Makes it fatal: at this point nothing else could be meant."""
        if not self.fatal:
            self.fatal = True
            self.reason = "required"

    @property
    def message(self) -> str:
        """The words of the error."""
        return ": ".join(
            part for part in (self.reason, f"expected {self.expected}" * bool(self.expected)) if part
        )

    def located(self, text: str) -> ParseError:
        """The error with line and column."""
        return parse_error(text, self.offset, self.message)


def required(parse: Callable[[], T]) -> T:
    """What `parse` reads; failing is fatal."""
    try:
        return parse()
    except SyntaxFault as fault:
        fault.require()
        raise


def expecting(what: str, parse: Callable[[], T]) -> T:
    """What `parse` reads; when nothing fits, the error says that `what` was expected."""
    try:
        return parse()
    except SyntaxFault as fault:
        if not fault.fatal:
            fault.expected = what
        raise


class Cursor:
    """Reads tokens forward, and back where a reading did not fit."""

    def __init__(self, text: str, offset: int = 0) -> None:
        self.text = text
        self.lexer = Lexer(text, offset)
        self.index = 0
        self._closing: dict[int, int] | None = None

    @property
    def token(self) -> Token:
        """The next token."""
        return self.lexer.at(self.index)

    def at_end(self) -> bool:
        """Whether nothing follows."""
        return self.lexer.at(self.index).kind is Kind.END

    def ahead(self, distance: int) -> Token:
        """A token further on."""
        return self.lexer.at(self.index + distance)

    def take(self) -> Token:
        """The next token, consumed."""
        token = self.lexer.at(self.index)
        self.index += 1
        return token

    def at_symbol(self, symbol: str) -> bool:
        """Whether the next token is that symbol."""
        token = self.token
        return token.kind is Kind.SYMBOL and token.text == symbol

    def accept(self, symbol: str) -> bool:
        """Consumes the symbol if it is next."""
        found = self.at_symbol(symbol)
        self.index += found
        return found

    def expect(self, symbol: str, name: str = "") -> None:
        """Consumes the symbol. Raises SyntaxFault."""
        if not self.accept(symbol):
            raise SyntaxFault(self.token.start, expected=name or symbol)

    def skip_space(self) -> bool:
        """Passes blanks and tabs; whether there were any."""
        found = self.token.kind is Kind.SPACE
        self.index += found
        return found

    def expect_space(self) -> None:
        """Passes blanks and tabs. Raises SyntaxFault where there are none."""
        if not self.skip_space():
            raise SyntaxFault(self.token.start, expected="whitespace")

    def skip_blank(self) -> None:
        """Passes blanks, tabs, line breaks and comments."""
        while self.token.kind in {Kind.SPACE, Kind.NEWLINE}:
            self.index += 1

    def expect_newline(self) -> None:
        """Passes one line break, with the comment before it. Raises SyntaxFault."""
        if self.token.kind is not Kind.NEWLINE:
            raise SyntaxFault(self.token.start, expected="line break")
        self.index += 1

    def at_word(self, word: str) -> bool:
        """Whether the next token is exactly that word."""
        token = self.token
        return token.kind is Kind.WORD and token.text == word

    def follows_block(self) -> bool:
        """Whether another `{` comes after the block that begins at the next token."""
        end = self._closings().get(self.index)
        if end is None:
            return False
        index = end + 1
        while self.lexer.at(index).kind in {Kind.SPACE, Kind.NEWLINE}:
            index += 1
        token = self.lexer.at(index)
        return token.kind is Kind.SYMBOL and token.text == "{"

    def _closings(self) -> dict[int, int]:
        # Once for the whole text, so that nested blocks are not scanned again and again.
        if self._closing is None:
            self._closing = {}
            opened: list[int] = []
            index = self.index
            while (token := self.lexer.at(index)).kind is not Kind.END:
                if token.kind is Kind.SYMBOL and token.text == "{":
                    opened.append(index)
                elif token.kind is Kind.SYMBOL and token.text == "}" and opened:
                    self._closing[opened.pop()] = index
                index += 1
        return self._closing
