"""What can go wrong in a mapping: while it is read, and while it runs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from streams.errors import ConfigError, SluiceError


class ParseError(ConfigError):
    """A mapping cannot be read; it says where and what was expected."""

    def __init__(self, line: int, column: int, message: str) -> None:
        super().__init__(f"line {line} char {column}: {message}")
        self.line = line
        self.column = column
        self.message = message


class MappingError(SluiceError):
    """A mapping failed on a message; it says on which line."""

    def __init__(self, text: str, line: int | None = None) -> None:
        super().__init__(text)
        self.text = text
        self.line = line


class Fault(Exception):  # noqa: N818 - a fault becomes an error when it is given its place
    """A failure inside a mapping, before its place and the expression at fault are known.

    Operators, functions and methods raise it; `explain` turns it into the text a user reads.
    """

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text


class TypeFault(Fault):
    """A value is of another type than the operation takes."""

    def __init__(self, value: Any, expected: Sequence[str], origin: str = "") -> None:
        super().__init__("")
        self.value = value
        self.expected = expected
        self.origin = origin


class MismatchFault(Fault):
    """Two operands do not go together."""

    def __init__(self, operation: str, left: Any, right: Any) -> None:
        super().__init__("")
        self.operation = operation
        self.left = left
        self.right = right


class ConditionFault(Fault):
    """A condition gave something else than a bool."""

    def __init__(self, value: Any) -> None:
        super().__init__("")
        self.value = value


class NoContext(Fault):
    """`this` was read where there is none, or where the payload is not JSON."""

    def __init__(self, reason: str = "") -> None:
        super().__init__("context was undefined")
        self.reason = reason


class OutOfFuel(Exception):  # noqa: N818 - no Fault, since no fallback of the mapping's own may catch it
    """The mapping did more work than its limit allows."""


RUNTIME_FAULTS = (Fault, ValueError, TypeError, ArithmeticError, LookupError)
"""What a fallback (`catch`, `or`, `|`) takes over: faults, and what Python raises for values out of its range."""
