"""Numbers and strings as a mapping writes them."""

from __future__ import annotations

import re

from streams.bloblang.cursor import Cursor, SyntaxFault
from streams.bloblang.errors import Fault
from streams.bloblang.gonumber import unquote
from streams.bloblang.lexer import Kind
from streams.bloblang.values import MAX_INT64
from streams.jsontext import Float


def read_number(cursor: Cursor) -> int | Float:
    """A number: digits, or digits on both sides of a point. Raises SyntaxFault when it needs more than 64 bits."""
    token = cursor.token
    digits = re.match("[0-9]+", token.text, re.ASCII)
    whole = digits.group() if digits else ""
    cursor.lexer.split(cursor.index, len(whole))
    cursor.take()
    fraction = re.match("[0-9]+", cursor.ahead(1).text, re.ASCII) if len(whole) == len(token.text) else None
    if cursor.at_symbol(".") and fraction:
        cursor.take()
        cursor.lexer.split(cursor.index, fraction.end())
        cursor.take()
        return Float(f"{whole}.{fraction.group()}")
    if len(whole) > 19 or int(whole) > MAX_INT64:
        problem = f'strconv.ParseInt: parsing "{whole}": value out of range'
        raise SyntaxFault(token.start, reason=f"failed to parse '{whole}' as integer: {problem}")
    return int(whole)


def read_string(cursor: Cursor) -> str:
    """A quoted or triple-quoted string. Raises SyntaxFault."""
    token = cursor.token
    if token.kind is Kind.BROKEN and token.problem:
        fault = SyntaxFault(token.end, expected=token.problem)
        fault.require()
        raise fault
    if token.kind not in {Kind.STRING, Kind.RAW_STRING}:
        raise SyntaxFault(token.start, expected="quoted string")
    cursor.take()
    if token.kind is Kind.RAW_STRING:
        return token.text[3:-3]
    try:
        return unquote(token.text)
    except Fault as fault:
        reason = f"failed to unescape quoted string contents: {fault.text}"
        raise SyntaxFault(token.start, reason=reason) from fault
