"""Methods on numbers: rounding, functions of calculus, and conversions to sized types."""

from __future__ import annotations

import math
import struct
from collections.abc import Callable
from typing import Any

from streams.bloblang.errors import Fault, TypeFault
from streams.bloblang.gonumber import parse_float, parse_int
from streams.bloblang.registry import ExpectedFailure, Naming, example, floating, integer, method
from streams.bloblang.values import (
    MAX_INT64,
    MAX_UINT64,
    MIN_INT64,
    get_string,
    is_number,
    to_number,
    wrap_int64,
)
from streams.jsontext import Float


def _number(value: Any) -> Any:
    if not is_number(value):
        raise TypeFault(value, ("number",))
    return value


def _whole(value: float) -> int | Float:
    """The integer if it fits into 64 bits, else the float."""
    if not math.isfinite(value) or not MIN_INT64 <= value < 2.0**63:
        return Float(value)
    return int(value)


def _rounding(name: str, summary: str, change: Callable[[float], float], shown: tuple[float, int]) -> None:
    def rounded(value: Any) -> int | Float:
        number = _number(value)
        return _whole(change(number)) if isinstance(number, float) else int(number)

    method(name, summary, examples=(example(f"root = this.{name}()", shown),))(rounded)


def _half_away(value: float) -> float:
    if not math.isfinite(value) or abs(value) >= 2.0**52:
        return value
    whole = math.floor(abs(value))
    return math.copysign(whole + (abs(value) - whole >= 0.5), value)


def _if_finite(change: Callable[[float], int]) -> Callable[[float], float]:
    return lambda value: change(value) if math.isfinite(value) else value


_rounding("ceil", "The smallest integer not below the number.", _if_finite(math.ceil), (5.3, 6))
_rounding("floor", "The largest integer not above the number.", _if_finite(math.floor), (-5.3, -6))
_rounding("round", "The nearest integer, halves away from zero.", _half_away, (-2.5, -3))


@method(
    "abs",
    "The number without its sign.",
    naming=Naming.NONE,
    examples=(example("root = this.abs()", (-3, 3), (-1.5, 1.5)),),
)
def absolute(value: Any) -> int | Float:
    """The absolute value; of the smallest integer, the largest."""
    if not is_number(value):
        raise TypeFault(value, ("number", "integer"))
    return Float(abs(value)) if isinstance(value, float) else min(abs(int(value)), MAX_INT64)


def _calculus(name: str, summary: str, compute: Callable[[float], float], shown: tuple[float, float]) -> None:
    def computed(value: Any) -> Float:
        number = float(_number(value))
        try:
            return Float(compute(number))
        except ValueError:
            # Outside its domain Go gives infinity at the border and no number beyond.
            return Float(-math.inf if number == 0 else math.nan)

    method(name, summary, examples=(example(f"root = this.{name}()", shown),))(computed)


_calculus("log", "The natural logarithm.", math.log, (1, 0.0))
_calculus("log10", "The decimal logarithm.", math.log10, (1000, 3.0))
_calculus("sin", "The sine of an angle in radians.", math.sin, (0, 0.0))
_calculus("cos", "The cosine of an angle in radians.", math.cos, (0, 1.0))
_calculus("tan", "The tangent of an angle in radians.", math.tan, (0, 0.0))


@method(
    "pow",
    "The number to the power of another.",
    parameters=(floating("exponent"),),
    examples=(example("root = this.pow(3)", (2, 8.0)),),
)
def power(value: Any, exponent: Float) -> Float:
    """A float; infinity where it overflows."""
    base = float(_number(value))
    try:
        return Float(math.pow(base, exponent))
    except OverflowError:
        return Float(math.copysign(math.inf, base) if exponent % 2 == 1 else math.inf)
    except ValueError:
        return Float(math.inf if base == 0 else math.nan)


