"""A JSON Schema (draft 7) of whole configurations, for editors: which keys there are, and what they mean.

It says less than `streams lint`: no mapping is read, and no component's own check is run.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from streams.lint.component import BESIDE
from streams.lint.stream import OPERATORS, OPTIONS, RESOURCES
from streams.lint.values import COMPONENTS, LABELS, is_required
from streams.registry import Registry
from streams.spec import REQUIRED, ComponentSpec, Field, FieldType, Kind, Shape

_SCALARS: Final[dict[FieldType, str]] = {
    FieldType.STRING: "string",
    FieldType.DURATION: "string",
    FieldType.BLOBLANG: "string",
    **dict.fromkeys(LABELS, "string"),
    FieldType.INT: "integer",
    FieldType.FLOAT: "number",
    FieldType.BOOL: "boolean",
}
_LABEL: Final = {
    "type": "string",
    "pattern": "^[a-z0-9][a-z0-9_]*$",
    "description": "A name for people, and for resources.",
}
_ANYTHING: Final[dict[str, Any]] = {}


def configuration_schema(registry: Registry) -> dict[str, Any]:
    """The schema of one stream's configuration with the components of a registry."""
    options = {option.name: _field(option) for option in OPTIONS}
    resources = {
        key: {"type": "array", "items": {"allOf": [_reference(kind), {"required": ["label"]}]}}
        for key, kind in RESOURCES.items()
    }
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "A stream",
        "type": "object",
        "properties": {
            "input": _reference(Kind.INPUT),
            "buffer": _reference(Kind.BUFFER),
            "pipeline": {
                "type": "object",
                "properties": {
                    "threads": {"type": "integer"},
                    "processors": {"type": "array", "items": _reference(Kind.PROCESSOR)},
                },
                "additionalProperties": False,
            },
            "output": _reference(Kind.OUTPUT),
            **resources,
            **options,
            **{key: {"description": f"No effect: {why}."} for key, why in OPERATORS.items()},
            "tests": {"type": "array", "items": {"type": "object"}},
        },
        "required": ["input", "output"],
        "definitions": {kind.value: _kind(kind, registry) for kind in Kind},
    }


def _kind(kind: Kind, registry: Registry) -> dict[str, Any]:
    beside = {"label": _LABEL, "processors": {"type": "array", "items": _reference(Kind.PROCESSOR)}}
    properties: dict[str, Any] = {key: beside[key] for key in sorted(BESIDE[kind])}
    names = registry.names(kind)
    for name in names:
        spec = registry.find(kind, name)
        if spec is not None:
            properties[name] = {"description": spec.summary, **_body(spec)}
    made = {"type": "object", "properties": properties, "additionalProperties": False}
    return made | ({"anyOf": [{"required": [name]} for name in names]} if names else {})


def _body(spec: ComponentSpec) -> dict[str, Any]:
    return _shaped(spec.fields[0]) if spec.value_form else _object(spec.fields)


def _object(fields: Iterable[Field]) -> dict[str, Any]:
    known = list(fields)
    required = [field.name for field in known if is_required(field)]
    made: dict[str, Any] = {
        "type": ["object", "null"] if not required else "object",
        "properties": {field.name: _field(field) for field in known},
        "additionalProperties": False,
    }
    return made | ({"required": required} if required else {})


def _field(field: Field) -> dict[str, Any]:
    made = {"description": _description(field), **_shaped(field)}
    if field.default is not REQUIRED and field.default not in (None, {}):
        made["default"] = field.default
    return made


def _description(field: Field) -> str:
    if field.refused:
        return f"Not supported: {field.refused}."
    return (
        f"{field.summary} `${{! }}` is evaluated for each message." if field.interpolated else field.summary
    )


def _shaped(field: Field) -> dict[str, Any]:
    if field.shape is Shape.LIST:
        return {"type": "array", "items": _one(field)}
    if field.shape is Shape.MAP:
        return {"type": "object", "additionalProperties": _one(field)}
    one = _one(field)
    nullable = field.default is None and isinstance(one.get("type"), str)
    return one | ({"type": [one["type"], "null"]} if nullable else {})


def _one(field: Field) -> dict[str, Any]:
    if field.type in COMPONENTS:
        return _reference(COMPONENTS[field.type])
    if field.type is FieldType.OBJECT:
        return _object(field.children)
    if field.type is FieldType.ANY:
        return dict(_ANYTHING)
    made: dict[str, Any] = {"type": _SCALARS[field.type]}
    return made | ({"enum": list(field.options)} if field.options else {})


def _reference(kind: Kind) -> dict[str, Any]:
    return {"$ref": f"#/definitions/{kind.value}"}
