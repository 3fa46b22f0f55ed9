"""A configuration to begin with, of the components that somebody names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import yaml

from streams.errors import ConfigError
from streams.lint.values import is_required
from streams.registry import Registry
from streams.spec import REQUIRED, ComponentSpec, Field, FieldType, Kind, Shape

_BLANKS: Final[dict[FieldType, Any]] = {
    FieldType.INT: 0,
    FieldType.FLOAT: 0.0,
    FieldType.BOOL: False,
    FieldType.DURATION: "1s",
    FieldType.BLOBLANG: "root = this",
    FieldType.INPUT: {"generate": {"mapping": 'root = "hello"'}},
    FieldType.OUTPUT: {"drop": {}},
    FieldType.PROCESSOR: {"noop": {}},
    FieldType.SCANNER: {"lines": {}},
}


def skeleton(expression: str, registry: Registry, *, small: bool) -> str:
    """A configuration in YAML.

    expression: `input/processor,processor/output`; parts may be left out at the end. small: only what must be given.
    Raises ConfigError for a name that is none.
    """
    parts = expression.split("/")
    if len(parts) > 3:
        raise ConfigError("name components as input/processor,processor/output")
    inputs, processors, outputs = (*parts, *[""] * (3 - len(parts)))
    made: dict[str, Any] = {
        "input": _component(Kind.INPUT, inputs or "generate", registry, small=small),
        "pipeline": {"processors": _processors(processors, registry, small=small)},
        "output": _component(Kind.OUTPUT, outputs or "drop", registry, small=small),
    }
    return yaml.safe_dump(made, sort_keys=False, allow_unicode=True)


def _processors(names: str, registry: Registry, *, small: bool) -> list[dict[str, Any]]:
    return [_component(Kind.PROCESSOR, name, registry, small=small) for name in names.split(",") if name]


def _component(kind: Kind, name: str, registry: Registry, *, small: bool) -> dict[str, Any]:
    spec = registry.find(kind, name)
    if spec is None or not registry.allows(spec):
        raise ConfigError(f"there is no {kind.value} {name!r} (there are: {', '.join(registry.names(kind))})")
    return {name: _body(spec, small=small)}


def _body(spec: ComponentSpec, *, small: bool) -> Any:
    if spec.value_form:
        return _value(spec.fields[0], small=small)
    return _object(spec.fields, small=small)


def _object(fields: Sequence[Field], *, small: bool) -> dict[str, Any]:
    return {
        field.name: _value(field, small=small)
        for field in fields
        if not field.refused and (is_required(field) or not small) and field.default is not None
    }


def _value(field: Field, *, small: bool) -> Any:
    if field.type is FieldType.OBJECT and field.shape is Shape.ONE:
        return _object(field.children, small=small)
    if field.default is not REQUIRED:
        return field.default
    one = _object(field.children, small=small) if field.type is FieldType.OBJECT else _blank(field)
    if field.shape is Shape.LIST:
        return [one]
    return {"name": one} if field.shape is Shape.MAP else one


def _blank(field: Field) -> Any:
    return field.options[0] if field.options else _BLANKS.get(field.type, "")