def _integral(value: Any, *, signed: bool) -> int:
    kind = "a signed" if signed else "an unsigned"
    if isinstance(value, (str, bytes)):
        low, high = (MIN_INT64, MAX_INT64) if signed else (0, MAX_UINT64)
        return parse_int(
            get_string(value), low=low, high=high, function="ParseInt" if signed else "ParseUint"
        )
    number = _number(value)
    if isinstance(number, float):
        return _from_float(number, kind, signed=signed)
    if not signed and number < 0:
        raise Fault("signed integer value is negative and cannot be cast as an unsigned integer")
    return int(number)


def _from_float(number: float, kind: str, *, signed: bool) -> int:
    if not signed and number < 0:
        raise Fault("float value is negative and cannot be cast as an unsigned integer")
    if not math.isfinite(number):
        name = "NAN" if math.isnan(number) else "+/-INF"
        raise Fault(f"cannot convert {name} to an {'' if signed else 'unsigned '}integer")
    if number > (MAX_INT64 if signed else MAX_UINT64):
        raise Fault(f"float value is too large to be cast as {kind} integer")
    if number < MIN_INT64:
        raise Fault(f"float value is too small to be cast as {kind} integer")
    if number != int(number):
        raise Fault(
            f"float value contains decimals and therefore cannot be cast as {kind} integer, "
            "if you intend to round the value then call `.round()` explicitly before this cast"
        )
    return int(number)


def _sized(bits: int, *, signed: bool) -> None:
    low, high = (-(1 << bits - 1), (1 << bits - 1) - 1) if signed else (0, (1 << bits) - 1)
    kind = f"{'an' if bits == 8 else 'a'} {bits}-bit {'signed' if signed else 'unsigned'} integer"

    def sized(value: Any) -> int:
        number = _integral(value, signed=signed)
        if bits < 64 and not low <= number <= high:
            raise Fault(f"value is too {'large' if number > high else 'small'} to be cast as {kind}")
        return number

    name = f"{'' if signed else 'u'}int{bits}"
    shown = example(f"root = this.{name}()", ("0x1F", 31), (12, 12))
    method(name, f"The number, or text of one, as {kind}.", naming=Naming.NONE, examples=(shown,))(sized)


for _bits in (8, 16, 32, 64):
    _sized(_bits, signed=True)
    _sized(_bits, signed=False)


@method(
    "float64",
    "The number, or text of one, as a 64-bit float.",
    naming=Naming.NONE,
    examples=(example("root = this.float64()", ("1.5", 1.5)),),
)
def float64(value: Any) -> Float:
    """The float."""
    return Float(to_number(value))


@method(
    "float32",
    "The number, or text of one, as a 32-bit float.",
    naming=Naming.NONE,
    examples=(
        example("root = this.float32()", ("0.1", 0.1)),
        example(
            "root = this.float32()",
            ([], ExpectedFailure("failed assignment (line 1): expected number value, got array")),
        ),
    ),
)
def float32(value: Any) -> Float:
    """The float, with as few digits as tell it from its 32-bit neighbours."""
    number = parse_float(get_string(value)) if isinstance(value, (str, bytes)) else float(_number(value))
    try:
        single: float = struct.unpack("f", struct.pack("f", number))[0]
    except OverflowError:
        return Float(math.copysign(math.inf, number))
    for digits in range(1, 10):
        shorter = float(f"{single:.{digits}g}")
        if struct.unpack("f", struct.pack("f", shorter))[0] == single:
            return Float(shorter)
    return Float(single)


def _bitwise(name: str, summary: str, combine: Callable[[int, int], int], shown: int) -> None:
    def combined(value: Any, other: int) -> int:
        return wrap_int64(combine(_integral(value, signed=True), other))

    shown_example = example(f"root = this.{name}(6)", (12, shown))
    method(name, summary, parameters=(integer("value"),), naming=Naming.NONE, examples=(shown_example,))(
        combined
    )


_bitwise("bitwise_and", "The bits set in both integers.", int.__and__, 4)
_bitwise("bitwise_or", "The bits set in either integer.", int.__or__, 14)
_bitwise("bitwise_xor", "The bits set in one of the integers only.", int.__xor__, 10)
