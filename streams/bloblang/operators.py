"""Arithmetic, comparison and logic, with Bento's rules for numbers, text and mismatched operands.

Integers are 64 bits wide and wrap; one float makes the other operand one; `/` is always a float division;
`%` cuts both operands to integers and takes the sign of the dividend.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Any

from streams.bloblang.errors import Fault, MismatchFault, TypeFault
from streams.bloblang.values import equal, get_bool, get_int, get_number, get_string, is_number, wrap_int64
from streams.jsontext import Float

Compute = Callable[[Any, Any], Any]


def add(left: Any, right: Any) -> Any:
    """`left + right` of two numbers, or of two texts."""
    if is_number(left):
        return _numeric("add", operator.add, left, right)
    if isinstance(left, (str, bytes)):
        try:
            return get_string(left) + get_string(right)
        except TypeFault:
            raise MismatchFault("add", left, right) from None
    raise MismatchFault("add", left, right)


def subtract(left: Any, right: Any) -> Any:
    """`left - right`."""
    return _numeric("subtract", operator.sub, left, right)


def multiply(left: Any, right: Any) -> Any:
    """`left * right`."""
    return _numeric("multiply", operator.mul, left, right)


def _numeric(name: str, compute: Compute, left: Any, right: Any) -> Any:
    if not is_number(left) or not is_number(right):
        raise MismatchFault(name, left, right)
    if isinstance(left, float) or isinstance(right, float):
        return Float(_float_operation(compute, float(left), float(right)))
    return wrap_int64(compute(left, right))


def _float_operation(compute: Compute, left: float, right: float) -> float:
    try:
        return float(compute(left, right))
    except OverflowError:
        return math.inf


def divide(left: Any, right: Any) -> Any:
    """`left / right`, always a float."""
    if not is_number(left) or not is_number(right):
        raise MismatchFault("divide", left, right)
    if right == 0:
        raise Fault("attempted to divide by zero")
    return Float(float(left) / float(right))


def modulo(left: Any, right: Any) -> Any:
    """`left % right` of integers."""
    if not is_number(left) or not is_number(right):
        raise MismatchFault("modulo", left, right)
    dividend, divisor = get_int(left), get_int(right)
    if divisor == 0:
        raise Fault("attempted to divide by zero")
    remainder = abs(dividend) % abs(divisor)
    return -remainder if dividend < 0 else remainder


def is_equal(left: Any, right: Any) -> bool:
    """`left == right`; never an error."""
    return equal(left, right)


def is_unequal(left: Any, right: Any) -> bool:
    """`left != right`; never an error."""
    return not equal(left, right)


def _comparison(compare: Compute) -> Compute:
    def compared(left: Any, right: Any) -> bool:
        if is_number(left) and is_number(right):
            if left.__class__ is int and right.__class__ is int:
                return bool(compare(left, right))
            return bool(compare(get_number(left), get_number(right)))
        if isinstance(left, (str, bytes)):
            try:
                return bool(compare(get_string(left), get_string(right)))
            except TypeFault:
                raise MismatchFault("compare", left, right) from None
        raise MismatchFault("compare", left, right)

    return compared


less = _comparison(operator.lt)
less_or_equal = _comparison(operator.le)
greater = _comparison(operator.gt)
greater_or_equal = _comparison(operator.ge)


def as_bool(value: Any) -> bool:
    """An operand of `&&` or `||`."""
    return get_bool(value)


def negate(value: Any) -> bool:
    """`!value`, of a bool only."""
    if value.__class__ is not bool:
        raise TypeFault(value, ("bool",))
    return not value


# The operators that evaluate both sides, and so can be computed as soon as both are known.
COMPUTED: dict[str, Compute] = {
    "+": add,
    "-": subtract,
    "*": multiply,
    "/": divide,
    "%": modulo,
    "==": is_equal,
    "!=": is_unequal,
    "<": less,
    "<=": less_or_equal,
    ">": greater,
    ">=": greater_or_equal,
}
