"""Small pieces of Python syntax, each marked with the site in the mapping it stands for.

The site number is the Python line number. When something raises, the traceback's line says which node of
the mapping was at fault, so running code carries no bookkeeping for error texts.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from typing import Any


class Emitter:
    """Makes Python nodes at the current site and names for constants and temporaries."""

    def __init__(self) -> None:
        self.constants: dict[str, Any] = {}
        self._names: dict[int, str] = {}
        self._temporaries = 0
        self.site = 1

    def locate(self, node: Any) -> Any:
        """The node, placed at the current site."""
        node.lineno = node.end_lineno = self.site
        node.col_offset = node.end_col_offset = 0
        return node

    def name(self, identifier: str) -> ast.expr:
        """A name to read."""
        return self.locate(ast.Name(identifier, ast.Load()))  # type: ignore[no-any-return]

    def store(self, identifier: str) -> ast.Name:
        """A name to assign to."""
        return self.locate(ast.Name(identifier, ast.Store()))  # type: ignore[no-any-return]

    def constant(self, value: Any) -> ast.expr:
        """A value: in the code where Python has a literal for it, bound to a name otherwise."""
        if value is None or value.__class__ in {bool, int, str}:
            return self.locate(ast.Constant(value))  # type: ignore[no-any-return]
        return self.name(self.bind(value))

    def bind(self, value: Any) -> str:
        """The name of a value among the constants."""
        name = self._names.get(id(value))
        if name is None:
            name = self._names[id(value)] = f"constant_{len(self.constants)}"
            self.constants[name] = value
        return name

    def temporary(self) -> str:
        """A name nothing else uses."""
        self._temporaries += 1
        return f"value_{self._temporaries}"

    def call(self, function: Any, *arguments: ast.expr) -> ast.expr:
        """A call of a Python callable, bound as a constant."""
        callee = self.name(self.bind(function))
        return self.locate(ast.Call(callee, list(arguments), []))  # type: ignore[no-any-return]

    def call_method(self, target: ast.expr, name: str, *arguments: ast.expr) -> ast.expr:
        """`target.name(arguments)`."""
        attribute = self.locate(ast.Attribute(target, name, ast.Load()))
        return self.locate(ast.Call(attribute, list(arguments), []))  # type: ignore[no-any-return]

    def keep(self, identifier: str, value: ast.expr) -> ast.expr:
        """`(identifier := value)`."""
        return self.locate(ast.NamedExpr(self.store(identifier), value))  # type: ignore[no-any-return]

    def choose(self, test: ast.expr, body: ast.expr, otherwise: ast.expr) -> ast.expr:
        """`body if test else otherwise`."""
        return self.locate(ast.IfExp(test, body, otherwise))  # type: ignore[no-any-return]

    def is_same(self, left: ast.expr, right: ast.expr) -> ast.expr:
        """`left is right`."""
        return self.locate(ast.Compare(left, [ast.Is()], [right]))  # type: ignore[no-any-return]

    def compare(self, left: ast.expr, operator: ast.cmpop, right: ast.expr) -> ast.expr:
        """`left operator right`."""
        return self.locate(ast.Compare(left, [operator], [right]))  # type: ignore[no-any-return]

    def is_class(self, value: ast.expr, kind: str) -> ast.expr:
        """`value.__class__ is kind`, for a builtin type."""
        attribute = self.locate(ast.Attribute(value, "__class__", ast.Load()))
        return self.is_same(attribute, self.name(kind))

    def both(self, *operands: ast.expr) -> ast.expr:
        """`a and b`."""
        return self.locate(ast.BoolOp(ast.And(), list(operands)))  # type: ignore[no-any-return]

    def either(self, *operands: ast.expr) -> ast.expr:
        """`a or b`."""
        return self.locate(ast.BoolOp(ast.Or(), list(operands)))  # type: ignore[no-any-return]

    def invert(self, operand: ast.expr) -> ast.expr:
        """`not operand`."""
        return self.locate(ast.UnaryOp(ast.Not(), operand))  # type: ignore[no-any-return]

    def tuple_of(self, items: Sequence[ast.expr]) -> ast.expr:
        """`(a, b)`."""
        return self.locate(ast.Tuple(list(items), ast.Load()))  # type: ignore[no-any-return]

    def list_of(self, items: Sequence[ast.expr]) -> ast.expr:
        """`[a, b]`."""
        return self.locate(ast.List(list(items), ast.Load()))  # type: ignore[no-any-return]

    def dict_of(self, keys: Sequence[ast.expr], values: Sequence[ast.expr]) -> ast.expr:
        """`{a: b}`."""
        return self.locate(ast.Dict(list(keys), list(values)))  # type: ignore[no-any-return]

    def item(self, target: ast.expr, key: ast.expr) -> ast.expr:
        """`target[key]`."""
        return self.locate(ast.Subscript(target, key, ast.Load()))  # type: ignore[no-any-return]

    def function_of(self, parameters: Sequence[str], body: ast.expr) -> ast.expr:
        """`lambda parameters: body`."""
        return self.locate(ast.Lambda(self._arguments(parameters), body))  # type: ignore[no-any-return]

    def _arguments(self, parameters: Sequence[str]) -> ast.arguments:
        names = [self.locate(ast.arg(name)) for name in parameters]
        return ast.arguments([], names, None, [], [], None, [])

    def assign(self, target: ast.expr, value: ast.expr) -> ast.stmt:
        """`target = value`."""
        return self.locate(ast.Assign([target], value))  # type: ignore[no-any-return]

    def when(self, test: ast.expr, body: Sequence[ast.stmt], otherwise: Sequence[ast.stmt] = ()) -> ast.stmt:
        """`if test: body else: otherwise`."""
        filled = list(body) or [self.locate(ast.Pass())]
        return self.locate(ast.If(test, filled, list(otherwise)))  # type: ignore[no-any-return]

    def evaluate(self, expression: ast.expr) -> ast.stmt:
        """An expression as a statement."""
        return self.locate(ast.Expr(expression))  # type: ignore[no-any-return]

    def define(self, name: str, parameters: Sequence[str], body: Sequence[ast.stmt]) -> ast.stmt:
        """`def name(parameters): body`."""
        return self.locate(  # type: ignore[no-any-return]
            ast.FunctionDef(name, self._arguments(parameters), list(body), [], None, None)
        )

    def give(self, value: ast.expr) -> ast.stmt:
        """`return value`."""
        return self.locate(ast.Return(value))  # type: ignore[no-any-return]
