"""Text to tokens, on demand. White space is a token, since the grammar says where it may stand."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum

from streams.bloblang.errors import ParseError


class Kind(Enum):
    """What a token is."""

    WORD = "word"  # letters, digits and underscores, in any order
    STRING = "string"  # "quoted", its text still escaped
    RAW_STRING = "raw string"  # triple-quoted
    SYMBOL = "symbol"  # an operator or a piece of punctuation
    SPACE = "space"  # blanks and tabs
    NEWLINE = "newline"  # a line break, with the comment before it if there is one
    BROKEN = "broken"  # text that no token fits, such as a string that never ends
    END = "end"  # the end of the text


@dataclass(frozen=True, slots=True)
class Token:
    """One token of a mapping's text."""

    kind: Kind
    text: str
    """As written, quotes included."""
    start: int
    """Offset of its first character."""
    end: int
    """Offset after its last character."""
    problem: str = ""
    """For a broken token, what is missing."""


_PATTERN = re.compile(
    r"""
    (?P<WORD>[A-Za-z0-9_]+)
  | (?P<SPACE>[ \t]+)
  | (?P<NEWLINE>(?:\#[^\n]*)?\r?\n)
  | (?P<RAW_STRING>\"\"\"[\s\S]*?\"\"\")
  | (?P<STRING>"(?:[^"\\]|\\[\s\S])*")
  | (?P<SYMBOL>&&|\|\||==|!=|>=|<=|=>|->|[-+*/%<>|=!.,:;()\[\]{}@$])
    """,
    re.VERBOSE,
)


class Lexer:
    """The tokens of a text from an offset on. `at(i)` lexes no further than asked."""

    def __init__(self, text: str, offset: int = 0) -> None:
        self.text = text
        self._tokens: list[Token] = []
        self._next = offset

    def at(self, index: int) -> Token:
        """The token of that index; past the last one, the end token."""
        while len(self._tokens) <= index:
            if self._tokens and self._tokens[-1].kind is Kind.END:
                return self._tokens[-1]
            self._tokens.append(self._lex())
        return self._tokens[index]

    def split(self, index: int, length: int) -> None:
        """Cuts a token in two after `length` characters, where a rule takes only the beginning of a word."""
        token = self._tokens[index]
        if length < len(token.text):
            middle = token.start + length
            head = Token(token.kind, token.text[:length], token.start, middle)
            tail = Token(token.kind, token.text[length:], middle, token.end)
            self._tokens[index : index + 1] = [head, tail]

    def _lex(self) -> Token:
        start = self._next
        if start >= len(self.text):
            return Token(Kind.END, "", start, start)
        match = _PATTERN.match(self.text, start)
        if match is None or match.lastgroup is None:
            return self._broken(start)
        if self.text.startswith('"""', start) and match.lastgroup == "STRING":
            return self._broken(start)
        self._next = match.end()
        return Token(Kind[match.lastgroup], match.group(), start, match.end())

    def _broken(self, start: int) -> Token:
        self._next = len(self.text)
        if self.text.startswith('"""', start):
            problem = "end triple-quote" if len(self.text) - start >= 6 else "end quote"
        else:
            problem = "end quote" if self.text[start] == '"' else ""
        return Token(Kind.BROKEN, self.text[start:], start, len(self.text), problem)


def line_and_column(text: str, offset: int) -> tuple[int, int]:
    """Where an offset is, both counted from 1."""
    line = text.count("\n", 0, offset) + 1
    return line, offset - (text.rfind("\n", 0, offset) + 1) + 1


def parse_error(text: str, offset: int, message: str) -> ParseError:
    """A ParseError at an offset of the text."""
    line, column = line_and_column(text, offset)
    return ParseError(line, column, message)
