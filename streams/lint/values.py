"""Check the values of fields against their declarations."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from typing import Any, Protocol

from streams import bloblang
from streams.config import Node, parse_duration, written_at
from streams.config.inside import place_inside
from streams.limits import SETTINGS, Limit, StreamLimits
from streams.lint.findings import Findings
from streams.lint.variables import check_variables
from streams.spec import REQUIRED, Component, Field, FieldType, Kind, Shape


class Checker(Findings, Protocol):
    """What the checks of values need of the checker of components."""

    limits: StreamLimits

    def component(self, kind: Kind, node: Node) -> Component | None:
        """Check a component that stands in a field."""

    def resource(self, kind: Kind, node: Node) -> Component | None:
        """Find the resource that a field names."""


def check_fields(checker: Checker, fields: Sequence[Field], node: Node, owner: str) -> dict[str, Any]:
    """Check an object of fields. Returns all fields with values or defaults; findings say what is wrong."""
    given = node.value if node.value is not None else {}
    if not isinstance(given, dict):
        _found(checker, node, "wrong_type", f"{owner} takes an object, not {node.type_name}")
        given = {}
    known = {field.name: field for field in fields}
    for key, child in given.items():
        if key not in known:
            unknown_key(checker, key, child, list(known))
    return {field.name: _field(checker, field, given.get(field.name), node, owner) for field in fields}


def unknown_key(checker: Findings, key: str, node: Node, known: list[str]) -> None:
    """Report a key that means nothing here, with the nearest one that does."""
    near = difflib.get_close_matches(key, known, 1)
    remedy = f"did you mean {near[0]!r}?" if near else f"known here: {', '.join(sorted(known)) or 'no keys'}"
    checker.findings.append(
        checker.source.finding_at_key(node, "unknown_key", f"the key {key!r} is not known here", remedy)
    )


def _field(checker: Checker, field: Field, node: Node | None, parent: Node, owner: str) -> Any:
    if node is None:
        if is_required(field):
            _found(checker, parent, "missing_field", f"{owner} needs {field.name!r}", field.summary)
        return _default(checker, field, parent)
    if field.refused and node.plain() != field.default:
        checker.findings.append(
            checker.source.finding_at_key(
                node, "field_refused", f"{field.name!r} is not supported: {field.refused}", "take it out"
            )
        )
    return check_value(checker, field, node)


def _default(checker: Checker, field: Field, parent: Node) -> Any:
    """The value of a field that is not given. A component is checked as if its default stood there."""
    if field.type is FieldType.OBJECT and field.shape is Shape.ONE:
        return {child.name: _default(checker, child, parent) for child in field.children}
    if field.type in COMPONENTS and isinstance(field.default, dict):
        return checker.component(COMPONENTS[field.type], written_at(parent, field.name, field.default))
    return default_of(field)


def is_required(field: Field) -> bool:
    """Tell whether a field must be given. A group of fields must when one of them must."""
    if field.type is FieldType.OBJECT and field.shape is Shape.ONE:
        return any(is_required(child) for child in field.children)
    return field.default is REQUIRED


def default_of(field: Field) -> Any:
    """What a field holds when it is not given: its default, a group's defaults, or None."""
    if field.type is FieldType.OBJECT and field.shape is Shape.ONE:
        return {child.name: default_of(child) for child in field.children}
    if field.default is REQUIRED:
        return None
    if field.type is FieldType.DURATION and isinstance(field.default, str):
        return parse_duration(field.default) if field.default else None
    return field.default


def check_value(checker: Checker, field: Field, node: Node) -> Any:
    """Check what is given for a field. Returns the value to use."""
    if field.shape is Shape.LIST:
        if isinstance(node.value, list):
            return [_one(checker, field, item) for item in node.value]
        return _mistyped(checker, field, node, "a list")
    if field.shape is Shape.MAP:
        if isinstance(node.value, dict):
            return {key: _one(checker, field, item) for key, item in node.value.items()}
        return _mistyped(checker, field, node, "an object")
    return _one(checker, field, node)


