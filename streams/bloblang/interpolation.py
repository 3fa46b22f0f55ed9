"""Text with `${! query }` in it, as fields of components take it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from streams.bloblang import functions, methods
from streams.bloblang.cursor import SyntaxFault, required
from streams.bloblang.errors import ParseError
from streams.bloblang.lexer import parse_error
from streams.bloblang.query import Query, compile_expression, parse_query
from streams.bloblang.run import Absent
from streams.bloblang.values import Marker, string_bytes, to_string
from streams.message import Message, NotStructuredError

_OPENING = "${!"
_ESCAPED_OPENING = "${{!"
_ESCAPED_CLOSING = "}}"


class Interpolation:
    """A text whose queries are compiled; made by `interpolate`."""

    def __init__(self, text: str, parts: Sequence[str | Query]) -> None:
        self.text = text
        self._parts = parts
        literals = [part for part in parts if isinstance(part, str)]
        self._static = "".join(literals) if len(literals) == len(parts) else None

    @property
    def is_static(self) -> bool:
        """Whether it is the same text for every message."""
        return self._static is not None

    @property
    def is_pure(self) -> bool:
        """Whether equal messages always give equal text."""
        return all(isinstance(part, str) or part.is_pure for part in self._parts)

    def resolve(self, batch: Sequence[Message], index: int = 0) -> str:
        """The text for one message of a batch. Raises MappingError."""
        if self._static is not None:
            return self._static
        this = _document(batch, index)
        return "".join(
            part if isinstance(part, str) else _shown(part.evaluate(batch, index, this=this, variables={}))
            for part in self._parts
        )

    def resolve_bytes(self, batch: Sequence[Message], index: int = 0) -> bytes:
        """As `resolve`, as bytes. Raises MappingError."""
        return string_bytes(self.resolve(batch, index))


def _document(batch: Sequence[Message], index: int) -> object:
    try:
        return batch[index].value
    except (NotStructuredError, IndexError):
        return Absent()


def _shown(value: object) -> str:
    return "null" if isinstance(value, Marker) else to_string(value)


def interpolate(text: str, *, permissions: Collection[str] = ()) -> Interpolation:
    """Reads a text with `${! query }` in it; `${{! }}` stands for itself. Raises ParseError."""
    return Interpolation(text, tuple(_merged(_parts(text, permissions))))


def _merged(parts: Iterator[str | Query]) -> Iterator[str | Query]:
    literal = ""
    for part in parts:
        if isinstance(part, str):
            literal += part
            continue
        if literal:
            yield literal
        literal = ""
        yield part
    if literal:
        yield literal


def _parts(text: str, permissions: Collection[str]) -> Iterator[str | Query]:
    position = 0
    while position < len(text):
        dollar = text.find("$", position)
        if dollar < 0:
            yield text[position:]
            return
        yield text[position:dollar]
        if text.startswith(_ESCAPED_OPENING, dollar):
            position = _escape_end(text, dollar)
            yield f"{_OPENING}{text[dollar + len(_ESCAPED_OPENING) : position - len(_ESCAPED_CLOSING)]}}}"
        elif text.startswith(_OPENING, dollar):
            query, position = _query(text, dollar + len(_OPENING), permissions)
            yield query
        else:
            yield "$"
            position = dollar + 1


def _escape_end(text: str, dollar: int) -> int:
    start = dollar + len(_ESCAPED_OPENING)
    end = text.find(_ESCAPED_CLOSING, start)
    if end < 0:
        raise parse_error(text, start, "required: expected end of escaped expression")
    return end + len(_ESCAPED_CLOSING)


def _query(text: str, start: int, permissions: Collection[str]) -> tuple[Query, int]:
    try:
        expression, cursor = required(lambda: parse_query(text, start, permissions=permissions))
        cursor.skip_space()
        required(lambda: cursor.expect("}", "end of expression"))
    except SyntaxFault as fault:
        raise fault.located(text) from None
    return compile_expression(expression), cursor.lexer.at(cursor.index - 1).end


__all__ = ["Interpolation", "ParseError", "functions", "interpolate", "methods"]
