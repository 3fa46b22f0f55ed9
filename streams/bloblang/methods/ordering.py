"""Methods that sort arrays and find duplicates or extremes."""

from __future__ import annotations

from collections.abc import Callable
from functools import cmp_to_key
from typing import Any

from streams.bloblang.errors import RUNTIME_FAULTS, Fault, TypeFault
from streams.bloblang.registry import OPTIONAL, ExpectedFailure, Naming, example, method, query
from streams.bloblang.run import STEP, Run
from streams.bloblang.values import get_number, get_string, is_number, require_list, type_fault_text
from streams.jsontext import Float

Query = Callable[[Any], Any]


def _sort_keys(values: list[Any], name: str, origin: str = "") -> list[Any]:
    """Keys that sort as the values do: all numbers or all text. Raises Fault for the first that is neither."""
    numeric = bool(values) and is_number(values[0])
    keys: list[Any] = []
    for position, value in enumerate(values):
        if not numeric and not isinstance(value, (str, bytes)) and position == 0:
            raise Fault(
                f"{name} element 0: {type_fault_text(TypeFault(value, ('number', 'string'), origin))}"
            )
        try:
            keys.append(get_number(value) if numeric else get_string(value))
        except TypeFault as fault:
            # Go's sort meets the odd one out on either side of a comparison; the words differ.
            expected = (
                ("number", "string") if isinstance(value, (dict, list)) or value is None else fault.expected
            )
            raise Fault(
                f"{name} element {position}: {type_fault_text(TypeFault(value, expected, origin))}"
            ) from None
    return keys


@method(
    "sort",
    "The array in increasing order, of numbers or of text; or as a query orders `left` and `right`.",
    parameters=(query("compare", OPTIONAL),),
    context=True,
    naming=Naming.TYPES,
    examples=(
        example("root = this.sort()", ([3, 1.5, 2], [1.5, 2, 3]), (["b", "a"], ["a", "b"])),
        example("root = this.sort(item -> item.left > item.right)", ([1, 3, 2], [3, 2, 1])),
        example(
            "root = this.sort()",
            (
                [1, {}],
                ExpectedFailure(
                    "failed assignment (line 1): sort element 1: expected number or string value, got object"
                ),
            ),
        ),
    ),
)
def sort(run: Run, value: Any, compare: Query | None) -> list[Any]:
    """A sorted copy."""
    items = require_list(value)
    run.charge(STEP * len(items))
    if compare is None:
        if set(map(type, items)) <= {str}:
            return sorted(items)
        keys = _sort_keys(items, "sort") if len(items) > 1 else [0] * len(items)
        return [items[position] for position in sorted(range(len(items)), key=keys.__getitem__)]
    return sorted(items, key=cmp_to_key(_comparison(run, compare)))


def _comparison(run: Run, compare: Query) -> Callable[[Any, Any], int]:
    def less(left: Any, right: Any) -> bool:
        run.charge(STEP)
        result = compare({"left": left, "right": right})
        if result.__class__ is not bool:
            raise TypeFault(result, ("bool",), "sort argument")
        return bool(result)

    def ordered(left: Any, right: Any) -> int:
        return -1 if less(left, right) else int(less(right, left))

    return ordered


@method(
    "sort_by",
    "The array in increasing order of what a query gives for each element.",
    parameters=(query("query"),),
    context=True,
    naming=Naming.TYPES,
    examples=(example("root = this.sort_by(item -> item.n)", ([{"n": 2}, {"n": 1}], [{"n": 1}, {"n": 2}])),),
)
def sort_by(run: Run, value: Any, emit: Query) -> list[Any]:
    """A sorted copy."""
    items = require_list(value)
    run.charge(2 * STEP * len(items))
    if len(items) < 2:
        return list(items)
    keys = _sort_keys([emit(item) for item in items], "sort_by")
    return [items[position] for position in sorted(range(len(items)), key=keys.__getitem__)]


@method(
    "unique",
    "The array without repetitions, of numbers and text, or of what a query gives for each element.",
    parameters=(query("emit", OPTIONAL),),
    context=True,
    examples=(
        example("root = this.unique()", ([1, "1", 1.0, "1"], [1, "1"])),
        example(
            "root = this.unique(item -> item.k)", ([{"k": 1, "n": 1}, {"k": 1, "n": 2}], [{"k": 1, "n": 1}])
        ),
    ),
)
def unique(run: Run, value: Any, emit: Query | None) -> list[Any]:
    """The first of each."""
    seen: set[Any] = set()
    kept = []
    for position, item in enumerate(require_list(value)):
        run.charge(STEP)
        key = _unique_key(position, _emitted(run, position, item, emit))
        if key not in seen:
            seen.add(key)
            kept.append(item)
    return kept


def _emitted(run: Run, position: int, item: Any, emit: Query | None) -> Any:
    if emit is None:
        return item
    try:
        return emit(item)
    except RUNTIME_FAULTS as error:
        raise Fault(f"index {position}: {run.explained(error)}") from error


def _unique_key(position: int, value: Any) -> Any:
    if isinstance(value, (str, bytes)):
        return get_string(value)
    if is_number(value):
        return float(value)
    raise Fault(f"index {position}: {type_fault_text(TypeFault(value, ('string', 'number')))}")


def _extreme(choose: Callable[..., Any], value: Any) -> Any:
    items = require_list(value)
    if not items:
        raise Fault("the array was empty")
    for position, item in enumerate(items):
        if not is_number(item):
            raise Fault(f"index {position} of array: {type_fault_text(TypeFault(item, ('number',)))}")
    return Float(choose(map(get_number, items)))


@method(
    "max",
    "The largest of an array of numbers.",
    examples=(example("root = this.max()", ([1, 3.5, 2], 3.5), ([1, 3], 3.0)),),
)
def maximum(value: Any) -> Any:
    """The number."""
    return _extreme(max, value)


@method(
    "min",
    "The smallest of an array of numbers.",
    examples=(example("root = this.min()", ([2, 0.5, 1], 0.5)),),
)
def minimum(value: Any) -> Any:
    """The number."""
    return _extreme(min, value)
