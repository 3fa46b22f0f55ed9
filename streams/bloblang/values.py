"""The values a mapping works on: their type names, conversions and equality, as Bento defines them."""

from __future__ import annotations

import math
from enum import Enum
from typing import Any, Final

from streams.bloblang.errors import TypeFault
from streams.bloblang.gonumber import general_float, parse_float
from streams.bloblang.gotime import parse_rfc3339
from streams.jsontext import Float, serialise, source_text, valid_text
from streams.timestamp import NANOSECONDS, Timestamp

Value = Any
"""None, bool, int (64 bits), Float, str, bytes, Timestamp, list, dict, or a Marker."""

MAX_INT64: Final = 2**63 - 1
MIN_INT64: Final = -(2**63)
MAX_UINT64: Final = 2**64 - 1


class Marker(Enum):
    """Results that are no values."""

    DELETED = "delete"  # the target is to be removed
    NOTHING = "nothing"  # the assignment is to be skipped

    def __repr__(self) -> str:
        return self.name


DELETED: Final = Marker.DELETED
NOTHING: Final = Marker.NOTHING

_TYPE_NAMES: Final[dict[type, str]] = {
    str: "string",
    bytes: "bytes",
    bool: "bool",
    int: "number",
    float: "number",
    Float: "number",
    list: "array",
    dict: "object",
    type(None): "null",
    Timestamp: "timestamp",
}


def type_name(value: Value) -> str:
    """The name `type()` gives a value, also used in error texts."""
    if isinstance(value, Marker):
        return str(value.value)
    return _TYPE_NAMES.get(type(value), "unknown")


def wrap_int64(value: int) -> int:
    """The low 64 bits of an integer, read as two's complement."""
    if MIN_INT64 <= value <= MAX_INT64:
        return value
    return ((value + 2**63) & MAX_UINT64) - 2**63


def is_number(value: Value) -> bool:
    """Whether the value is a number; a bool is none."""
    return isinstance(value, (int, float)) and value.__class__ is not bool


def get_number(value: Value) -> float:
    """The value as a float if it is a number. Raises TypeFault."""
    if is_number(value):
        return float(value)
    raise TypeFault(value, ("number",))


def get_int(value: Value) -> int:
    """The value as an int64, fractions cut off, if it is a number. Raises TypeFault."""
    if value.__class__ is int:
        return wrap_int64(value)
    if isinstance(value, float):
        return _float_to_int(value)
    raise TypeFault(value, ("number",))


def _float_to_int(value: float) -> int:
    # Go leaves a conversion out of range to the processor; amd64 gives the smallest integer.
    if math.isnan(value) or not MIN_INT64 <= value < 2.0**63:
        return MIN_INT64
    return int(value)


def get_bool(value: Value) -> bool:
    """The value as a bool; of numbers, zero is false. Raises TypeFault."""
    if value.__class__ is bool:
        return bool(value)
    if is_number(value):
        return bool(value != 0)
    raise TypeFault(value, ("bool",))


def get_string(value: Value) -> str:
    """The text of a string, bytes or timestamp. Raises TypeFault."""
    if value.__class__ is str:
        return str(value)
    if isinstance(value, bytes):
        return value.decode("utf-8", "surrogateescape")
    if isinstance(value, Timestamp):
        return value.rfc3339()
    raise TypeFault(value, ("string",))


def get_bytes(value: Value) -> bytes:
    """The bytes of a string, bytes or timestamp. Raises TypeFault."""
    if isinstance(value, bytes):
        return value
    if isinstance(value, str):
        return string_bytes(value)
    if isinstance(value, Timestamp):
        return value.rfc3339().encode()
    raise TypeFault(value, ("bytes",))


