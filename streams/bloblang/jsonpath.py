"""JSONPath as https://github.com/PaesslerAG/jsonpath reads it: paths, wildcards, slices, unions and filters."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from streams.bloblang.errors import Fault, MismatchFault
from streams.bloblang.operators import COMPUTED
from streams.bloblang.values import require_dict

Values = Iterator[Any]
Charge = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a path: from a value to those it selects."""

    kind: str
    """`key`, `index`, `slice`, `all`, `union`, `filter` or `descend`."""
    argument: Any = None

    @property
    def is_definite(self) -> bool:
        """Whether it selects exactly one value."""
        return self.kind in {"key", "index"}


@dataclass(frozen=True, slots=True)
class Comparison:
    """A condition of a filter."""

    operator: str
    """A comparison, `&&`, `||`, `!` or `exists`."""
    operands: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class PathOperand:
    """`@...` or `$...` in a filter."""

    relative: bool
    steps: tuple[Step, ...]


_TOKEN = re.compile(
    r"\s*(?:(?P<string>'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\")|(?P<number>-?[0-9]+(?:\.[0-9]+)?)"
    r"|(?P<word>[A-Za-z_\u0080-\uffff][A-Za-z0-9_\u0080-\uffff]*)"
    r"|(?P<symbol>\.\.|&&|\|\||==|!=|<=|>=|=~|[$@.\[\]*:,?()<>!]))"
)
_MAX_NESTING = 32


