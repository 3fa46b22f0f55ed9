"""Methods that convert values, or insist on what they are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from streams.bloblang.errors import RUNTIME_FAULTS, Fault, TypeFault
from streams.bloblang.registry import OPTIONAL, ExpectedFailure, Form, boolean, example, floating, method
from streams.bloblang.run import Run
from streams.bloblang.values import to_bool, to_bytes, to_number, to_string, type_name
from streams.jsontext import Float

Thunk = Callable[[], Any]


@method(
    "string",
    "The target as text; arrays and objects as JSON.",
    context=True,
    examples=(example("root = this.string()", ({"b": 1, "a": [True]}, '{"a":[true],"b":1}')),),
)
def string(run: Run, value: Any) -> str:
    """The text."""
    if value.__class__ is str:
        return str(value)
    return to_string(run.measure(value))


@method(
    "bytes",
    "The target as bytes; arrays and objects as JSON.",
    context=True,
    examples=(example("root = this.word.bytes().index(0)", ({"word": "A"}, 65)),),
)
def as_bytes(run: Run, value: Any) -> bytes:
    """The bytes."""
    return to_bytes(run.measure(value))


def _number(value: Any) -> Float:
    return Float(to_number(value))


@method(
    "number",
    "The target as a float, parsed if it is text. A default takes the place of what is no number.",
    parameters=(floating("default", OPTIONAL),),
    form=Form.LAZY,
    eager=_number,
    examples=(
        example("root = this.number() + 1", ("41", 42.0)),
        example("root = this.number(5)", ("many", 5.0)),
    ),
)
def number(run: Run, target: Thunk, default: Float | None) -> Float:  # noqa: ARG001 - every lazy method is given the run
    """The number or the default."""
    try:
        return _number(target())
    except RUNTIME_FAULTS:
        if default is None:
            raise
        return default


@method(
    "bool",
    "The target as a bool: numbers other than zero are true, of texts those Go takes for a bool.",
    parameters=(boolean("default", OPTIONAL),),
    form=Form.LAZY,
    eager=to_bool,
    boolean=True,
    examples=(
        example("root = this.bool()", ("true", True), (0, False)),
        example("root = this.bool(false)", ("perhaps", False)),
    ),
)
def as_bool(run: Run, target: Thunk, default: bool | None) -> bool:  # noqa: ARG001, FBT001 - every lazy method is given the run
    """The bool or the default."""
    try:
        return to_bool(target())
    except RUNTIME_FAULTS:
        if default is None:
            raise
        return default


@method(
    "array",
    "The target if it is an array, else an array of it.",
    examples=(example("root = this.array()", ([1], [1]), ("a", ["a"])),),
)
def as_array(value: Any) -> list[Any]:
    """The array."""
    return value if isinstance(value, list) else [value]


@method(
    "type",
    "The name of the target's type.",
    examples=(
        example(
            "root = this.map_each(item -> item.type())",
            ([1, "a", None, {}], ["number", "string", "null", "object"]),
        ),
    ),
)
def type_of(value: Any) -> str:
    """The name."""
    return type_name(value)


@method(
    "not_null",
    "The target, unless it is null: then it fails.",
    examples=(
        example(
            "root = this.a.not_null()",
            ({"a": 1}, 1),
            ({}, ExpectedFailure("failed assignment (line 1): field `this.a`: value is null")),
        ),
    ),
)
def not_null(value: Any) -> Any:
    """The value."""
    if value is None:
        raise Fault("value is null")
    return value


@method(
    "not_empty",
    "The target, unless it is an empty string, array or object: then it fails.",
    examples=(
        example(
            "root = this.a.not_empty()",
            ({"a": [1]}, [1]),
            ({"a": ""}, ExpectedFailure("failed assignment (line 1): field `this.a`: string value is empty")),
        ),
    ),
)
def not_empty(value: Any) -> Any:
    """The value."""
    if not isinstance(value, (str, list, dict)):
        raise TypeFault(value, ("string", "array", "object"))
    if not value:
        raise Fault(f"{type_name(value)} value is empty")
    return value
