"""Methods about errors, maps, paths and other messages of the batch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from streams.bloblang.errors import RUNTIME_FAULTS, Fault
from streams.bloblang.paths import Ownership, PathCollision, assign, field, split_path
from streams.bloblang.paths import exists as path_exists
from streams.bloblang.registry import Form, Naming, anything, example, integer, lazy, method, query, string
from streams.bloblang.run import Run
from streams.bloblang.runtime import apply_map
from streams.bloblang.values import is_null

Thunk = Callable[[], Any]
Query = Callable[[Any], Any]


@method(
    "catch",
    "The result of the target, or where that fails of the fallback, which is given the error's text.",
    parameters=(query("fallback"),),
    form=Form.LAZY,
    naming=Naming.TYPES,
    marks=True,
    examples=(
        example('root = this.n.uppercase().catch("none")', ({"n": "a"}, "A"), ({"n": 1}, "none")),
        example("root = throw(this.why).catch(err -> err.uppercase())", ({"why": "no"}, "NO")),
    ),
)
def catch(run: Run, target: Thunk, fallback: Query) -> Any:
    """The target's result or the fallback's."""
    try:
        return target()
    except RUNTIME_FAULTS as error:
        text = run.explained(error)
    return fallback(text)


@method(
    "or",
    "The result of the target, or of the fallback where that fails or is null.",
    parameters=(lazy("fallback"),),
    form=Form.LAZY,
    naming=Naming.TYPES,
    marks=True,
    examples=(example('root = this.n.or("none")', ({"n": 1}, 1), ({}, "none")),),
)
def or_else(run: Run, target: Thunk, fallback: Thunk) -> Any:  # noqa: ARG001 - every lazy method is given the run
    """The target's result or the fallback's."""
    try:
        value = target()
    except RUNTIME_FAULTS:
        return fallback()
    return fallback() if is_null(value) else value


@method(
    "apply",
    "Runs a map of the mapping on the target.",
    parameters=(string("mapping"),),
    context=True,
    naming=Naming.TYPES,
    marks=True,
    accumulates=True,
    examples=(
        example(
            'map initials { root.short = this.name.slice(0, 1) }\nroot = this.user.apply("initials")',
            ({"user": {"name": "Ada"}}, {"short": "A"}),
        ),
    ),
)
def apply(run: Run, target: Any, name: str) -> Any:
    """The map's root."""
    return apply_map(run, target, name)


@method(
    "from",
    "The target as seen from another message of the batch; a negative index counts from the last.",
    parameters=(integer("index"),),
    batchwise=True,
    form=Form.LAZY,
    naming=Naming.TYPES,
    marks=True,
)
def from_message(run: Run, target: Thunk, index: int) -> Any:
    """The target's result there."""
    return _seen_from(run, target, index)


def _seen_from(run: Run, target: Thunk, index: int) -> Any:
    before, run.index = run.index, index
    try:
        return target()
    finally:
        run.index = before


@method(
    "from_all",
    "The target as seen from each message of the batch, as an array.",
    batchwise=True,
    form=Form.LAZY,
    naming=Naming.TYPES,
)
def from_all(run: Run, target: Thunk) -> list[Any]:
    """The target's results in the order of the batch."""
    run.charge(len(run.batch))
    return [_seen_from(run, target, index) for index in range(len(run.batch))]


@method(
    "get",
    "What lies at a path of the target.",
    parameters=(string("path"),),
    context=True,
    naming=Naming.TYPES,
    examples=(example("root = this.data.get(this.key)", ({"data": {"a": {"b": 1}}, "key": "a.b"}, 1)),),
)
def get(run: Run, value: Any, path: str) -> Any:
    """The value there, or null."""
    return field(value, split_path(path), run.charge)


@method(
    "set",
    "The target with a value set at a path; `deleted()` removes what is there.",
    parameters=(string("path"), anything("value")),
    context=True,
    naming=Naming.TYPES,
    examples=(
        example('root = this.set("a.b", 2)', ({"c": 1}, {"a": {"b": 2}, "c": 1})),
        example('root = this.set("c", deleted())', ({"a": 1, "c": 2}, {"a": 1})),
    ),
)
def set_path(run: Run, value: Any, path: str, new: Any) -> Any:
    """A changed copy."""
    try:
        return assign(value, split_path(path), new, Ownership(run.charge))
    except PathCollision:
        raise Fault("encountered value collision whilst building path") from None


@method(
    "exists",
    "Whether the target has something at a path, be it null.",
    parameters=(string("path"),),
    boolean=True,
    examples=(example('root = this.exists("a.b")', ({"a": {"b": None}}, True), ({"a": 1}, False)),),
)
def exists(value: Any, path: str) -> bool:
    """Whether it exists."""
    return path_exists(value, split_path(path))


def _only_compiled(*_: Any) -> Any:
    raise Fault("this method is part of the language and is never called")


method(
    "map",
    "Evaluates a query with the target as `this`.",
    parameters=(query("query"),),
    marks=True,
    documented=False,
)(_only_compiled)
method("not", "Negates a bool.", documented=False)(_only_compiled)
