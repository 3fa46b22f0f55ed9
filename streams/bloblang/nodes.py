"""The syntax tree of a mapping. `place` is the offset in the text where a node begins."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

from streams.bloblang.registry import Spec


@dataclass(frozen=True, slots=True)
class Literal:
    """A value known when the mapping is read."""

    value: Any
    label: str = ""
    """How errors name it, where that is not its type."""


@dataclass(frozen=True, slots=True)
class CallerText:
    """A string with variables of the caller in it."""

    parts: tuple[str, ...]
    """Literal text and names of variables in turn, beginning and ending with a literal."""


@dataclass(frozen=True, slots=True)
class Field:
    """A path below `this`, `root` or a named context."""

    context: str
    """`this`, `root` or the name a lambda gave."""
    path: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Get:
    """A path below the result of an expression."""

    target: Expression
    path: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Variable:
    """`$name`."""

    name: str


@dataclass(frozen=True, slots=True)
class Metadata:
    """`@key`, or all of it as an object."""

    key: str


@dataclass(frozen=True, slots=True)
class Array:
    """`[a, b]` with at least one element to evaluate."""

    items: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Object:
    """`{k: v}` with at least one key or value to evaluate."""

    members: tuple[tuple[Expression, Expression], ...]


@dataclass(frozen=True, slots=True)
class Not:
    """`!operand`."""

    operand: Expression


@dataclass(frozen=True, slots=True)
class Binary:
    """`left operator right`."""

    operator: str
    left: Expression
    right: Expression


@dataclass(frozen=True, slots=True)
class Case:
    """One case of a match."""

    test: Expression | None
    """None for `_`; a Literal is compared with the subject, anything else must be true."""
    body: Expression


@dataclass(frozen=True, slots=True)
class Match:
    """`match subject { cases }`."""

    subject: Expression | None
    cases: tuple[Case, ...]


@dataclass(frozen=True, slots=True)
class Branch:
    """A condition and what it leads to."""

    condition: Expression
    body: Expression


@dataclass(frozen=True, slots=True)
class If:
    """`if a { } else if b { } else { }` as an expression."""

    branches: tuple[Branch, ...]
    otherwise: Expression | None


@dataclass(frozen=True, slots=True)
class Lambda:
    """`name -> body`: names the context and restores the one before it as `this`."""

    name: str
    body: Expression


@dataclass(frozen=True, slots=True)
class MapTo:
    """`target.(body)`: evaluates the body with the target as `this`."""

    target: Expression
    body: Expression


@dataclass(frozen=True, slots=True)
class Index:
    """`target[index]`."""

    target: Expression
    index: Expression


@dataclass(frozen=True, slots=True)
class Slice:
    """`target[start:stop:step]`."""

    target: Expression
    start: Expression | None
    stop: Expression | None
    step: Expression | None


@dataclass(frozen=True, slots=True)
class Call:
    """A function, or a method of `target`, with one argument per parameter."""

    spec: Spec
    target: Expression | None
    arguments: tuple[Expression | None, ...]
    """None where an optional argument was left out; literals are already of their parameter's type."""


Expression: TypeAlias = (
    Literal | CallerText | Field | Get | Variable | Metadata | Array | Object | Not | Binary
    | Match | If | Lambda | MapTo | Index | Slice | Call
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class RootTarget:
    """`root.a.b = `."""

    path: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class VariableTarget:
    """`let name = `."""

    name: str


@dataclass(frozen=True, slots=True)
class MetadataTarget:
    """`meta key = `, or all metadata where the key is None."""

    key: str | None


Target: TypeAlias = RootTarget | VariableTarget | MetadataTarget


@dataclass(frozen=True, slots=True)
class Assignment:
    """`target = query`."""

    target: Target
    query: Expression
    place: int


@dataclass(frozen=True, slots=True)
class ConditionalBlock:
    """A condition and the statements it leads to; no condition for `else`."""

    condition: Expression | None
    statements: tuple[Statement, ...]


@dataclass(frozen=True, slots=True)
class IfStatement:
    """`if a { statements } else { statements }`."""

    blocks: tuple[ConditionalBlock, ...]
    place: int


Statement: TypeAlias = Assignment | IfStatement


@dataclass(frozen=True, slots=True)
class MapDefinition:
    """`map name { statements }`."""

    name: str
    statements: tuple[Statement, ...]
    first_line: int
    """The line errors inside it count from: its own first line in its own text."""
    text: str
    """The text it was written in, which an import may have brought."""


@dataclass(frozen=True, slots=True)
class Program:
    """A whole mapping."""

    text: str
    statements: tuple[Statement, ...]
    maps: tuple[MapDefinition, ...]
