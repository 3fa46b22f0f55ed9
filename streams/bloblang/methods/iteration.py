"""Methods that evaluate a query for each element of an array or member of an object."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from streams.bloblang.errors import RUNTIME_FAULTS, Fault, TypeFault
from streams.bloblang.registry import ExpectedFailure, anything, example, method, query
from streams.bloblang.run import STEP, Run
from streams.bloblang.values import DELETED, NOTHING, require_dict, require_list, type_fault_text

Query = Callable[[Any], Any]


def _wrapped(run: Run, error: Exception, doing: str) -> Fault:
    return Fault(f"{doing}: {run.explained(error)}")


@method(
    "map_each",
    "Replaces each element with the result of a query, of objects each value, the query seeing key and value. "
    "`deleted()` removes the element.",
    parameters=(query("query"),),
    context=True,
    examples=(
        example("root = this.map_each(n -> if n > 1 { n * 10 } else { deleted() })", ([1, 2, 3], [20, 30])),
        example("root = this.map_each(item -> item.key + item.value)", ({"a": "x"}, {"a": "ax"})),
    ),
)
def map_each(run: Run, value: Any, mapped: Query) -> Any:
    """A new array or object."""
    if value.__class__ is list:
        return _mapped_items(run, value, mapped)
    if value.__class__ is dict:
        return dict(_mapped_members(run, list(value.items()), mapped))
    raise TypeFault(value, ("array",))


def _mapped_items(run: Run, items: list[Any], mapped: Query) -> list[Any]:
    run.charge(STEP * len(items))
    results = []
    for position, item in enumerate(items):
        try:
            result = mapped(item)
        except RUNTIME_FAULTS as error:
            raise _wrapped(run, error, f"failed to process element {position}") from error
        if result is not DELETED:
            results.append(item if result is NOTHING else result)
    return results


def _mapped_members(run: Run, members: list[tuple[str, Any]], mapped: Query) -> list[tuple[str, Any]]:
    run.charge(STEP * len(members))
    results = []
    for key, item in members:
        try:
            result = mapped({"key": key, "value": item})
        except RUNTIME_FAULTS as error:
            raise _wrapped(run, error, f"failed to process element {key}") from error
        if result is not DELETED:
            results.append((key, item if result is NOTHING else result))
    return results


@method(
    "map_each_key",
    "Replaces each key of an object with the result of a query.",
    parameters=(query("query"),),
    context=True,
    examples=(example("root = this.map_each_key(key -> key.uppercase())", ({"a": 1}, {"A": 1})),),
)
def map_each_key(run: Run, value: Any, mapped: Query) -> dict[str, Any]:
    """A new object."""
    made = {}
    for key, item in require_dict(value).items():
        run.charge(STEP)
        result = mapped(key)
        if result is NOTHING:
            result = key
        if result.__class__ is not str:
            problem = type_fault_text(TypeFault(result, ("string",)))
            raise Fault(f"unexpected result from key mapping: {problem}")
        made[result] = item
    return made


@method(
    "filter",
    "Keeps the elements for which a query is true; of objects, the members, the query seeing key and value.",
    parameters=(query("test"),),
    context=True,
    examples=(
        example("root = this.filter(n -> n > 1)", ([1, 2, 3], [2, 3])),
        example('root = this.filter(item -> item.key != "b")', ({"a": 1, "b": 2}, {"a": 1})),
    ),
)
def filter_items(run: Run, value: Any, test: Query) -> Any:
    """A new array or object."""
    if value.__class__ is list:
        run.charge(STEP * len(value))
        return [item for item in value if test(item) is True]
    if value.__class__ is dict:
        run.charge(STEP * len(value))
        return {key: item for key, item in value.items() if test({"key": key, "value": item}) is True}
    raise TypeFault(value, ("array", "object"))


@method(
    "fold",
    "Combines the elements: the query sees the tally so far and the value, and gives the next tally.",
    parameters=(anything("initial"), query("query")),
    context=True,
    accumulates=True,
    examples=(example("root = this.fold(0, item -> item.tally + item.value)", ([1, 2, 3], 6), ([], 0)),),
)
def fold(run: Run, value: Any, initial: Any, combine: Query) -> Any:
    """The last tally."""
    tally = initial
    for item in require_list(value):
        run.charge(STEP)
        tally = combine({"tally": tally, "value": item})
    return tally


def _tested(run: Run, index: int, item: Any, test: Query) -> bool:
    run.charge(STEP)
    try:
        result = test(item)
    except RUNTIME_FAULTS as error:
        raise _wrapped(run, error, f"element {index}") from error
    if result.__class__ is not bool:
        raise Fault(f"element {index}: {type_fault_text(TypeFault(result, ('bool',)))}")
    return bool(result)


@method(
    "all",
    "Whether a query is true for every element; false for an empty array.",
    parameters=(query("test"),),
    context=True,
    boolean=True,
    examples=(
        example("root = this.all(n -> n > 1)", ([2, 3], True), ([1, 2], False), ([], False)),
        example(
            "root = this.all(n -> n)",
            (
                [1],
                ExpectedFailure(
                    "failed assignment (line 1): field `this`: element 0: expected bool value, got number (1)"
                ),
            ),
        ),
    ),
)
def all_of(run: Run, value: Any, test: Query) -> bool:
    """Whether all pass."""
    items = require_list(value)
    return bool(items) and all(_tested(run, index, item, test) for index, item in enumerate(items))


@method(
    "any",
    "Whether a query is true for at least one element.",
    parameters=(query("test"),),
    context=True,
    boolean=True,
    examples=(example("root = this.any(n -> n > 2)", ([1, 3], True), ([], False)),),
)
def any_of(run: Run, value: Any, test: Query) -> bool:
    """Whether one passes."""
    return any(_tested(run, index, item, test) for index, item in enumerate(require_list(value)))


def _matches(run: Run, index: int, item: Any, test: Query) -> bool:
    run.charge(STEP)
    try:
        result = test(item)
    except RUNTIME_FAULTS as error:
        raise _wrapped(run, error, f"query returned an error for index {index}") from error
    if result.__class__ is not bool:
        problem = type_fault_text(TypeFault(result, ("bool",)))
        raise Fault(f"query returned a non-boolean value for index {index}: {problem}")
    return bool(result)


@method(
    "find_by",
    "The index of the first element for which a query is true, or -1.",
    parameters=(query("query"),),
    context=True,
    examples=(example("root = this.find_by(n -> n > 1)", ([1, 2, 3], 1), ([], -1)),),
)
def find_by(run: Run, value: Any, test: Query) -> int:
    """The index."""
    matches = (index for index, item in enumerate(require_list(value)) if _matches(run, index, item, test))
    return next(matches, -1)


@method(
    "find_all_by",
    "The indexes of all elements for which a query is true.",
    parameters=(query("query"),),
    context=True,
    examples=(example("root = this.find_all_by(n -> n > 1)", ([1, 2, 3], [1, 2])),),
)
def find_all_by(run: Run, value: Any, test: Query) -> list[int]:
    """The indexes."""
    return [index for index, item in enumerate(require_list(value)) if _matches(run, index, item, test)]
