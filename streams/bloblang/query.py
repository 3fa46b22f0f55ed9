"""A single expression, as interpolated fields use it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from streams.bloblang.compiler import Compiled, compile_program
from streams.bloblang.cursor import Cursor, SyntaxFault
from streams.bloblang.errors import RUNTIME_FAULTS, MappingError, OutOfFuel
from streams.bloblang.nodes import Assignment, Expression, Program, RootTarget
from streams.bloblang.parser import QueryParser
from streams.bloblang.paths import Ownership
from streams.bloblang.registry import REGISTRY, Registry
from streams.bloblang.run import DEFAULT_FUEL, Absent, Run
from streams.bloblang.tree import Builder
from streams.bloblang.values import NOTHING
from streams.message import Message


class Query:
    """An expression ready to evaluate."""

    def __init__(self, compiled: Compiled, fuel: int) -> None:
        self._compiled = compiled
        self._fuel = fuel

    @property
    def is_pure(self) -> bool:
        """Whether equal messages always give equal results."""
        return self._compiled.pure

    def evaluate(
        self,
        batch: Sequence[Message],
        index: int = 0,
        *,
        this: Any = None,
        variables: dict[str, Any] | None = None,
    ) -> Any:
        """The value (or marker) with `this` as given. Raises MappingError."""
        message = batch[index] if index < len(batch) else None
        run = Run(
            batch,
            index,
            limit=self._fuel,
            metadata=None if message is None else message.metadata,
            variables=variables,
            explainer=self._compiled.explainer,
            maps={},
        )
        try:
            # What it gives goes into a text, so its size counts.
            return run.measure(self._compiled.run(run, this, NOTHING, Ownership(run.charge)))
        except (*RUNTIME_FAULTS, OutOfFuel, RecursionError) as error:
            raise MappingError(self._compiled.explainer.statement(error)[0], 1) from error


def parse_query(
    text: str, offset: int = 0, *, permissions: Collection[str] = (), registry: Registry = REGISTRY
) -> tuple[Expression, Cursor]:
    """The expression that begins at an offset, and the cursor after it. Raises SyntaxFault."""
    cursor = Cursor(text, offset)
    return QueryParser(cursor, Builder(registry, permissions)).query(), cursor


def compile_expression(expression: Expression, fuel: int = DEFAULT_FUEL) -> Query:
    """Code for an expression."""
    return Query(compile_program(Program("", (Assignment(RootTarget(()), expression, 0),), ())), fuel)


def compile_query(text: str, *, permissions: Collection[str] = (), fuel: int = DEFAULT_FUEL) -> Query:
    """Reads and compiles an expression. Raises ParseError."""
    try:
        expression, _ = parse_query(text, permissions=permissions)
    except SyntaxFault as fault:
        raise fault.located(text) from None
    return compile_expression(expression, fuel)


NO_CONTEXT = Absent()
"""`this` for an expression that has none."""