def _one(checker: Checker, field: Field, node: Node) -> Any:
    if field.type in COMPONENTS:
        return checker.component(COMPONENTS[field.type], node)
    if field.type in LABELS:
        # Empty, as Bento's defaults are, where the field need not be given.
        unused = not node.value and field.default is not REQUIRED
        return None if unused else checker.resource(LABELS[field.type], node)
    if field.type is FieldType.OBJECT:
        return check_fields(checker, field.children, node, field.name)
    if field.type is FieldType.ANY:
        return node.plain()
    words, types = _TYPES[field.type]
    # In Python a bool is an int; in a configuration it is not.
    if not isinstance(node.value, types) or (isinstance(node.value, bool) and bool not in types):
        return _mistyped(checker, field, node, words)
    if field.limit is not None:
        _check_limit(checker, field, field.limit, node)
    return _text(checker, field, node) if isinstance(node.value, str) else node.value


def _check_limit(checker: Checker, field: Field, limit: Limit, node: Node) -> None:
    most = checker.limits.of(limit)
    if node.value > most:
        message = f"{field.name!r} is at most {most} in this installation, not {node.value}"
        remedy = f"write {most} or less, or have the operator raise {SETTINGS[limit]}"
        _found(checker, node, "over_limit", message, remedy)


def _text(checker: Checker, field: Field, node: Node) -> Any:
    text = str(node.value)
    if "$" in text:
        check_variables(checker, field, node)
    if field.type is FieldType.DURATION:
        return _duration(checker, field, node)
    if field.options and text not in field.options:
        near = difflib.get_close_matches(text, field.options, 1)
        remedy = f"did you mean {near[0]!r}?" if near else f"one of {', '.join(field.options)}"
        _found(checker, node, "wrong_option", f"{field.name!r} cannot be {text!r}", remedy)
    if field.type is FieldType.BLOBLANG and (text or field.default):
        _compiles(checker, node, bloblang.compile, "mapping")
    elif field.interpolated:
        _compiles(checker, node, bloblang.interpolate, "interpolation")
    return text


def _duration(checker: Checker, field: Field, node: Node) -> float | None:
    if not node.value and not field.default:
        return None
    try:
        return parse_duration(node.value)
    except ValueError as error:
        _found(
            checker, node, "wrong_type", f"{field.name!r}: {error}", "write it as `300ms`, `5s` or `1h30m`"
        )
        return None


def _compiles(checker: Checker, node: Node, compiler: Any, what: str) -> None:
    try:
        compiler(node.value)
    except bloblang.ParseError as error:
        place = place_inside(checker.source, node, error.line, error.column)
        message = f"the {what} cannot be read: {error.message}"
        checker.findings.append(checker.source.finding_at(place, node.pointer, f"bad_{what}", message))


def _mistyped(checker: Checker, field: Field, node: Node, words: str) -> None:
    _found(checker, node, "wrong_type", f"{field.name!r} takes {words}, not {node.type_name}", field.summary)


def _found(checker: Checker, node: Node, code: str, message: str, remedy: str = "") -> None:
    checker.findings.append(checker.source.finding(node, code, message, remedy))


COMPONENTS = {
    FieldType.INPUT: Kind.INPUT,
    FieldType.PROCESSOR: Kind.PROCESSOR,
    FieldType.OUTPUT: Kind.OUTPUT,
    FieldType.SCANNER: Kind.SCANNER,
}
LABELS = {
    FieldType.CACHE: Kind.CACHE,
    FieldType.RATE_LIMIT: Kind.RATE_LIMIT,
    FieldType.PROCESSOR_RESOURCE: Kind.PROCESSOR,
    FieldType.INPUT_RESOURCE: Kind.INPUT,
    FieldType.OUTPUT_RESOURCE: Kind.OUTPUT,
}
_TYPES: dict[FieldType, tuple[str, tuple[type, ...]]] = {
    FieldType.STRING: ("a string", (str,)),
    FieldType.BLOBLANG: ("a mapping", (str,)),
    FieldType.DURATION: ("a duration such as `5s`", (str,)),
    FieldType.INT: ("a whole number", (int,)),
    FieldType.FLOAT: ("a number", (int, float)),
    FieldType.BOOL: ("true or false", (bool,)),
}