class _Parser:
    """Reads a path from its tokens."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens: list[tuple[str, str]] = []
        position = 0
        while position < len(text.rstrip()):
            match = _TOKEN.match(text, position)
            if match is None:
                raise Fault(f"parsing error: {text}: unexpected {text[position]!r}")
            self._tokens.append((str(match.lastgroup), match.group(str(match.lastgroup))))
            position = match.end()
        self._index = 0
        self._nesting = 0

    def _peek(self) -> str:
        return self._tokens[self._index][1] if self._index < len(self._tokens) else ""

    def _take(self) -> tuple[str, str]:
        if self._index >= len(self._tokens):
            raise Fault(f"parsing error: {self._text}: unexpected end")
        self._index += 1
        return self._tokens[self._index - 1]

    def _accept(self, symbol: str) -> bool:
        found = self._peek() == symbol and self._tokens[self._index][0] == "symbol"
        self._index += found
        return found

    def _expect(self, symbol: str) -> None:
        if not self._accept(symbol):
            raise Fault(f"parsing error: {self._text}: expected {symbol!r}")

    def path(self) -> tuple[Step, ...]:
        self._expect("$")
        steps = self._steps()
        if self._index < len(self._tokens):
            raise Fault(f"parsing error: {self._text}: unexpected {self._peek()!r}")
        return steps

    def _steps(self) -> tuple[Step, ...]:
        steps: list[Step] = []
        while True:
            if self._accept(".."):
                steps.append(Step("descend"))
                if self._peek() != "[":
                    steps.append(self._member())
            elif self._accept("."):
                steps.append(self._member())
            elif self._accept("["):
                steps.append(self._bracket())
                self._expect("]")
            else:
                return tuple(steps)

    def _member(self) -> Step:
        kind, text = self._take()
        if text == "*":
            return Step("all")
        if kind not in {"word", "number", "string"}:
            raise Fault(f"parsing error: {self._text}: unexpected {text!r}")
        return Step("key", _unquoted(text) if kind == "string" else text)

    def _bracket(self) -> Step:
        if self._accept("*"):
            return Step("all")
        if self._accept("?"):
            self._expect("(")
            condition = self._condition()
            self._expect(")")
            return Step("filter", condition)
        first = self._selector()
        if self._peek() == ":":
            return self._slice(first)
        selectors = [first]
        while self._accept(","):
            selectors.append(self._selector())
        if any(selector is None for selector in selectors):
            raise Fault(f"parsing error: {self._text}: expected an index or a key")
        return (
            selectors[0]
            if len(selectors) == 1 and selectors[0] is not None
            else Step("union", tuple(selectors))
        )

    def _selector(self) -> Step | None:
        if self._peek() in {":", "]"}:
            return None
        kind, text = self._take()
        if kind == "number":
            return Step("index", int(float(text)))
        return Step("key", _unquoted(text) if kind == "string" else text)

    def _slice(self, first: Step | None) -> Step:
        bounds = [None if first is None else first.argument]
        while self._accept(":"):
            following = self._selector()
            bounds.append(None if following is None else following.argument)
        if (
            len(bounds) > 3
            or not all(bound is None or isinstance(bound, int) for bound in bounds)
            or bounds[2:] == [0]
        ):
            raise Fault(f"parsing error: {self._text}: invalid slice")
        return Step("slice", tuple(bounds + [None] * (3 - len(bounds))))

    def _condition(self) -> Any:
        self._nesting += 1
        if self._nesting > _MAX_NESTING:
            raise Fault(f"parsing error: conditions nest deeper than {_MAX_NESTING} levels")
        left = self._conjunction()
        while self._accept("||"):
            left = Comparison("||", (left, self._conjunction()))
        self._nesting -= 1
        return left

    def _conjunction(self) -> Any:
        left = self._comparison()
        while self._accept("&&"):
            left = Comparison("&&", (left, self._comparison()))
        return left

    def _comparison(self) -> Any:
        if self._accept("!"):
            return Comparison("!", (self._comparison(),))
        left = self._operand()
        if self._peek() in {"==", "!=", "<", "<=", ">", ">="}:
            operator = self._take()[1]
            return Comparison(operator, (left, self._operand()))
        return Comparison("exists", (left,)) if isinstance(left, PathOperand) else left

    def _operand(self) -> Any:
        if self._accept("("):
            inner = self._condition()
            self._expect(")")
            return inner
        kind, text = self._take()
        if text in {"@", "$"}:
            return PathOperand(text == "@", self._steps())
        if kind == "string":
            return _unquoted(text)
        if kind == "number":
            return float(text) if "." in text else int(text)
        constants = {"true": True, "false": False, "null": None, "nil": None}
        if text not in constants:
            raise Fault(f"parsing error: {self._text}: unexpected {text!r}")
        return constants[text]


def _unquoted(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text[1:-1])


@lru_cache(maxsize=256)
def parse_path(text: str) -> tuple[Step, ...]:
    """The steps of a path. Raises Fault when it is malformed."""
    return _Parser(text).path()


def evaluate(steps: Sequence[Step], root: Any, charge: Charge) -> Any:
    """The value a definite path leads to, or the array of all values another selects. Raises Fault."""
    if all(step.is_definite for step in steps):
        value = root
        for step in steps:
            value = _definite(step, value)
        return value
    return list(_select(steps, root, root, charge))


def _definite(step: Step, value: Any) -> Any:
    if step.kind == "key" and isinstance(value, list) and step.argument.lstrip("-").isdigit():
        step = Step("index", int(step.argument))
    if step.kind == "key":
        if step.argument not in require_dict(value):
            raise Fault(f"unknown key {step.argument}")
        return value[step.argument]
    if isinstance(value, dict) and str(step.argument) in value:
        return value[str(step.argument)]
    if not isinstance(value, list) or not -len(value) <= step.argument < len(value):
        raise Fault(f"unknown key {step.argument}")
    return value[step.argument]


def _select(steps: Sequence[Step], value: Any, root: Any, charge: Charge) -> Values:
    charge(8)
    if not steps:
        yield value
        return
    for selected in _selected(steps[0], value, root, charge):
        yield from _select(steps[1:], selected, root, charge)


def _selected(step: Step, value: Any, root: Any, charge: Charge) -> Values:
    if step.kind == "descend":
        yield from _descendants(value, charge)
    elif step.kind == "all":
        yield from _children(value)
    elif step.kind == "slice" and isinstance(value, list):
        start, stop, stride = step.argument
        yield from value[start:stop:stride]
    elif step.kind == "union":
        for selector in step.argument:
            yield from _selected(selector, value, root, charge)
    elif step.kind == "filter":
        yield from (item for item in _children(value) if _holds(step.argument, item, root, charge))
    elif step.is_definite:
        try:
            yield _definite(step, value)
        except Fault:
            return


def _children(value: Any) -> Values:
    if isinstance(value, dict):
        yield from value.values()
    elif isinstance(value, list):
        yield from value


def _descendants(value: Any, charge: Charge) -> Values:
    charge(8)
    yield value
    for child in _children(value):
        if isinstance(child, (dict, list)):
            yield from _descendants(child, charge)


def _holds(condition: Any, item: Any, root: Any, charge: Charge) -> bool:
    if not isinstance(condition, Comparison):
        return _operand(condition, item, root, charge) is True
    if condition.operator == "exists":
        path = condition.operands[0]
        return any(True for _ in _select(path.steps, item if path.relative else root, root, charge))
    if condition.operator in COMPUTED:
        left, right = (_operand(operand, item, root, charge) for operand in condition.operands)
        return _compared(condition.operator, left, right)
    return _combined(condition, item, root, charge)


def _combined(condition: Comparison, item: Any, root: Any, charge: Charge) -> bool:
    first = _holds(condition.operands[0], item, root, charge)
    if condition.operator == "!":
        return not first
    if first is (condition.operator == "||"):
        return first
    return _holds(condition.operands[1], item, root, charge)


def _compared(operator: str, left: Any, right: Any) -> bool:
    if isinstance(left, (list, dict)) or isinstance(right, (list, dict)):
        return operator == "!="
    try:
        return bool(COMPUTED[operator](left, right))
    except MismatchFault:
        return False


def _operand(operand: Any, item: Any, root: Any, charge: Charge) -> Any:
    if isinstance(operand, Comparison):
        return _holds(operand, item, root, charge)
    if isinstance(operand, PathOperand):
        return next(_select(operand.steps, item if operand.relative else root, root, charge), None)
    return operand
