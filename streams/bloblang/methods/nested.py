"""A mapping within a mapping, given as text."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from streams.bloblang.compiler import Compiled, compile_program
from streams.bloblang.errors import RUNTIME_FAULTS, Fault, ParseError
from streams.bloblang.paths import Ownership
from streams.bloblang.registry import REGISTRY, Naming, example, method, string
from streams.bloblang.run import Run
from streams.bloblang.statements import MappingParser
from streams.bloblang.values import NOTHING

# What compiling a character of a mapping costs, in fuel.
_COMPILING = 512


@lru_cache(maxsize=128)
def _compiled(text: str) -> Compiled:
    try:
        return compile_program(MappingParser(text, REGISTRY).program())
    except ParseError as error:
        raise Fault(f"failed to parse mapping: {error}") from None


@method(
    "bloblang",
    "The result of a mapping, given as text, with the target as `this`.",
    parameters=(string("mapping"),),
    context=True,
    naming=Naming.NONE,
    pure=False,
    accumulates=True,
    marks=True,
    examples=(
        example(
            "root = this.data.bloblang(this.text)",
            ({"data": {"n": 1}, "text": "root.m = this.n + 1"}, {"m": 2}),
        ),
    ),
)
def bloblang(run: Run, value: Any, mapping: str) -> Any:
    """The root of the inner mapping, which works on the fuel of the outer one."""
    run.charge(_COMPILING * len(mapping))
    compiled = _compiled(mapping)
    inner = Run(
        [],
        0,
        limit=run.limit,
        metadata=None,
        variables={},
        explainer=compiled.explainer,
        maps=compiled.maps,
    )
    inner.fuel, inner.depth = run.fuel, run.depth
    try:
        return compiled.run(inner, value, NOTHING, Ownership(inner.charge))
    except RUNTIME_FAULTS as error:
        text, line = compiled.explainer.statement(error)
        raise Fault(f"failed assignment (line {line}): {text}") from error
    finally:
        run.fuel = inner.fuel
