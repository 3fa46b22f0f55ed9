"""Methods on whole documents: JSONPath, JSON Schema, differences and patches, nested mappings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

from streams.bloblang.errors import Fault
from streams.bloblang.jsonpath import evaluate, parse_path
from streams.bloblang.jsonschema import Schema
from streams.bloblang.paths import Ownership, assign
from streams.bloblang.registry import ExpectedFailure, Naming, anything, example, method, string
from streams.bloblang.run import Run
from streams.bloblang.values import DELETED, equal, get_string, require_dict, require_list
from streams.jsontext import NotJsonError, parse


def check_path(arguments: dict[str, Any]) -> None:
    """Refuses a constant JSONPath that is malformed."""
    if isinstance(arguments.get("expression"), str):
        parse_path(arguments["expression"])


@method(
    "json_path",
    "What a JSONPath selects: the value of a definite path, an array otherwise.",
    parameters=(string("expression"),),
    context=True,
    naming=Naming.NONE,
    check=check_path,
    examples=(
        example('root = this.json_path("$.a[?(@.n > 1)].n")', ({"a": [{"n": 1}, {"n": 2}]}, [2])),
        example('root = this.json_path("$..id")', ({"id": 1, "b": [{"id": 2}]}, [1, 2])),
        example('root = this.json_path("$.a[0]")', ({"a": [7]}, 7)),
    ),
)
def json_path(run: Run, value: Any, expression: str) -> Any:
    """The selection."""
    return evaluate(parse_path(expression), value, run.charge)


@lru_cache(maxsize=64)
def _schema_document(text: str) -> Any:
    try:
        return parse(text)
    except NotJsonError as error:
        raise Fault(f"failed to parse json schema definition: {error}") from None


def check_schema(arguments: dict[str, Any]) -> None:
    """Refuses a constant schema that is no JSON."""
    if isinstance(arguments.get("schema"), str):
        _schema_document(arguments["schema"])


@method(
    "json_schema",
    "The target, if it fits a JSON Schema; else it fails with all that is wrong.",
    parameters=(string("schema"),),
    context=True,
    check=check_schema,
    examples=(
        example(
            'root = this.json_schema("""{"properties": {"n": {"type": "string"}}}""")',
            ({"n": "x"}, {"n": "x"}),
            (
                {"n": 5},
                ExpectedFailure(
                    "failed assignment (line 1): field `this`: n invalid type. expected: string, given: integer"
                ),
            ),
        ),
    ),
)
def json_schema(run: Run, value: Any, schema: str) -> Any:
    """The value."""
    run.measure(value)
    problems = Schema(_schema_document(schema), run.charge).problems(value)
    if problems:
        raise Fault("\n".join(f"{path} {problem}" for path, problem in problems))
    return value


@method(
    "diff",
    "The changes that turn the target into another value, each with type, path, from and to.",
    parameters=(anything("other"),),
    context=True,
    naming=Naming.NONE,
    examples=(
        example(
            "root = this.a.diff(this.b)",
            (
                {"a": {"n": 1}, "b": {"n": 2}},
                [{"Type": "update", "Path": ["n"], "From": 1, "To": 2}],
            ),
        ),
    ),
)
def diff(run: Run, value: Any, other: Any) -> list[dict[str, Any]]:
    """The changes."""
    run.measure(value)
    run.measure(other)
    return list(_changes(value, other, ()))


def _changes(left: Any, right: Any, path: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    if isinstance(left, dict) and isinstance(right, dict):
        for key in sorted(left.keys() | right.keys()):
            yield from _member_changes(left, right, key, path)
    elif isinstance(left, list) and isinstance(right, list):
        yield from _changes(_numbered(left), _numbered(right), path)
    elif not equal(left, right):
        yield {"Type": "update", "Path": list(path), "From": left, "To": right}


def _numbered(items: list[Any]) -> dict[str, Any]:
    return {str(index): item for index, item in enumerate(items)}


def _member_changes(
    left: dict[str, Any], right: dict[str, Any], key: str, path: tuple[str, ...]
) -> Iterator[dict[str, Any]]:
    inner = (*path, key)
    if key not in right:
        yield {"Type": "delete", "Path": list(inner), "From": left[key], "To": None}
    elif key not in left:
        yield {"Type": "create", "Path": list(inner), "From": None, "To": right[key]}
    else:
        yield from _changes(left[key], right[key], inner)


@method(
    "patch",
    "The target with changes made that `diff` found.",
    parameters=(anything("changelog"),),
    context=True,
    naming=Naming.NONE,
    examples=(
        example(
            "root = this.a.patch(this.a.diff(this.b))", ({"a": {"n": 1, "m": 0}, "b": {"n": 2}}, {"n": 2})
        ),
    ),
)
def patch(run: Run, value: Any, changelog: Any) -> Any:
    """A changed copy."""
    owned = Ownership(run.charge)
    for change in require_list(changelog):
        path = [get_string(segment) for segment in require_list(require_dict(change).get("Path"))]
        value = _patched(value, path, change, owned)
    return value


def _patched(value: Any, path: Sequence[str], change: dict[str, Any], owned: Ownership) -> Any:
    if not path:
        return change.get("To")
    return assign(value, path, DELETED if change.get("Type") == "delete" else change.get("To"), owned)
