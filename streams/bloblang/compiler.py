"""A parsed mapping to Python code objects."""

from __future__ import annotations

import ast
import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import FunctionType
from typing import Any

from streams.bloblang import runtime
from streams.bloblang.emit import Emitter
from streams.bloblang.explain import Explainer, Site
from streams.bloblang.expressions import ExpressionCompiler
from streams.bloblang.nodes import (
    Assignment,
    Expression,
    IfStatement,
    MapDefinition,
    MetadataTarget,
    Program,
    RootTarget,
    Statement,
    VariableTarget,
)
from streams.bloblang.paths import Ownership
from streams.bloblang.results import may_mark
from streams.bloblang.run import Run
from streams.bloblang.scope import Scope
from streams.bloblang.values import NOTHING

_NUMBERS = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Compiled:
    """Code of a mapping."""

    run: Callable[[Run, Any, Any, Ownership], Any]
    """(run, this, root, owned) -> the new root."""
    maps: dict[str, Callable[[Run, Any], Any]]
    explainer: Explainer
    pure: bool
    """Whether equal messages give equal results."""
    batchwise: bool
    """Whether it looks at other messages of the batch."""
    weight: int
    """How many times over the result may contain its input, for each step of work; 0 where nothing bounds it."""
    reads_document: bool
    """Whether `this` of the whole message is read."""
    last_line: int
    """The line of the last statement, to which an error about the whole result belongs."""


class _ProgramCompiler:
    """Compiles statements; one for the mapping and its maps together."""

    def __init__(self, text: str) -> None:
        self.emit = Emitter()
        self.expressions = ExpressionCompiler(self.emit)
        self.copies = 1
        """How often a variable, or the root, may contain what it was made of by being put into itself."""
        self._text = text
        self._first_line = 0
        self._in_map = False

    def mapping(self, statements: Sequence[Statement]) -> ast.stmt:
        """The function of the mapping itself."""
        variables = self.emit.assign(
            self.emit.store("variables"),
            self.emit.locate(ast.Attribute(self.emit.name("run"), "variables", ast.Load())),
        )
        body = [variables, *self._statements(statements, Scope("this", document=True))]
        return self.emit.define("mapping", ("run", "this", "root", "owned"), [*body, self._result()])

    def definition(self, name: str, definition: MapDefinition) -> ast.stmt:
        """The function of a map: its own root, no variables."""
        self._text, self._first_line, self._in_map = definition.text, definition.first_line, True
        body = [
            self.emit.assign(self.emit.store("root"), self.emit.constant(NOTHING)),
            self.emit.assign(self.emit.store("variables"), self.emit.dict_of((), ())),
            self.emit.assign(
                self.emit.store("owned"),
                self.emit.call(
                    Ownership, self.emit.locate(ast.Attribute(self.emit.name("run"), "charge", ast.Load()))
                ),
            ),
            *self._statements(definition.statements, Scope("this", loop=True)),
        ]
        return self.emit.define(name, ("run", "this"), [*body, self._result()])

    def _result(self) -> ast.stmt:
        return self.emit.give(self.emit.name("root"))

    def _statements(self, statements: Sequence[Statement], scope: Scope) -> list[ast.stmt]:
        return [compiled for statement in statements for compiled in self._statement(statement, scope)]

    def _statement(self, statement: Statement, scope: Scope) -> list[ast.stmt]:
        line = self._text.count("\n", 0, statement.place) + 1 - self._first_line
        site = Site(statement, 0, line=line, in_map=self._in_map)
        before = self.expressions.enter(site)
        if isinstance(statement, Assignment):
            compiled = self._assignment(statement, scope)
        else:
            compiled = [self._if(statement, 0, scope)]
        self.expressions.leave(before)
        return compiled

    def _if(self, statement: IfStatement, number: int, scope: Scope) -> ast.stmt:
        block = statement.blocks[number]
        assert block.condition is not None  # noqa: S101 - only the last block has none, and it is no `if`
        prefix = f"failed to check if condition {number + 1}: "
        test = self.expressions.condition(block.condition, scope, prefix, strict=True)
        rest = statement.blocks[number + 1 :]
        otherwise: list[ast.stmt] = []
        if rest and rest[0].condition is None:
            otherwise = self._nested(rest[0].statements, scope)
        elif rest:
            otherwise = [self._if(statement, number + 1, scope)]
        return self.emit.when(test, self._nested(block.statements, scope), otherwise)

    def _nested(self, statements: Sequence[Statement], scope: Scope) -> list[ast.stmt]:
        # Errors inside count as the if statement's: Bento names only the outermost line.
        return [
            compiled
            for statement in statements
            for compiled in (
                self._assignment(statement, scope)
                if isinstance(statement, Assignment)
                else [self._if(statement, 0, scope)]
            )
        ]

    def _assignment(self, statement: Assignment, scope: Scope) -> list[ast.stmt]:
        variable_reads, root_reads = self.expressions.variable_reads, self.expressions.root_reads
        value = self.expressions.compile(statement.query, scope)
        target = statement.target
        # Only what is read back can grow by itself; a plain output of a variable cannot.
        if not isinstance(target, RootTarget):
            self.copies *= max(self.expressions.variable_reads - variable_reads, 1)
        self.copies *= 1 + self.expressions.root_reads - root_reads
        if isinstance(target, VariableTarget):
            return [self._let(target, statement.query, value)]
        if isinstance(target, MetadataTarget):
            key = self.emit.constant(target.key)
            call = self.emit.call(runtime.set_metadata, self.emit.name("run"), key, value)
            return [self.emit.evaluate(call)]
        return self._root(target, statement.query, value)

    def _key(self, key: str, value: ast.expr, path: ast.expr) -> ast.stmt:
        # The root is mostly an object of this run's own making; then the key is set at once.
        held = self.emit.temporary()
        root, owned = self.emit.name("root"), self.emit.name("owned")
        top = self.emit.locate(ast.Attribute(owned, "top", ast.Load()))
        kept = self.emit.tuple_of([self.emit.keep(held, value)])
        stored = self.emit.locate(ast.Subscript(root, self.emit.constant(key), ast.Store()))
        call = self.emit.call(runtime.set_root, root, path, self.emit.name(held), owned)
        return self.emit.when(
            self.emit.both(kept, self.emit.is_same(root, top)),
            [self.emit.assign(stored, self.emit.name(held))],
            [self.emit.assign(self.emit.store("root"), call)],
        )

    def _let(self, target: VariableTarget, query: Expression, value: ast.expr) -> ast.stmt:
        variables, name = self.emit.name("variables"), self.emit.constant(target.name)
        if may_mark(query):
            return self.emit.evaluate(self.emit.call(runtime.set_variable, variables, name, value))
        stored = self.emit.locate(ast.Subscript(variables, name, ast.Store()))
        return self.emit.assign(stored, value)

    def _root(self, target: RootTarget, query: Expression, value: ast.expr) -> list[ast.stmt]:
        if target.path:
            path = self.emit.constant(target.path)
            owned = self.emit.name("owned")
            if len(target.path) == 1 and not may_mark(query):
                return [self._key(target.path[0], value, path)]
            nested = len(target.path) == 2 and not may_mark(query)
            setter = runtime.set_nested if nested else runtime.set_root
            value = self.emit.call(setter, self.emit.name("root"), path, value, owned)
            return [self.emit.assign(self.emit.store("root"), value)]
        if not may_mark(query):
            return [self.emit.assign(self.emit.store("root"), value)]
        held = self.emit.temporary()
        test = self.emit.compare(self.emit.keep(held, value), ast.IsNot(), self.emit.constant(NOTHING))
        return [self.emit.when(test, [self.emit.assign(self.emit.store("root"), self.emit.name(held))])]


