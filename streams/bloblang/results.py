"""What the result of an expression can be, as far as its form tells."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

from streams.bloblang.nodes import Binary, Call, Expression, Field, If, Lambda, Literal, MapTo, Match, Not
from streams.bloblang.values import Marker

COMPARISONS: dict[str, type[ast.cmpop]] = {
    "==": ast.Eq, "!=": ast.NotEq, "<": ast.Lt, "<=": ast.LtE, ">": ast.Gt, ">=": ast.GtE,
}  # fmt: skip
"""Comparisons and their Python operators."""


def may_mark(node: Expression | None) -> bool:
    """Whether the result can be a deletion or nothing."""
    if node is None:
        return True
    judge = _MARKING.get(type(node))
    return judge is not None and judge(node)


def _match_may_mark(node: Match) -> bool:
    exhaustive = bool(node.cases) and node.cases[-1].test is None
    return not exhaustive or any(may_mark(case.body) for case in node.cases)


# All other expressions give values.
_MARKING: dict[type, Callable[[Any], bool]] = {
    Literal: lambda node: isinstance(node.value, Marker),
    Call: lambda node: node.spec.marks,
    If: lambda node: may_mark(node.otherwise) or any(may_mark(branch.body) for branch in node.branches),
    Match: _match_may_mark,
    Lambda: lambda node: may_mark(node.body),
    MapTo: lambda node: may_mark(node.body),
    Binary: lambda node: node.operator == "|" and (may_mark(node.left) or may_mark(node.right)),
    Field: lambda node: node.context == "root",
}


def is_boolean(node: Expression) -> bool:
    """Whether the result is always a bool."""
    if isinstance(node, Binary):
        return node.operator in COMPARISONS or node.operator in {"&&", "||"}
    if isinstance(node, Literal):
        return isinstance(node.value, bool)
    return isinstance(node, Not) or (isinstance(node, Call) and node.spec.boolean)
