"""JSON text to values and back so that what nobody touched comes out as it went in.

orjson is the fast path and is right for almost every event. It cannot keep `1.0`, `1e5` or a number of
20 digits as written, so a text holding such a number is parsed by the standard library with its number
texts kept. Output follows Go's encoder, as Bento's does: keys sorted, no HTML escaping, numbers without a
trailing `.0`, bytes as base64, timestamps as RFC 3339.
"""

from __future__ import annotations

import base64
import json
import math
import re
from decimal import Decimal
from operator import itemgetter
from typing import Any, NoReturn

import orjson
import re2

from streams.json_problem import describe
from streams.timestamp import Timestamp

JsonValue = Any
"""None, bool, int, float, str, list, dict with str keys; inside a mapping also bytes and Timestamp."""

_MAX_INT64 = 2**63 - 1
_MIN_INT64 = -(2**63)
# A number orjson would rewrite: with a fraction or exponent, minus zero, or too long to be surely an int64.
_NEEDS_ITS_TEXT = re2.compile(rb'(?:^|"\s*:|[\[,])\s*-?(?:[0-9]{1,18}[.eE]|[0-9]{19})|(?:^|[:\[,])\s*-0')
_SPACED = b'": '
_SAMPLE = 64
_OPTIONS = orjson.OPT_SORT_KEYS | orjson.OPT_PASSTHROUGH_DATACLASS
_SURROGATE = re.compile("[\ud800-\udfff]")


class Float(float):
    """A 64-bit float that remembers how the document wrote it; None when a mapping computed it."""

    __slots__ = ("text",)
    text: str | None

    def __new__(cls, value: float | str, text: str | None = None) -> Float:
        """A float, with the text of it in the document if it came from one."""
        self = float.__new__(cls, value)
        self.text = text
        return self


class NotJsonError(ValueError):
    """The text is not one JSON document."""


def parse(text: bytes | str) -> JsonValue:
    """The value of a JSON document, exact: every number can be written back as it was.

    Raises NotJsonError with the reason when `text` is not exactly one document.
    """
    raw = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
    try:
        value = orjson.loads(raw)
    except orjson.JSONDecodeError:
        # Go replaces invalid UTF-8 and lone surrogates with U+FFFD where orjson refuses the document.
        return _parse_exactly(raw)
    # Writing a compact document back and comparing costs a third of searching it for such numbers.
    try:
        if _SPACED not in raw[:_SAMPLE] and orjson.dumps(value) == raw:
            return value
    except TypeError:  # orjson reads deeper nesting than it writes
        return _parse_exactly(raw)
    return _parse_exactly(raw) if _NEEDS_ITS_TEXT.search(raw) is not None else value


def _parse_exactly(raw: bytes) -> JsonValue:
    try:
        value = _DECODER.decode(raw.decode("utf-8", "replace"))
    except (ValueError, RecursionError) as error:
        raise NotJsonError(describe(raw)) from error
    return _without_surrogates(value) if rb"\u" in raw else value


def _integer(text: str) -> int | Float:
    if len(text) < 19:
        return Float(0.0, text) if text == "-0" else int(text)
    if len(text) > 20:
        return _floating(text)
    value = int(text)
    return value if _MIN_INT64 <= value <= _MAX_INT64 else Float(value, text)


def _floating(text: str) -> Float:
    return Float(float(text), text)


def _refuse_constant(text: str) -> NoReturn:
    raise ValueError(f"invalid literal {text}")


_DECODER = json.JSONDecoder(parse_float=_floating, parse_int=_integer, parse_constant=_refuse_constant)


def _without_surrogates(value: JsonValue) -> JsonValue:
    if isinstance(value, str):
        return valid_text(value)
    if isinstance(value, list):
        return [_without_surrogates(item) for item in value]
    if isinstance(value, dict):
        return {valid_text(key): _without_surrogates(item) for key, item in value.items()}
    return value


def valid_text(text: str) -> str:
    """The text with what UTF-8 cannot hold replaced by U+FFFD, as Go's encoder does."""
    return _SURROGATE.sub("\ufffd", text)


def serialise(value: JsonValue) -> bytes:
    """The value as compact JSON with sorted keys."""
    try:
        return orjson.dumps(value, default=_encode, option=_OPTIONS)
    except TypeError:
        return _serialise_slowly(value)


def _encode(value: JsonValue) -> Any:
    if isinstance(value, float):
        return orjson.Fragment(float_text(value))
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, Timestamp):
        return _timestamp_text(value)
    return None


def _timestamp_text(moment: Timestamp) -> str | None:
    """RFC 3339 has four digits for the year; a moment outside of them becomes null, as infinity does."""
    try:
        return moment.rfc3339()
    except OverflowError:
        return None


def source_text(value: float) -> str | None:
    """How the document wrote a number; None for one that was computed.

    A plain float comes from a document that reads the same when written back, so its text is what orjson writes.
    """
    return value.text if isinstance(value, Float) else orjson.dumps(value).decode()


def float_text(value: float) -> str:
    """How Go's JSON encoder writes a float: an exponent only below 1e-6 and from 1e21 on, no trailing `.0`.

    Infinity and what is no number, which JSON cannot hold, become null.
    """
    text = source_text(value)
    if text is not None:
        return text
    if not math.isfinite(value):
        return "null"
    mantissa, _, exponent = float.__repr__(value).partition("e")
    if not exponent:
        return mantissa.removesuffix(".0")
    if not 1e-6 <= abs(value) < 1e21:
        return f"{mantissa.removesuffix('.0')}e{int(exponent):+d}"
    return format(Decimal(float.__repr__(value)), "f").removesuffix(".0")


def _serialise_slowly(value: JsonValue) -> bytes:
    # orjson refuses lone surrogates, integers past 64 bits and nesting past 254 levels.
    parts: list[str] = []
    pending: list[JsonValue] = [value]
    while pending:
        item = pending.pop()
        if isinstance(item, _Written):
            parts.append(item)
        elif isinstance(item, dict):
            pending += reversed(_object_parts(item))
        elif isinstance(item, list):
            pending += reversed(_array_parts(item))
        else:
            parts.append(_scalar_text(item))
    return "".join(parts).encode()


class _Written(str):
    """Text of the result itself, among values still to be written."""

    __slots__ = ()


def _object_parts(members: dict[str, JsonValue]) -> list[JsonValue]:
    parts: list[JsonValue] = [_Written("{")]
    for key, item in sorted(((valid_text(key), item) for key, item in members.items()), key=itemgetter(0)):
        parts += (_Written(","), _Written(f"{_scalar_text(key)}:"), item)
    del parts[1:2]
    return [*parts, _Written("}")]


def _array_parts(items: list[JsonValue]) -> list[JsonValue]:
    parts: list[JsonValue] = [_Written("[")]
    for item in items:
        parts += (_Written(","), item)
    del parts[1:2]
    return [*parts, _Written("]")]


def _scalar_text(value: JsonValue) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        return str(int(value))
    scalar = valid_text(value) if isinstance(value, str) else value
    return orjson.dumps(scalar, default=_encode, option=_OPTIONS).decode()
