"""Methods on arrays, and those that take text, bytes and arrays alike."""

from __future__ import annotations

from typing import Any

from streams.bloblang.errors import Fault, TypeFault
from streams.bloblang.registry import (
    OPTIONAL,
    ExpectedFailure,
    Naming,
    anything,
    example,
    integer,
    method,
    string,
)
from streams.bloblang.run import Run
from streams.bloblang.values import (
    bytes_string,
    get_number,
    get_string,
    is_number,
    require_list,
    string_bytes,
    to_bytes,
    to_string,
    type_fault_text,
)
from streams.jsontext import Float


@method(
    "length",
    "The length of the target: bytes of text, elements of an array, keys of an object.",
    examples=(example("root = this.length()", ("äb", 3), ([1, 2], 2), ({"a": 1}, 1)),),
)
def length(value: Any) -> int:
    """The length."""
    if isinstance(value, str):
        return len(value) if value.isascii() else len(string_bytes(value))
    if isinstance(value, (bytes, list, dict)):
        return len(value)
    raise TypeFault(value, ("string", "array", "object"))


@method(
    "contains",
    "Whether text contains another, an array an element, or an object a value.",
    parameters=(anything("value"),),
    context=True,
    boolean=True,
    examples=(
        example(
            'root = this.contains("b")', ("abc", True), (["b"], True), ({"k": "b"}, True), (["a"], False)
        ),
        example("root = this.contains(2)", ([1, 2.0], True)),
    ),
)
def contains(run: Run, value: Any, wanted: Any) -> bool:
    """Whether it is there."""
    if isinstance(value, str):
        return to_string(run.measure(wanted)) in value
    if isinstance(value, bytes):
        return to_bytes(run.measure(wanted)) in value
    if isinstance(value, list):
        return any(run.equal(wanted, item) for item in value)
    if isinstance(value, dict):
        return any(run.equal(wanted, item) for item in value.values())
    raise TypeFault(value, ("string", "array", "object"))


@method(
    "append",
    "The array with the arguments added at its end.",
    variadic=True,
    examples=(example('root = this.append("c", "d")', (["a"], ["a", "c", "d"])),),
)
def append(value: Any, *items: Any) -> list[Any]:
    """A longer array."""
    return [*require_list(value), *items]


@method(
    "concat",
    "The array with the elements of the argument arrays added at its end.",
    naming=Naming.NONE,
    variadic=True,
    examples=(example("root = this.a.concat(this.b, [5])", ({"a": [1], "b": [2, 3]}, [1, 2, 3, 5])),),
)
def concat(value: Any, *others: Any) -> list[Any]:
    """A longer array."""
    return [item for part in (value, *others) for item in require_list(part)]


@method(
    "enumerated",
    "Each element as an object of its index and value.",
    examples=(example("root = this.enumerated()", (["a"], [{"index": 0, "value": "a"}])),),
)
def enumerated(value: Any) -> list[dict[str, Any]]:
    """The objects."""
    return [{"index": index, "value": item} for index, item in enumerate(require_list(value))]


@method(
    "find",
    "The index of the first element equal to the argument, or -1.",
    parameters=(anything("value"),),
    context=True,
    examples=(example("root = this.find(3)", ([1, 3, 3], 1), ([1], -1)),),
)
def find(run: Run, value: Any, wanted: Any) -> int:
    """The index."""
    return next((index for index, item in enumerate(require_list(value)) if run.equal(wanted, item)), -1)


@method(
    "find_all",
    "The indexes of all elements equal to the argument.",
    parameters=(anything("value"),),
    context=True,
    examples=(example("root = this.find_all(3)", ([1, 3, 3], [1, 2])),),
)
def find_all(run: Run, value: Any, wanted: Any) -> list[int]:
    """The indexes."""
    return [index for index, item in enumerate(require_list(value)) if run.equal(wanted, item)]


@method(
    "flatten",
    "The array with each element that is an array replaced by its elements.",
    context=True,
    examples=(example("root = this.flatten()", ([1, [2, [3]]], [1, 2, [3]])),),
)
def flatten(run: Run, value: Any) -> list[Any]:
    """One level less."""
    made: list[Any] = []
    for item in require_list(value):
        run.charge(len(item) if isinstance(item, list) else 1)
        made.extend(item if isinstance(item, list) else (item,))
    return made


@method(
    "index",
    "The element at an index, counted from the end if negative; of bytes, the byte as a number.",
    parameters=(integer("index"),),
    examples=(
        example("root = this.index(-1)", ([1, 2, 3], 3)),
        example(
            "root = this.index(5)",
            (
                [1],
                ExpectedFailure(
                    "failed assignment (line 1): field `this`: index '5' was out of bounds for array size: 1"
                ),
            ),
        ),
    ),
)
def index(value: Any, position: int) -> Any:
    """The element."""
    if not isinstance(value, (list, bytes)):
        raise TypeFault(value, ("array",))
    if position < 0:
        position += len(value)
    if not 0 <= position < len(value):
        raise Fault(f"index '{position}' was out of bounds for array size: {len(value)}")
    return value[position]


