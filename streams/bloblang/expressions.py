"""Expressions of a mapping to Python expressions."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from typing import Any

from streams.bloblang import operators, runtime
from streams.bloblang.arguments import CONVERTERS
from streams.bloblang.emit import Emitter
from streams.bloblang.explain import Site
from streams.bloblang.nodes import (
    Array,
    Binary,
    Call,
    CallerText,
    Case,
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
from streams.bloblang.registry import Form, Kind, Parameter
from streams.bloblang.results import COMPARISONS, is_boolean, may_mark
from streams.bloblang.run import charged, counted
from streams.bloblang.scope import Scope
from streams.bloblang.values import NOTHING, equal


class ExpressionCompiler:
    """Compiles expressions, recording a site for each."""

    def __init__(self, emitter: Emitter) -> None:
        self.emit = emitter
        self.sites: list[Site] = [Site(None, 0)]
        self.parent = 0
        self.accumulates = False
        self.variable_reads = 0
        """How often variables and metadata have been read so far."""
        self.root_reads = 0
        """How often the document being made has been read so far."""
        self.pure = True
        self.batchwise = False
        self._handlers: dict[type, Callable[[Any, Scope], ast.expr]] = {
            Literal: lambda node, _: self.emit.constant(node.value),
            CallerText: self._caller_text,
            Field: self._field,
            Get: self._get,
            Variable: self._variable,
            Metadata: self._metadata,
            Array: self._array,
            Object: self._object,
            Not: self._not,
            Binary: self._binary,
            Match: self._match,
            If: self._if,
            Lambda: lambda node, scope: self.compile(node.body, scope.named(node.name)),
            MapTo: self._map_to,
            Index: self._index,
            Slice: self._slice,
            Call: self._call,
        }

    def compile(self, node: Expression, scope: Scope, prefix: str = "") -> ast.expr:
        """The Python expression of a node; `prefix` is what an error in it says it was doing."""
        with_site = self.enter(Site(node, self.parent, prefix))
        result = self._handlers[type(node)](node, scope)
        self.leave(with_site)
        return result

    def enter(self, site: Site) -> tuple[int, int]:
        """Makes the site the current one; returns what `leave` needs."""
        before = self.parent, self.emit.site
        self.sites.append(site)
        self.parent = self.emit.site = len(self.sites) - 1
        return before

    def leave(self, before: tuple[int, int]) -> None:
        """Returns to the site before."""
        self.parent, self.emit.site = before

    def thunk(self, node: Expression, scope: Scope, parameters: Sequence[str] = ()) -> ast.expr:
        """A Python function of the node; errors in it pass through whoever calls it."""
        outer, self.parent = self.parent, 0
        body = self.compile(node, scope)
        self.parent = outer
        return self.emit.function_of(parameters, body)

    def condition(self, node: Expression, scope: Scope, prefix: str, *, strict: bool) -> ast.expr:
        """A test that must be a bool (or null, unless `strict`)."""
        value = self.compile(node, scope, prefix)
        if is_boolean(node):
            return value
        before = self.enter(Site(node, self.parent, condition=True))
        check = runtime.strict_condition if strict else runtime.condition
        result = self.emit.call(check, value)
        self.leave(before)
        return result

    def _field(self, node: Field, scope: Scope) -> ast.expr:
        value = self._read(node, scope, runtime.step)
        if node.context != "root":
            return value
        self.root_reads += 1
        return self.emit.call_method(self.emit.name("owned"), "shared", value)

    def _read(self, node: Field, scope: Scope, step: Callable[..., Any]) -> ast.expr:
        name = self._context(node.context, scope)
        if name is None:
            return self.emit.call(runtime.no_context)
        if node.path:
            return self._path(name, node.path, step)
        if node.context == "this" and scope.document:
            return self.emit.call(runtime.document, self.emit.name(name))
        return self.emit.name(name)

    def _context(self, context: str, scope: Scope) -> str | None:
        if context == "root":
            return "root"
        return scope.this if context == "this" else scope.names.get(context)

    def _path(self, name: str, path: Sequence[str], step: Callable[..., Any]) -> ast.expr:
        """The read of a path below a Python name: plain dict look-ups as long as there are dicts."""
        value = self.emit.name(name)
        if "*" in path:
            return self.emit.call(
                runtime.step_through, self.emit.name("run"), value, self.emit.constant(tuple(path))
            )
        for depth, segment in enumerate(path):
            held = name if depth == 0 else self.emit.temporary()
            tested = value if depth == 0 else self.emit.keep(held, value)
            value = self._looked_up(tested, held, segment, step, null=depth > 0)
        return value

    def _looked_up(
        self, tested: ast.expr, held: str, segment: str, step: Callable[..., Any], *, null: bool
    ) -> ast.expr:
        otherwise = self.emit.call(step, self.emit.name(held), self.emit.constant((segment,)))
        if null:
            is_null = self.emit.is_same(self.emit.name(held), self.emit.constant(None))
            otherwise = self.emit.choose(is_null, self.emit.constant(None), otherwise)
        found = self.emit.call_method(self.emit.name(held), "get", self.emit.constant(segment))
        return self.emit.choose(self.emit.is_class(tested, "dict"), found, otherwise)

    def _caller_text(self, node: CallerText, _: Scope) -> ast.expr:
        return self.emit.call(runtime.caller_text, self.emit.name("run"), self.emit.constant(node.parts))

    def _get(self, node: Get, scope: Scope) -> ast.expr:
        held = self.emit.temporary()
        target = self.compile(node.target, scope)
        return self._bound_once(target, held, self._path(held, node.path, runtime.step))

    def _variable(self, node: Variable, _: Scope) -> ast.expr:
        self.variable_reads += 1
        return self.emit.item(self.emit.name("variables"), self.emit.constant(node.name))

    def _metadata(self, node: Metadata, _: Scope) -> ast.expr:
        self.variable_reads += 1
        return self.emit.call(runtime.metadata_value, self.emit.name("run"), self.emit.constant(node.key))

    def _array(self, node: Array, scope: Scope) -> ast.expr:
        items = [self.compile(item, scope) for item in node.items]
        if any(map(may_mark, node.items)):
            return self.emit.call(runtime.array_of, self.emit.tuple_of(items))
        return self.emit.list_of(items)

    def _object(self, node: Object, scope: Scope) -> ast.expr:
        keys = [self.compile(key, scope, "failed to resolve key: ") for key, _ in node.members]
        values = [
            self.compile(value, scope, f"failed to resolve '{_key_text(key)}' value: ")
            for key, value in node.members
        ]
        plain = all(isinstance(key, Literal) and not may_mark(value) for key, value in node.members)
        if plain:
            return self.emit.dict_of(keys, values)
        pairs = [self.emit.tuple_of(pair) for pair in zip(keys, values, strict=True)]
        return self.emit.call(runtime.object_of, self.emit.tuple_of(pairs))

    def _not(self, node: Not, scope: Scope) -> ast.expr:
        operand = self.compile(node.operand, scope)
        if is_boolean(node.operand):
            return self.emit.invert(operand)
        return self.emit.call(operators.negate, operand)

    def _binary(self, node: Binary, scope: Scope) -> ast.expr:
        if node.operator == "|":
            return self._coalesce(node, scope)
        left = self.compile(node.left, scope)
        right = self.compile(node.right, scope)
        if node.operator in {"&&", "||"}:
            join = self.emit.both if node.operator == "&&" else self.emit.either
            return join(self._as_bool(node.left, left), self._as_bool(node.right, right))
        if node.operator == "+":
            return self.emit.call(runtime.plus, self.emit.name("run"), left, right)
        compute = operators.COMPUTED[node.operator]
        if node.operator in {"==", "!="} and not isinstance(node.right, Literal):
            same = self.emit.call_method(self.emit.name("run"), "equal", left, right)
            return same if node.operator == "==" else self.emit.invert(same)
        if node.operator in COMPARISONS and isinstance(node.right, Literal):
            return self._compare_with_literal(node, left, node.right.value, compute)
        return self.emit.call(compute, left, right)

    def _as_bool(self, node: Expression, value: ast.expr) -> ast.expr:
        return value if is_boolean(node) else self.emit.call(operators.as_bool, value)

    def _compare_with_literal(self, node: Binary, left: ast.expr, literal: Any, compute: Any) -> ast.expr:
        kind = {str: "str", int: "int"}.get(literal.__class__)
        if kind is None:
            return self.emit.call(compute, left, self.emit.constant(literal))
        held = self.emit.temporary()
        return self.emit.choose(
            self.emit.is_class(self.emit.keep(held, left), kind),
            self.emit.compare(
                self.emit.name(held), COMPARISONS[node.operator](), self.emit.constant(literal)
            ),
            self.emit.call(compute, self.emit.name(held), self.emit.constant(literal)),
        )

    def _coalesce(self, node: Binary, scope: Scope) -> ast.expr:
        if self._cannot_fail(node.left, scope):
            return self._first(self._guarded(node.left, scope), self.compile(node.right, scope))
        return self.emit.call(runtime.coalesce, self.thunk(node.left, scope), self.thunk(node.right, scope))

    def _cannot_fail(self, node: Expression, scope: Scope) -> bool:
        # A path fails for a missing context only, which reading it as null covers.
        if isinstance(node, Binary):
            return node.operator == "|" and all(
                self._cannot_fail(side, scope) for side in (node.left, node.right)
            )
        if isinstance(node, Literal):
            return not may_mark(node)
        if not isinstance(node, Field) or node.context == "root" or not node.path or "*" in node.path:
            return False
        return self._context(node.context, scope) is not None

    def _guarded(self, node: Expression, scope: Scope) -> ast.expr:
        if isinstance(node, Binary):
            return self._first(self._guarded(node.left, scope), self._guarded(node.right, scope))
        if isinstance(node, Field):
            return self._read(node, scope, runtime.step_or_null)
        return self.compile(node, scope)

    def _first(self, left: ast.expr, right: ast.expr) -> ast.expr:
        held = self.emit.temporary()
        present = self.emit.compare(self.emit.keep(held, left), ast.IsNot(), self.emit.constant(None))
        return self.emit.choose(present, self.emit.name(held), right)

    def _bound_once(self, value: ast.expr, name: str, body: ast.expr) -> ast.expr:
        # A one-element tuple is true, so this evaluates `value`, keeps it and goes on to the body.
        kept = self.emit.tuple_of([self.emit.keep(name, value)])
        return self.emit.choose(kept, body, self.emit.constant(None))

    def _match(self, node: Match, scope: Scope) -> ast.expr:
        if node.subject is None:
            inner = Scope(scope.this, scope, scope.names, document=scope.document, loop=scope.loop)
            return self._cases(node.cases, inner)
        held = self.emit.temporary()
        subject = self.compile(node.subject, scope)
        return self._bound_once(subject, held, self._cases(node.cases, scope.entered(held, loop=False)))

    def _cases(self, cases: Sequence[Case], scope: Scope) -> ast.expr:
        compiled = [self._case(number, case, scope) for number, case in enumerate(cases)]
        result = self.emit.constant(NOTHING)
        for test, body in reversed(compiled):
            result = body if test is None else self.emit.choose(test, body, result)
        return result

    def _case(self, number: int, case: Case, scope: Scope) -> tuple[ast.expr | None, ast.expr]:
        body = self.compile(case.body, scope)
        if case.test is None:
            return None, body
        if isinstance(case.test, (Literal, CallerText)):
            subject = self.emit.name(scope.this) if scope.this is not None else self.emit.constant(None)
            return self.emit.call(equal, subject, self.compile(case.test, scope)), body
        test = self.compile(case.test, scope, f"failed to check match case {number}: ")
        return test if is_boolean(case.test) else self.emit.is_same(test, self.emit.constant(True)), body  # noqa: FBT003

    def _if(self, node: If, scope: Scope) -> ast.expr:
        compiled = []
        for number, branch in enumerate(node.branches):
            prefix = f"failed to check if condition{f' {number}' if number else ''}: "
            test = self.condition(branch.condition, scope, prefix, strict=False)
            compiled.append((test, self.compile(branch.body, scope)))
        result = (
            self.emit.constant(NOTHING) if node.otherwise is None else self.compile(node.otherwise, scope)
        )
        for test, body in reversed(compiled):
            result = self.emit.choose(test, body, result)
        return result

    def _map_to(self, node: MapTo, scope: Scope) -> ast.expr:
        held = self.emit.temporary()
        target = self.compile(node.target, scope)
        return self._bound_once(target, held, self.compile(node.body, scope.entered(held, loop=False)))

    def _index(self, node: Index, scope: Scope) -> ast.expr:
        return self.emit.call(
            runtime.index_value, self.compile(node.target, scope), self.compile(node.index, scope)
        )

    def _slice(self, node: Slice, scope: Scope) -> ast.expr:
        target = self.compile(node.target, scope)
        bounds = [
            self.emit.constant(None)
            if bound is None
            else self.emit.call(runtime.slice_bound, self.compile(bound, scope), self.emit.constant(name))
            for bound, name in ((node.start, "start bound"), (node.stop, "end bound"), (node.step, "step"))
        ]
        return self.emit.call(runtime.slice_value, target, *bounds)

    def _call(self, node: Call, scope: Scope) -> ast.expr:
        spec = node.spec
        self.pure = self.pure and spec.pure
        self.batchwise = self.batchwise or spec.batchwise
        self.accumulates = self.accumulates or spec.accumulates
        eager = spec.eager is not None and all(argument is None for argument in node.arguments)
        if spec.form is Form.LAZY and not eager and node.target is not None:
            target = [self.emit.name("run"), self.thunk(node.target, scope)]
        else:
            target = [] if node.target is None else [self.compile(node.target, scope)]
            target = [self.emit.name("run"), *target] if spec.context else target
        if spec.state is not None:
            target.insert(0, self.emit.constant(spec.state()))
        call = spec.eager if eager else spec.call
        arguments = [] if eager else self._arguments(node, scope)
        if scope.loop and spec.form is Form.EAGER:
            bound = self.emit.constant(call)
            return self.emit.call(charged, self.emit.name("run"), bound, *target, *arguments)
        result = self.emit.call(call, *target, *arguments)
        if spec.boolean or spec.form is Form.LAZY:
            return result
        return self.emit.call(counted, self.emit.name("run"), result)

    def _arguments(self, node: Call, scope: Scope) -> list[ast.expr]:
        if node.spec.variadic:
            parameters = tuple(Parameter(str(number), Kind.ANY) for number in range(len(node.arguments)))
        else:
            parameters = node.spec.parameters
        return [
            self._argument(parameter, argument, scope)
            for parameter, argument in zip(parameters, node.arguments, strict=True)
        ]

    def _argument(self, parameter: Parameter, argument: Expression | None, scope: Scope) -> ast.expr:
        if argument is None:
            return self.emit.constant(None)
        if parameter.kind is Kind.LAZY:
            return self.thunk(argument, scope)
        if parameter.kind is Kind.QUERY:
            held = self.emit.temporary()
            return self.thunk(argument, scope.entered(held, loop=True), (held,))
        if isinstance(argument, Literal):
            return self.emit.constant(argument.value)
        prefix = f"failed to extract input arg '{parameter.name}': "
        before = self.enter(Site(None, self.parent, prefix))
        value = self.compile(argument, scope)
        converter = CONVERTERS.get(parameter.kind)
        result = value if converter is None else self.emit.call(converter, value)
        self.leave(before)
        return result


def _key_text(key: Expression) -> str:
    return str(key.value) if isinstance(key, Literal) else ""
