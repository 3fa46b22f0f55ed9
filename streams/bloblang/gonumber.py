"""Numbers to text and back as Go's strconv does (https://pkg.go.dev/strconv)."""

from __future__ import annotations

import math
import re

from streams.bloblang.errors import Fault

_DECIMAL = re.compile(r"[+-]?(?:[0-9][0-9_]*\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_HEXADECIMAL = re.compile(r"[+-]?0[xX][0-9a-fA-F]*\.?[0-9a-fA-F]*[pP][+-]?[0-9]+")
_SPECIAL = {"inf": math.inf, "infinity": math.inf, "nan": math.nan}


def general_float(value: float) -> str:
    """FormatFloat(value, 'g', -1, 64): shortest digits, with an exponent below 1e-4 and from 1e6 on."""
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else ("+Inf" if value > 0 else "-Inf")
    sign, digits, exponent = shortest_digits(value)
    if exponent < -4 or exponent >= 6:
        return sign + scientific(digits, exponent)
    return sign + positional(digits, exponent)


def shortest_digits(value: float) -> tuple[str, str, int]:
    """Sign, the fewest digits that read back as the value, and the exponent of the first digit."""
    mantissa, _, exponent = f"{float(value)!r}".lstrip("-").partition("e")
    whole, _, fraction = mantissa.partition(".")
    digits = (whole + fraction).lstrip("0")
    leading = len(whole + fraction) - len(digits)
    power = len(whole) - 1 - leading + int(exponent or 0)
    sign = "-" if math.copysign(1, value) < 0 else ""
    stripped = digits.rstrip("0")
    return (sign, stripped, power) if stripped else (sign, "0", 0)


def scientific(digits: str, exponent: int) -> str:
    """Digits as d.ddde±xx, the exponent of at least two digits."""
    fraction = f".{digits[1:]}" if len(digits) > 1 else ""
    return f"{digits[0]}{fraction}e{'-' if exponent < 0 else '+'}{abs(exponent):02d}"


def positional(digits: str, exponent: int) -> str:
    """Digits without an exponent, no trailing fraction."""
    if exponent < 0:
        return "0." + "0" * (-exponent - 1) + digits
    whole = digits[: exponent + 1].ljust(exponent + 1, "0")
    fraction = digits[exponent + 1 :]
    return f"{whole}.{fraction}" if fraction else whole


def parse_float(text: str) -> float:
    """strconv.ParseFloat(text, 64). Raises Fault in its words."""
    special = _SPECIAL.get(text.lstrip("+-").lower()) if text[:1] in "+-" or text[:1].isalpha() else None
    if special is not None and len(text) - len(text.lstrip("+-")) <= 1:
        return -special if text.startswith("-") else special
    if _HEXADECIMAL.fullmatch(text):
        return float.fromhex(text)
    if "_" in text or not _DECIMAL.fullmatch(text):
        raise Fault(f"strconv.ParseFloat: parsing {quoted(text)}: invalid syntax")
    value = float(text)
    if math.isinf(value):
        raise Fault(f"strconv.ParseFloat: parsing {quoted(text)}: value out of range")
    return value


_INTEGER = re.compile(
    r"[+-]?(?:0[xX](?:_?[0-9a-fA-F])+|0[bB](?:_?[01])+|0[oO](?:_?[0-7])+|0(?:_?[0-7])*|[1-9](?:_?[0-9])*)"
)


def parse_int(text: str, *, low: int, high: int, function: str = "ParseInt") -> int:
    """strconv.ParseInt(text, 0, bits): base by prefix. Raises Fault in its words."""
    signed = function == "ParseInt"
    if not _INTEGER.fullmatch(text) or (not signed and text[:1] in "+-"):
        raise Fault(f"strconv.{function}: parsing {quoted(text)}: invalid syntax")
    value = _integer(text.replace("_", ""))
    if not low <= value <= high:
        raise Fault(f"strconv.{function}: parsing {quoted(text)}: value out of range")
    return value


def _integer(text: str) -> int:
    sign = -1 if text.startswith("-") else 1
    body = text.lstrip("+-")
    if len(body) > 100:
        return sign * 10**100
    if body.startswith("0") and body[1:].isdigit():
        return sign * int(body, 8)
    return sign * int(body, 0)


_ESCAPES = {
    "\a": "\\a",
    "\b": "\\b",
    "\f": "\\f",
    "\n": "\\n",
    "\r": "\\r",
    "\t": "\\t",
    "\v": "\\v",
    "\\": "\\\\",
    '"': '\\"',
}


def quoted(text: str) -> str:
    """strconv.Quote: a Go string literal."""
    return '"' + "".join(map(_quoted_character, text)) + '"'


def _quoted_character(char: str) -> str:
    if char in _ESCAPES:
        return _ESCAPES[char]
    if char.isprintable():
        return char
    code = ord(char)
    if 0xDC80 <= code <= 0xDCFF:
        return f"\\x{code - 0xDC00:02x}"
    if code < 0x80:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


_UNQUOTE = re.compile(
    r"\\(?:([abfnrtv\\'\"])|x([0-9a-fA-F]{2})|([0-7]{3})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8}))|([^\\\n\"])|(.|\n)"
)
_SIMPLE = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", "\\": "\\", '"': '"'}


def unquote(literal: str) -> str:
    """strconv.Unquote of a double-quoted literal, quotes included. Raises Fault when it is malformed."""
    if len(literal) < 2 or literal[0] != '"' or literal[-1] != '"':
        raise Fault("invalid syntax")
    body = literal[1:-1]
    if "\\" not in body and "\n" not in body and '"' not in body:
        return body
    parts = bytearray()
    for match in _UNQUOTE.finditer(body):
        parts += _unquoted(match)
    return parts.decode("utf-8", "surrogateescape")


def _unquoted(match: re.Match[str]) -> bytes:
    simple, hexadecimal, octal, short, long, plain, _ = match.groups()
    if plain is not None:
        return plain.encode("utf-8", "surrogateescape")
    if simple is not None and simple in _SIMPLE:
        return _SIMPLE[simple].encode()
    code = int(hexadecimal or "0", 16) or int(octal or "0", 8)
    if (hexadecimal or octal) and code < 256:
        return bytes([code])
    point = int(short or long or "110000", 16)
    if point > 0x10FFFF or 0xD800 <= point < 0xE000:
        raise Fault("invalid syntax")
    return chr(point).encode()