def string_bytes(text: str) -> bytes:
    """The UTF-8 of a string; bytes that were no UTF-8 when it was made come back as they were."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return valid_text(text).encode()


def bytes_string(data: bytes) -> str:
    """The string of UTF-8 bytes; what is no UTF-8 is kept so that string_bytes gives it back."""
    return data.decode("utf-8", "surrogateescape")


def get_timestamp(value: Value) -> Timestamp:
    """A timestamp from RFC 3339 text, Unix seconds, or one already made. Raises Fault."""
    if isinstance(value, Timestamp):
        return value
    if value.__class__ is int:
        return Timestamp(value * NANOSECONDS)
    if isinstance(value, float):
        whole = _float_to_int(value)
        return Timestamp(whole * NANOSECONDS + int((value - whole) * 1e9))
    if isinstance(value, (str, bytes)):
        return parse_rfc3339(get_string(value))
    raise TypeFault(value, ("number", "string"))


def to_string(value: Value) -> str:
    """What `string()` and interpolation make of any value."""
    if isinstance(value, str):
        return value
    if isinstance(value, bytes):
        return bytes_string(value)
    if isinstance(value, Timestamp):
        return value.rfc3339()
    if isinstance(value, float):
        return number_text(value)
    return serialise(value).decode()


def to_bytes(value: Value) -> bytes:
    """What `bytes()` makes of any value."""
    return value if isinstance(value, bytes) else string_bytes(to_string(value))


def number_text(value: float) -> str:
    """A float as Go's %v writes it; one read from a document keeps its text."""
    text = source_text(value)
    return general_float(value) if text is None else text


def to_number(value: Value) -> float:
    """A float from a number or the text of one. Raises Fault."""
    if is_number(value):
        return float(value)
    if isinstance(value, (str, bytes)):
        return parse_float(get_string(value))
    raise TypeFault(value, ("number",))


_TRUE_TEXTS: Final = frozenset(("1", "t", "T", "TRUE", "true", "True"))
_FALSE_TEXTS: Final = frozenset(("0", "f", "F", "FALSE", "false", "False"))


def to_bool(value: Value) -> bool:
    """A bool from a bool, a number or one of the texts Go takes for one. Raises TypeFault."""
    if isinstance(value, (str, bytes)):
        text = get_string(value)
        if text in _TRUE_TEXTS:
            return True
        if text in _FALSE_TEXTS:
            return False
        raise TypeFault(value, ("bool",))
    return get_bool(value)


def is_null(value: Value) -> bool:
    """Whether a fallback (`or`, `|`) takes the value's place."""
    return value is None or isinstance(value, Marker)


def equal(left: Value, right: Value) -> bool:
    """Equality of values: numbers by value, strings and bytes by content, mismatched types unequal.

    A bool on the left takes a number on the right for a bool; the other way round they differ.
    """
    kind = left.__class__
    if kind is str:
        return _equals_text(left, right)
    if kind is bool:
        return is_boolean_like(right) and left == get_bool(right)
    if kind is int or kind is Float or kind is float:
        return is_number(right) and _equal_numbers(left, right)
    if kind is list or kind is dict:
        return _equal_containers(left, right)
    if kind is bytes or kind is Timestamp:
        return _equals_text(get_string(left), right)
    return left is None and right is None


def _equal_numbers(left: float, right: float) -> bool:
    return left == right if left.__class__ is right.__class__ else float(left) == float(right)


def is_boolean_like(value: Value) -> bool:
    """Whether get_bool takes the value."""
    return value.__class__ is bool or is_number(value)


def _equals_text(left: str, right: Value) -> bool:
    if right.__class__ is str:
        return left == right
    return isinstance(right, (bytes, Timestamp)) and left == get_string(right)


def _equal_containers(left: Value, right: Value) -> bool:
    if left.__class__ is not right.__class__ or len(left) != len(right):
        return False
    if isinstance(left, list):
        return all(map(equal, left, right))
    return all(equal(item, right.get(key)) for key, item in left.items())


def require_list(value: Value) -> list[Value]:
    """The value if it is an array. Raises TypeFault."""
    if isinstance(value, list):
        return value
    raise TypeFault(value, ("array",))


def require_dict(value: Value) -> dict[str, Value]:
    """The value if it is an object. Raises TypeFault."""
    if isinstance(value, dict):
        return value
    raise TypeFault(value, ("object",))


def shown(value: Value) -> str:
    """How a type error shows the value: strings quoted, numbers and bools plain, others not at all."""
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return to_string(value)
    return ""


def type_fault_text(fault: TypeFault) -> str:
    """The words of a type error: what was expected, what came, and where from."""
    *most, last = fault.expected
    expected = f"{', '.join(most)} or {last}" if most else last
    origin = f" from {fault.origin}" if fault.origin else ""
    value = shown(fault.value)
    return f"expected {expected} value, got {type_name(fault.value)}{origin}" + (
        f" ({value})" if value else ""
    )
