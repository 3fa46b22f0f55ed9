"""How errors name the expression at fault, as Bento does: "field `this.a`", "string literal"."""

from __future__ import annotations

from streams.bloblang.nodes import (
    Array,
    Binary,
    Call,
    CallerText,
    Expression,
    Field,
    Get,
    If,
    Index,
    Lambda,
    Literal,
    MapTo,
    Match,
    Metadata,
    Not,
    Object,
    Slice,
    Variable,
)
from streams.bloblang.paths import join_path
from streams.bloblang.values import to_string, type_name

_FIXED: dict[type, str] = {
    CallerText: "string literal",
    Array: "array literal",
    Object: "object literal",
    Match: "match expression",
    If: "if expression",
    Index: "index",
    Slice: "slice",
}


def annotation(node: Expression) -> str:
    """The name of an expression in error texts."""
    fixed = _FIXED.get(type(node))
    if fixed is not None:
        return fixed
    if isinstance(node, Literal):
        return node.label or f"{type_name(node.value)} literal"
    if isinstance(node, Binary):
        return annotation(node.right)
    if isinstance(node, (Lambda, MapTo)):
        return annotation(node.body)
    return _of_reference(node)


def _of_reference(node: Expression) -> str:
    if isinstance(node, Field):
        return f"field `{'.'.join((node.context, *join_path(node.path))) if node.path else node.context}`"
    if isinstance(node, Get):
        return f"path `{'.'.join(join_path(node.path))}`"
    if isinstance(node, Variable):
        return f"variable {node.name}"
    if isinstance(node, Metadata):
        return f"meta field {node.key}" if node.key else "meta object"
    if isinstance(node, Not):
        return f"not {annotation(node.operand)}"
    return _of_call(node) if isinstance(node, Call) else ""


def _of_call(node: Call) -> str:
    name = node.spec.name
    first = node.arguments[0] if node.arguments else None
    value = first.value if isinstance(first, Literal) else None
    if node.spec.method:
        if name == "apply":
            return f"map {value}"
        if name == "from" and node.target is not None:
            return f"{annotation(node.target)} from {value}"
        return f"method {name}"
    if name == "json":
        return f"json path `{to_string(value or '')}`"
    if name in {"meta", "metadata", "root_meta"}:
        return f"{name} field {value}" if value else f"{name} object"
    return f"function {name}"
