"""From a Python traceback to the error a user reads.

Compiled code carries site numbers as line numbers. The innermost compiled frame says which node failed and
so which expression the error names; the nodes around it, and the frames outside, add what they were doing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from types import TracebackType

from streams.bloblang.annotations import annotation
from streams.bloblang.errors import ConditionFault, MismatchFault, NoContext, TypeFault
from streams.bloblang.nodes import (
    Assignment,
    Binary,
    Call,
    Expression,
    Field,
    IfStatement,
    Not,
    Statement,
    Variable,
)
from streams.bloblang.paths import join_path
from streams.bloblang.registry import Naming
from streams.bloblang.tree import words_of
from streams.bloblang.values import to_string, type_fault_text, type_name


@dataclass(frozen=True, slots=True)
class Site:
    """A node of the mapping as a place where running code can fail."""

    node: Expression | Statement | None
    parent: int
    """The site around it in the same Python function, or 0."""
    prefix: str = ""
    """What an error says it was doing when it passes from here to the parent."""
    condition: bool = False
    """Whether it is the test that the node gave a bool."""
    line: int = 0
    """For a statement, its line in the text."""
    in_map: bool = False
    """Whether the statement belongs to a map."""


@dataclass(slots=True)
class _Account:
    """The text of an error as it is passed outwards."""

    text: str
    fault: TypeFault | None = None
    """The type error it still is, as long as nothing was put before it."""
    settled: bool = False
    """Whether it already names the expression at fault."""

    def name(self, label: str) -> None:
        if self.fault is not None and not self.fault.origin:
            self.fault = TypeFault(self.fault.value, self.fault.expected, label)
            self.text = type_fault_text(self.fault)
        elif self.fault is None and not self.settled:
            self.text = f"{label}: {self.text}"
            self.settled = True

    def prepend(self, prefix: str) -> None:
        if prefix:
            self.text = prefix + self.text
            self.fault = None


class Explainer:
    """Words the errors of one compiled mapping."""

    def __init__(self, filename: str, sites: list[Site]) -> None:
        self._filename = filename
        self._sites = sites

    def text(self, error: BaseException) -> str:
        """The error as seen from where it was caught."""
        return self._account(error).text

    def statement(self, error: BaseException) -> tuple[str, int]:
        """The error's text and the line of the outermost statement."""
        line = 0
        for site in self._frames(error.__traceback__):
            line = self._statement_line(site)
            break
        return self._account(error).text, line

    def _statement_line(self, number: int) -> int:
        while number:
            site = self._sites[number]
            if site.line:
                return site.line
            number = site.parent
        return 0

    def _account(self, error: BaseException) -> _Account:
        numbers = list(self._frames(error.__traceback__))
        if not numbers:
            return _Account(_plain_text(error))
        account = self._origin(error, numbers[-1])
        self._climb(account, numbers[-1])
        for number in reversed(numbers[:-1]):
            self._pass(account, number)
            self._climb(account, number)
        return account

    def _frames(self, traceback: TracebackType | None) -> Iterator[int]:
        while traceback is not None:
            if traceback.tb_frame.f_code.co_filename == self._filename:
                yield traceback.tb_lineno
            traceback = traceback.tb_next

    def _origin(self, error: BaseException, number: int) -> _Account:
        site = self._sites[number]
        node = site.node
        if isinstance(error, ConditionFault) and site.condition and node is not None:
            shown = f"{_shown(error.value)} ({_go_type_name(error.value)})"
            label = "" if isinstance(node, (Assignment, IfStatement)) else annotation(node)
            return _Account(f"{label} resolved to a non-boolean value {shown}", settled=True)
        if isinstance(error, NoContext):
            return _Account(_no_context_text(error, node), settled=True)
        if isinstance(node, Variable):
            undefined = (
                "variables were undefined"
                if isinstance(error, TypeError)
                else f"variable '{node.name}' undefined"
            )
            return _Account(undefined)
        account = _Account(_plain_text(error), error if isinstance(error, TypeFault) else None)
        if isinstance(node, Binary):
            return self._of_binary(error, node, account)
        if isinstance(node, Not):
            account.name(annotation(node.operand))
        self._pass(account, number)
        return account

    def _of_binary(self, error: BaseException, node: Binary, account: _Account) -> _Account:
        if isinstance(error, MismatchFault):
            return _Account(words_of(error, annotation(node.left), annotation(node.right)), settled=True)
        if node.operator in {"/", "%"}:
            account.name(annotation(node.right))
        return account

    def _pass(self, account: _Account, number: int) -> None:
        # An error leaving a method names the method's target.
        node = self._sites[number].node
        if not isinstance(node, Call) or node.target is None:
            return
        naming = node.spec.naming
        if naming is Naming.TARGET or (naming is Naming.TYPES and account.fault is not None):
            account.name(annotation(node.target))

    def _climb(self, account: _Account, number: int) -> None:
        while number:
            site = self._sites[number]
            account.prepend(site.prefix)
            if site.in_map and site.line and "failed assignment (line " not in account.text:
                account.prepend(f"failed assignment (line {site.line}): ")
            number = site.parent


def _shown(value: object) -> str:
    # A container might be far larger written than it is, by holding one value many times.
    return "<nil>" if value is None else "..." if isinstance(value, (list, dict)) else to_string(value)


def _plain_text(error: BaseException) -> str:
    if isinstance(error, TypeFault):
        return type_fault_text(error)
    if isinstance(error, MismatchFault):
        return f"cannot {error.operation} types {type_name(error.left)} and {type_name(error.right)}"
    if isinstance(error, RecursionError):
        return "exceeded the maximum recursion depth"
    return str(error)


def _no_context_text(error: NoContext, node: Expression | Statement | None) -> str:
    path = ".".join(join_path(node.path)) if isinstance(node, Field) else ""
    if error.reason:
        shown = f"this.{path}" if path else "this"
        return f"unable to reference message as structured (with '{shown}'): {error.reason}"
    return f"context was undefined, unable to reference `{path}`" if path else "context was undefined"


def _go_type_name(value: object) -> str:
    names = {
        "array": "[]interface {}",
        "object": "map[string]interface {}",
        "bytes": "[]uint8",
        "null": "<nil>",
    }
    name = type_name(value)
    if name == "number":
        return "int64" if isinstance(value, int) else "float64"
    return names.get(name, name)
