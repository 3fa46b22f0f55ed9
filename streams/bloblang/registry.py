"""What functions and methods declare about themselves; checking, documentation and tests derive from it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import Enum
from typing import Any


class Kind(Enum):
    """The type of a parameter, named as error texts name it."""

    STRING = "string"
    INTEGER = "integer"
    FLOAT = "float"
    BOOL = "bool"
    ARRAY = "array"
    OBJECT = "object"
    TIMESTAMP = "timestamp"
    ANY = "unknown"
    QUERY = "query expression"  # evaluated by the method, each time with the value it gives as `this`
    LAZY = "lazy query expression"  # evaluated by the method if at all, in the context around the call


class Missing(Enum):
    """Stands for the default of a parameter that has none."""

    REQUIRED = "required"  # leaving it out is an error
    OPTIONAL = "optional"  # leaving it out passes None


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a function or method."""

    name: str
    kind: Kind
    default: Any = Missing.REQUIRED
    static: bool = False
    """Whether only a literal is allowed."""


@dataclass(frozen=True, slots=True)
class Example:
    """A mapping with inputs and the results they give; the tests run every one."""

    mapping: str
    cases: tuple[tuple[Any, Any], ...]
    """(input, result) as Python values; a result that is an ExpectedFailure is the text of the error."""
    summary: str = ""


@dataclass(frozen=True, slots=True)
class ExpectedFailure:
    """An example's result when it is an error."""

    text: str


class Naming(Enum):
    """Which errors of a method name its target."""

    TARGET = "target"  # all
    TYPES = "types"  # those about the target's type
    NONE = "none"  # none, as of Bento's plugin methods


class Form(Enum):
    """How the compiler calls it."""

    EAGER = "eager"  # evaluate target and arguments, then call
    LAZY = "lazy"  # call with the run and a function that evaluates the target, which may fail


@dataclass(frozen=True, slots=True)
class Spec:
    """A function or a method."""

    name: str
    method: bool
    summary: str
    call: Callable[..., Any]
    """Called with the run first if `context`, then the target of a method, then one argument per parameter."""
    parameters: tuple[Parameter, ...] = ()
    variadic: bool = False
    """Whether it takes any number of unnamed arguments instead of parameters."""
    examples: tuple[Example, ...] = ()
    form: Form = Form.EAGER
    context: bool = False
    """Whether it is given the run: to charge fuel, or to see the message."""
    pure: bool = True
    """Whether equal inputs give equal results, so that a stream using it can be replayed."""
    batchwise: bool = False
    """Whether it looks at the batch around the message."""
    folds: bool = False
    """Whether it is evaluated while reading when target and arguments are literals."""
    naming: Naming = Naming.TARGET
    eager: Callable[..., Any] | None = None
    """For a lazy method, what to call on the evaluated target when no argument is given."""
    boolean: bool = False
    """Whether the result is always a bool."""
    marks: bool = False
    """Whether the result can be a deletion or nothing."""
    accumulates: bool = False
    """Whether it can put a value into another again and again, so that work done does not bound the result."""
    state: Callable[[], Any] | None = None
    """Makes what each call in a mapping keeps between messages; given to `call` before everything else."""
    check: Callable[..., None] | None = None
    """Called while reading with the arguments that are literals, by name; raises Fault."""
    permission: str = ""
    """What an operator must allow before it may be used, such as `env`."""
    documented: bool = True
    """Whether the reference lists it."""


@dataclass(slots=True)
class Registry:
    """Functions and methods by name."""

    functions: dict[str, Spec] = field(default_factory=dict)
    methods: dict[str, Spec] = field(default_factory=dict)

    def add(self, spec: Spec) -> None:
        """Adds a spec. Raises ValueError when the name is taken."""
        table = self.methods if spec.method else self.functions
        if spec.name in table:
            raise ValueError(f"{spec.name} is registered twice")
        table[spec.name] = spec

    def __iter__(self) -> Iterator[Spec]:
        yield from self.functions.values()
        yield from self.methods.values()


REGISTRY = Registry()
"""What Sluice itself brings; importing `functions` and `methods` fills it."""

Implementation = Callable[..., Any]


def function(name: str, summary: str, **details: Any) -> Callable[[Implementation], Implementation]:
    """Registers the decorated callable as a function of the language; `details` are fields of Spec."""
    return _registers(name, summary, details, method=False)


def method(name: str, summary: str, **details: Any) -> Callable[[Implementation], Implementation]:
    """Registers the decorated callable as a method of the language; `details` are fields of Spec."""
    return _registers(name, summary, details, method=True)


def _registers(
    name: str, summary: str, details: dict[str, Any], *, method: bool
) -> Callable[[Implementation], Implementation]:
    def register(implementation: Implementation) -> Implementation:
        REGISTRY.add(Spec(name, method, summary, implementation, **details))
        return implementation

    return register


def string(name: str, default: Any = Missing.REQUIRED, *, static: bool = False) -> Parameter:
    """A parameter that takes text."""
    return Parameter(name, Kind.STRING, default, static)


def integer(name: str, default: Any = Missing.REQUIRED, *, static: bool = False) -> Parameter:
    """A parameter that takes a whole number; a fraction is cut off."""
    return Parameter(name, Kind.INTEGER, default, static)


def floating(name: str, default: Any = Missing.REQUIRED) -> Parameter:
    """A parameter that takes a number."""
    return Parameter(name, Kind.FLOAT, default)


def boolean(name: str, default: Any = Missing.REQUIRED) -> Parameter:
    """A parameter that takes a bool."""
    return Parameter(name, Kind.BOOL, default)


def array(name: str, default: Any = Missing.REQUIRED) -> Parameter:
    """A parameter that takes an array."""
    return Parameter(name, Kind.ARRAY, default)


def anything(name: str, default: Any = Missing.REQUIRED) -> Parameter:
    """A parameter that takes any value."""
    return Parameter(name, Kind.ANY, default)


def timestamp(name: str, default: Any = Missing.REQUIRED) -> Parameter:
    """A parameter that takes a timestamp, or what can be read as one."""
    return Parameter(name, Kind.TIMESTAMP, default)


def query(name: str, default: Any = Missing.REQUIRED) -> Parameter:
    """A parameter that takes an expression the method evaluates with a value as `this`."""
    return Parameter(name, Kind.QUERY, default)


def lazy(name: str, default: Any = Missing.REQUIRED) -> Parameter:
    """A parameter that takes an expression the method evaluates in the context around it."""
    return Parameter(name, Kind.LAZY, default)


OPTIONAL = Missing.OPTIONAL


def example(mapping: str, *cases: tuple[Any, Any], summary: str = "") -> Example:
    """An example with its cases."""
    return Example(mapping, cases, summary)
