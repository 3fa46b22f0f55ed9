"""JSON and other texts to values and back."""

from __future__ import annotations

import json
from typing import Any, NoReturn

from streams.bloblang.errors import Fault, TypeFault
from streams.bloblang.registry import OPTIONAL, boolean, example, method, string
from streams.bloblang.run import Run
from streams.bloblang.values import get_string, string_bytes
from streams.json_problem import describe
from streams.jsontext import Float, NotJsonError, parse, serialise


def text_of(value: Any) -> str:
    """Text or the text that bytes are. Raises TypeFault for anything else."""
    if isinstance(value, (str, bytes)):
        return get_string(value)
    raise TypeFault(value, ("string",))


@method(
    "parse_json",
    "The value of a JSON text. Numbers become floats unless `use_number` keeps them as written.",
    parameters=(boolean("use_number", OPTIONAL),),
    examples=(example("root = this.parse_json()", ('{"a":[1]}', {"a": [1.0]})),),
)
def parse_json(value: Any, use_number: bool | None) -> Any:  # noqa: FBT001 - a parameter of the language
    """The value."""
    text = text_of(value)
    try:
        if use_number:
            return parse(text)
        # Go reads the first value and leaves what follows.
        return _FLOATS.raw_decode(text.lstrip(" \t\r\n"))[0]
    except NotJsonError as error:
        raise Fault(f"failed to parse value as JSON: {error}") from None
    except (ValueError, RecursionError):
        raise Fault(f"failed to parse value as JSON: {describe(string_bytes(text))}") from None


def _refuse_constant(text: str) -> NoReturn:
    raise ValueError(text)


_FLOATS = json.JSONDecoder(parse_int=Float, parse_float=Float, parse_constant=_refuse_constant)


@method(
    "format_json",
    "The value as JSON in bytes, indented by four blanks unless told otherwise, HTML characters escaped.",
    parameters=(
        string("indent", "    "),
        boolean("no_indent", default=False),
        boolean("escape_html", default=True),
    ),
    context=True,
    examples=(
        example("root = this.format_json(no_indent: true)", ({"b": 1, "a": "<"}, b'{"a":"\\u003c","b":1}')),
        example('root = this.format_json("")', ([], b"[]")),
    ),
)
def format_json(run: Run, value: Any, indent: str, no_indent: bool, escape_html: bool) -> bytes:  # noqa: FBT001 - parameters of the language
    """The JSON text."""
    run.measure(value)
    compact = serialise(value)
    if escape_html:
        for char in (b"<", b">", b"&"):
            compact = compact.replace(char, b"\\u%04x" % ord(char))
    # An empty indent means one line, as Bento's tests have it.
    if no_indent or not indent:
        return compact
    return _indented(run, compact.decode(), indent).encode()


def _indented(run: Run, compact: str, indent: str) -> str:
    parts: list[str] = []
    depth = 0
    for piece in _pieces(compact):
        if piece in "}]":
            depth -= 1
            closes_empty = parts[-1][-1] in "{["
            parts.append(piece if closes_empty else f"\n{indent * depth}{piece}")
        else:
            opened = bool(parts) and parts[-1][-1] in "{[" and len(parts[-1].strip()) == 1
            parts.append(f"\n{indent * depth}{piece}" if opened else piece)
        if piece in "{[":
            depth += 1
        elif piece == ",":
            parts[-1] = f",\n{indent * depth}"
        elif piece == ":":
            parts[-1] = ": "
        run.charge(len(parts[-1]))
    return "".join(parts)


def _pieces(compact: str) -> list[str]:
    pieces = []
    position = 0
    while position < len(compact):
        char = compact[position]
        end = position + 1
        if char == '"':
            end = _string_end(compact, position)
        elif char not in "{}[],:":
            while end < len(compact) and compact[end] not in "{}[],:":
                end += 1
        pieces.append(compact[position:end])
        position = end
    return pieces


def _string_end(compact: str, start: int) -> int:
    position = start + 1
    while compact[position] != '"':
        position += 2 if compact[position] == "\\" else 1
    return position + 1