def compile_program(program: Program) -> Compiled:
    """Code for a mapping and its maps."""
    compiler = _ProgramCompiler(program.text)
    names = {definition.name: f"map_{number}" for number, definition in enumerate(program.maps)}
    body = [compiler.mapping(program.statements)]
    body += [compiler.definition(names[definition.name], definition) for definition in program.maps]
    filename = f"<mapping {next(_NUMBERS)}>"
    made = _functions(body, filename, compiler.emit.constants)
    expressions = compiler.expressions
    return Compiled(
        run=made["mapping"],
        maps={name: made[function] for name, function in names.items()},
        explainer=Explainer(filename, expressions.sites),
        pure=expressions.pure,
        batchwise=expressions.batchwise,
        weight=0 if expressions.accumulates else compiler.copies * len(expressions.sites),
        reads_document="this" in made["mapping"].__code__.co_names + _local_reads(made["mapping"]),
        last_line=program.text.count("\n", 0, program.statements[-1].place) + 1 if program.statements else 1,
    )


def _local_reads(function: FunctionType) -> tuple[str, ...]:
    return function.__code__.co_varnames + function.__code__.co_cellvars


def _functions(body: Sequence[ast.stmt], filename: str, constants: dict[str, Any]) -> dict[str, Any]:
    module = ast.Module(list(body), [])
    namespace: dict[str, Any] = dict(constants)
    # The tree is made of nodes of our own making; no text of the mapping becomes Python source.
    exec(compile(module, filename, "exec"), namespace)  # noqa: S102
    return namespace
