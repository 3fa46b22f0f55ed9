"""Functions that need nothing but their arguments, and those that count or make identifiers."""

from __future__ import annotations

import math
import threading
import uuid
from typing import Any

from streams.bloblang.errors import Fault
from streams.bloblang.registry import (
    OPTIONAL,
    ExpectedFailure,
    anything,
    example,
    function,
    integer,
    lazy,
    string,
)
from streams.bloblang.run import Run
from streams.bloblang.values import DELETED, MAX_INT64, NOTHING, Marker, get_int, is_number
from streams.jsontext import Float


@function(
    "deleted",
    "Says that the target of the assignment is to be removed; at the root, that the message is to be filtered.",
    marks=True,
    examples=(example("root = this\nroot.secret = deleted()", ({"id": 1, "secret": "x"}, {"id": 1})),),
)
def deleted() -> Marker:
    """The deletion."""
    return DELETED


@function("nothing", "Says that the assignment is to be skipped.", marks=True, documented=False)
def nothing() -> Marker:
    """The absence of a result."""
    return NOTHING


@function(
    "throw",
    "Fails with a message of the mapping's own.",
    parameters=(string("why"),),
    examples=(
        example(
            'root = if this.kind == "order" { this.id } else { throw("unknown kind") }',
            ({"kind": "order", "id": 7}, 7),
            ({"kind": "tea"}, ExpectedFailure("failed assignment (line 1): unknown kind")),
        ),
    ),
)
def throw(why: str) -> Any:
    """Raises the fault."""
    raise Fault(why)


def check_range(arguments: dict[str, Any]) -> None:
    """Refuses bounds that could never give a range, as soon as all are known."""
    start, stop, step = (arguments.get(name) for name in ("start", "stop", "step"))
    if isinstance(start, int) and isinstance(stop, int) and isinstance(step, int):
        _refuse_bounds(start, stop, step)


def _refuse_bounds(start: int, stop: int, step: int) -> None:
    if step == 0:
        raise Fault("step must be greater than or less than 0")
    if step < 0 and stop > start:
        raise Fault(f"with negative step arg stop ({stop}) must be <= start ({start})")
    if step > 0 and start >= stop:
        raise Fault(f"with positive step arg start ({start}) must be < stop ({stop})")


@function(
    "range",
    "Makes an array of integers from start up to but without stop.",
    parameters=(integer("start"), integer("stop"), integer("step", 1)),
    context=True,
    check=check_range,
    examples=(example("root = range(0, this.n, 2)", ({"n": 6}, [0, 2, 4])),),
)
def range_of(run: Run, start: int, stop: int, step: int) -> list[int]:
    """The integers; each counts as work before any is made."""
    _refuse_bounds(start, stop, step)
    # Go divides and cuts off, so a last incomplete step is left out.
    count = abs(stop - start) // abs(step)
    run.charge(count)
    return [start + step * number for number in range(count)]


@function(
    "pi", "The ratio of a circle's circumference to its diameter.",
    examples=(example("root = pi().round()", (None, 3)),),
)  # fmt: skip
def pi() -> Float:
    """The constant."""
    return Float(math.pi)


@function("uuid_v4", "Makes a random UUID.", pure=False)
def uuid_v4() -> str:
    """A UUID of version 4."""
    return str(uuid.uuid4())


@function(
    "var",
    "Reads a variable whose name is computed.",
    parameters=(string("name"),),
    context=True,
    documented=False,
)
def var(run: Run, name: str) -> Any:
    """The variable's value."""
    if run.variables is None:
        raise Fault("variables were undefined")
    if name not in run.variables:
        raise Fault(f"variable '{name}' undefined")
    return run.variables[name]


class _Counts:
    """Named counters of this process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._values: dict[str, int] = {}

    def next(self, name: str) -> int:
        with self._lock:
            self._values[name] = self._values.get(name, 0) + 1
            return self._values[name]


_COUNTS = _Counts()


@function(
    "count",
    "Counts how often it was called with this name in this process.",
    parameters=(string("name"),),
    pure=False,
)
def count(name: str) -> int:
    """The number of this call, from 1."""
    return _COUNTS.next(name)


class Counter:
    """The state of one `counter()` in a mapping; its bounds are those of its first call."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._bounds: tuple[int, int] | None = None
        self._value = 0

    def next(self, low: Any, high: Any, change: Any) -> int:
        """The counter's value after this call. Raises Fault for bounds or a change that are no numbers."""
        with self._lock:
            if self._bounds is None:
                self._bounds = _bounds(get_int(low()), get_int(high()))
                self._value = self._bounds[0] - 1
            value = NOTHING if change is None else change()
            if value is None:
                return self._value
            return self._counted(value)

    def _counted(self, change: Any) -> int:
        low, high = self._bounds or (1, MAX_INT64)
        if change is DELETED:
            self._value = low - 1
        elif change is not NOTHING:
            self._value = get_int(change)
            return self._value
        self._value += 1
        value = self._value
        if value >= high:
            self._value = low - 1
        return value


def _bounds(low: int, high: int) -> tuple[int, int]:
    if low < 0:
        raise Fault(f"min argument must be >0, got {low}")
    if high < 0 or high <= low:
        raise Fault(f"max argument must be >0 and >min, got {high}")
    return low, high


@function(
    "counter",
    "Counts its own calls, from min on and again from min after max. `set` gives the value instead; "
    "null leaves the counter where it is, a deletion starts it again.",
    parameters=(lazy("min", 1), lazy("max", MAX_INT64), lazy("set", OPTIONAL)),
    state=Counter,
    pure=False,
)
def counter(state: Counter, low: Any, high: Any, change: Any) -> int:
    """The next value of the counter that belongs to this call."""
    return state.next(low, high, change)


@function(
    "cosine_similarity",
    "The cosine of the angle between two vectors of numbers.",
    parameters=(anything("a"), anything("b")),
    examples=(example("root = cosine_similarity(this, [2, 4])", ([1, 2], 1.0)),),
)
def cosine_similarity(left: Any, right: Any) -> Float:
    """From -1 to 1."""
    first, second = _vector(left), _vector(right)
    if len(first) != len(second):
        raise Fault("vectors must be equal length")
    if not first:
        raise Fault("vectors cannot be empty")
    lengths = math.sqrt(sum(x * x for x in first) * sum(y * y for y in second))
    if lengths == 0:
        raise Fault("vectors must not be null (all zeros)")
    return Float(sum(x * y for x, y in zip(first, second, strict=True)) / lengths)


def _vector(value: Any) -> list[float]:
    if not isinstance(value, list) or not all(map(is_number, value)):
        raise Fault("vector must be an array of numeric types")
    return [float(number) for number in value]
