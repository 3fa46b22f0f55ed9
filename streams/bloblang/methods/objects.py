"""Methods on objects."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from streams.bloblang.errors import Fault, TypeFault
from streams.bloblang.methods.arrays import merged
from streams.bloblang.paths import Ownership, assign, field, split_path
from streams.bloblang.registry import Naming, anything, boolean, example, method, string
from streams.bloblang.run import Run
from streams.bloblang.values import get_string, require_dict, type_fault_text, type_name

Paths = Sequence[tuple[str, ...]]


@method(
    "keys",
    "The keys of the object, sorted.",
    examples=(example("root = this.keys()", ({"b": 1, "a": 2}, ["a", "b"])),),
)
def keys(value: Any) -> list[str]:
    """The keys."""
    return sorted(require_dict(value))


@method(
    "values",
    "The values of the object, in the order of their keys.",
    examples=(example("root = this.values()", ({"b": 1, "a": 2}, [2, 1])),),
)
def values(value: Any) -> list[Any]:
    """The values."""
    return [item for _, item in sorted(require_dict(value).items(), key=_key)]


def _key(member: tuple[str, Any]) -> str:
    return member[0]


@method(
    "key_values",
    "The members as objects of key and value, in the order of their keys.",
    examples=(example("root = this.key_values()", ({"a": 1}, [{"key": "a", "value": 1}])),),
)
def key_values(value: Any) -> list[dict[str, Any]]:
    """The members."""
    return [{"key": key, "value": item} for key, item in sorted(require_dict(value).items(), key=_key)]


@method(
    "merge",
    "The target merged with a value: objects deeply, colliding values into arrays, arrays by appending.",
    parameters=(anything("with"),),
    context=True,
    naming=Naming.TYPES,
    examples=(
        example(
            "root = this.a.merge(this.b)", ({"a": {"x": 1}, "b": {"x": 2, "y": 3}}, {"x": [1, 2], "y": 3})
        ),
        example("root = this.merge(4)", ([3], [3, 4])),
    ),
)
def merge(run: Run, value: Any, other: Any) -> Any:
    """The merge."""
    if not isinstance(value, (dict, list)):
        raise TypeFault(value, ("object", "array"))
    if isinstance(value, dict) and not isinstance(other, dict):
        return value
    return merged(run, value, other)


@method(
    "assign",
    "The target with the values of another: objects deeply, the other's value winning, arrays by appending.",
    parameters=(anything("with"),),
    context=True,
    naming=Naming.TYPES,
    examples=(
        example("root = this.a.assign(this.b)", ({"a": {"x": 1, "z": 0}, "b": {"x": 2}}, {"x": 2, "z": 0})),
    ),
)
def assign_values(run: Run, value: Any, other: Any) -> Any:
    """The combination."""
    if isinstance(value, list):
        return merged(run, value, other)
    if not isinstance(value, dict):
        raise TypeFault(value, ("object", "array"))
    return _assigned(run, value, other) if isinstance(other, dict) else value


def _assigned(run: Run, into: dict[str, Any], source: dict[str, Any]) -> dict[str, Any]:
    run.charge(len(into) + len(source))
    made = dict(into)
    for key, item in source.items():
        present = made.get(key)
        both = isinstance(present, dict) and isinstance(item, dict)
        made[key] = _assigned(run, present, item) if both else item  # type: ignore[arg-type]
    return made


def _paths(arguments: Sequence[Any]) -> Paths:
    paths = []
    for position, argument in enumerate(arguments):
        try:
            paths.append(split_path(get_string(argument)))
        except TypeFault as fault:
            raise Fault(f"argument {position}: {type_fault_text(fault)}") from None
    return paths


@method(
    "without",
    "The object without what lies at the paths.",
    variadic=True,
    examples=(
        example('root = this.without("a", "b.c")', ({"a": 1, "b": {"c": 2, "d": 3}}, {"b": {"d": 3}})),
    ),
)
def without(value: Any, *paths: Any) -> dict[str, Any]:
    """A smaller object."""
    return _without(require_dict(value), _paths(paths))


def _without(value: dict[str, Any], paths: Paths) -> dict[str, Any]:
    gone = {path[0] for path in paths if len(path) == 1}
    made = {key: item for key, item in value.items() if key not in gone}
    for first in {path[0] for path in paths if len(path) > 1} & made.keys():
        if isinstance(made[first], dict):
            made[first] = _without(
                made[first], [path[1:] for path in paths if len(path) > 1 and path[0] == first]
            )
    return made


@method(
    "with",
    "The object with nothing but what lies at the paths.",
    variadic=True,
    naming=Naming.NONE,
    examples=(
        example(
            'root = this.with("a", "b.c")', ({"a": 1, "b": {"c": 2, "d": 3}, "e": 4}, {"a": 1, "b": {"c": 2}})
        ),
    ),
)
def with_paths(value: Any, *paths: Any) -> dict[str, Any]:
    """A smaller object."""
    return _with(require_dict(value), _paths(paths))


def _with(value: dict[str, Any], paths: Paths) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for first in dict.fromkeys(path[0] for path in paths):
        if first not in value:
            continue
        item = value[first]
        nested = [path[1:] for path in paths if path[0] == first and len(path) > 1]
        made[first] = _with(item, nested) if nested and isinstance(item, dict) else item
    return made


@method(
    "explode",
    "One copy of the object for each element (or member) of what lies at the path, with it in its place.",
    parameters=(string("path"),),
    context=True,
    examples=(
        example(
            'root = this.explode("v")',
            ({"id": 1, "v": ["a", "b"]}, [{"id": 1, "v": "a"}, {"id": 1, "v": "b"}]),
        ),
        example('root = this.explode("v")', ({"id": 1, "v": {"x": 2}}, {"x": {"id": 1, "v": 2}})),
    ),
)
def explode(run: Run, value: Any, path: str) -> Any:
    """The copies."""
    whole, segments = require_dict(value), split_path(path)
    target = field(whole, segments)

    def copy(item: Any) -> Any:
        return assign(whole, segments, item, Ownership(run.charge))

    if isinstance(target, list):
        return [copy(item) for item in target]
    if isinstance(target, dict):
        return {key: copy(item) for key, item in target.items()}
    raise Fault(f"expected array or object value at path '{path}', found: {type_name(target)}")


@method(
    "collapse",
    "All values of a nested target under their dot paths.",
    parameters=(boolean("include_empty", default=False),),
    context=True,
    examples=(
        example("root = this.collapse()", ({"a": {"b": [1, {}]}}, {"a.b.0": 1})),
        example("root = this.collapse(include_empty: true)", ({"a": {"b": {}}}, {"a.b": {}})),
    ),
)
def collapse(run: Run, value: Any, include_empty: bool) -> dict[str, Any]:  # noqa: FBT001 - a parameter of the language
    """A flat object."""
    if not isinstance(value, (dict, list)):
        raise Fault("not an object or array")
    run.measure(value)
    flat: dict[str, Any] = {}
    _collapse(value, "", flat, include_empty=include_empty)
    return flat


def _collapse(value: Any, path: str, flat: dict[str, Any], *, include_empty: bool) -> None:
    if not isinstance(value, (dict, list)) or (not value and include_empty and path):
        flat[path] = value
        return
    members = (
        value.items()
        if isinstance(value, dict)
        else ((str(number), item) for number, item in enumerate(value))
    )
    for key, item in members:
        name = key.replace("~", "~0").replace(".", "~1")
        _collapse(item, f"{path}.{name}" if path else name, flat, include_empty=include_empty)