def check_slice(arguments: dict[str, Any]) -> None:
    """Refuses constant bounds that leave nothing."""
    low, high = arguments.get("low"), arguments.get("high")
    if isinstance(low, int) and isinstance(high, int) and high > 0 and low >= high:
        raise Fault(f"lower slice bound {low} must be lower than upper ({high})")


@method(
    "slice",
    "The part from low up to but without high, of an array or of text's bytes; negative bounds count from the end.",
    parameters=(integer("low"), integer("high", OPTIONAL)),
    check=check_slice,
    examples=(
        example("root = this.slice(1, 3)", ("abcd", "bc"), ([1, 2, 3, 4], [2, 3])),
        example("root = this.slice(-2)", ("abcd", "cd")),
    ),
)
def slice_of(value: Any, low: int, high: int | None) -> Any:
    """The part."""
    check_slice({"low": low, "high": high})
    items = string_bytes(value) if isinstance(value, str) and not value.isascii() else value
    if not isinstance(items, (str, bytes, list)):
        raise TypeFault(value, ("array", "string"))
    size = len(items)
    end = min(size if high is None else max(high + size if high < 0 else high, 0), size)
    start = max(low + size, 0) if low < 0 else low
    if start > end:
        raise Fault(
            f"lower slice bound {start} must be lower than or equal to upper bound ({end}) and target length ({size})"
        )
    part = items[start:end]
    return bytes_string(part) if isinstance(value, str) and isinstance(part, bytes) else part


@method(
    "sum",
    "The sum of an array of numbers.",
    naming=Naming.TYPES,
    examples=(example("root = this.sum()", ([1, 2.5], 3.5), ([], 0.0)),),
)
def total(value: Any) -> Any:
    """A float; a number is its own sum."""
    if value.__class__ is not list and is_number(value):
        return value
    result = 0.0
    problem = ""
    for position, item in enumerate(require_list(value)):
        try:
            result += item if item.__class__ is int else get_number(item)
        except TypeFault as fault:
            problem = f"index {position}: {type_fault_text(fault)}"
    if problem:
        raise Fault(problem)
    return Float(result)


@method(
    "join",
    "The elements, which must be text, as one text with a delimiter between them.",
    parameters=(string("delimiter", ""),),
    context=True,
    examples=(example('root = this.join("-")', (["a", "b"], "a-b")),),
)
def join(run: Run, value: Any, delimiter: str) -> str:
    """The text."""
    parts = []
    for position, item in enumerate(require_list(value)):
        try:
            parts.append(get_string(item))
        except TypeFault as fault:
            raise Fault(f"failed to join element {position}: {type_fault_text(fault)}") from None
        run.charge(len(parts[-1]) + len(delimiter))
    return delimiter.join(parts)


@method(
    "zip",
    "The arrays' elements grouped by position; all must be of the same length.",
    naming=Naming.NONE,
    variadic=True,
    examples=(example("root = this.a.zip(this.b)", ({"a": [1, 2], "b": ["x", "y"]}, [[1, "x"], [2, "y"]])),),
)
def zip_arrays(value: Any, *others: Any) -> list[list[Any]]:
    """The groups."""
    columns = [require_list(part) for part in (value, *others)]
    if not others:
        raise Fault("zip requires at least one argument")
    if any(len(column) != len(columns[0]) for column in columns):
        raise Fault("can't zip different length array values")
    return [list(row) for row in zip(*columns, strict=True)]


@method(
    "squash",
    "Merges an array of objects into one; colliding values become arrays.",
    naming=Naming.NONE,
    context=True,
    examples=(example("root = this.squash()", ([{"a": [1]}, {"a": [2], "b": 3}], {"a": [1, 2], "b": 3})),),
)
def squash(run: Run, value: Any) -> Any:
    """The object."""
    made: Any = {}
    for item in require_list(value):
        made = merged(run, made, item)
    return made


def merged(run: Run, into: Any, source: Any) -> Any:
    """The merge of two values by gabs' rules: objects deeply, arrays and collisions by appending."""
    run.charge(len(into) if isinstance(into, (dict, list)) else 1)
    if isinstance(into, dict) and isinstance(source, dict):
        made = dict(into)
        for key, item in source.items():
            made[key] = merged(run, made[key], item) if key in made else item
        return made
    left = into if isinstance(into, list) else [into]
    right = source if isinstance(source, list) else [source]
    run.charge(len(right))
    return left + right
