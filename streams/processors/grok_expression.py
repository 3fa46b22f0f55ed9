"""Expressions of grok, such as `%{NUMBER:size:int} %{WORD:unit}`: expanded to one regular expression of RE2."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from streams.bloblang.errors import Fault
from streams.bloblang.methods.regexp import compiled
from streams.bloblang.values import bytes_string

MAX_CHARACTERS: Final = 10_000
"""The most of an expanded expression."""
_MAX_DEPTH: Final = 32
_REFERENCE: Final = re.compile(r"%\{(\w+)(?::([^:}]+))?(?::(\w+))?\}")
_NAMED_GROUP: Final = re.compile(r"\(\?P?<([A-Za-z_]\w*)>")
_CONVERSIONS: Final = {"string": str, "int": int, "float": float}


class GrokError(ValueError):
    """An expression cannot be used."""


@dataclass(frozen=True, slots=True)
class _Capture:
    """What a group of the regular expression becomes."""

    name: str
    type: str
    """string, int or float."""


class GrokExpression:
    """An expression ready to match."""

    def __init__(self, text: str, patterns: Mapping[str, str], *, named_only: bool) -> None:
        """patterns: what `%{NAME}` stands for. named_only: only references with a name of their own capture.

        Raises GrokError.
        """
        self._patterns = patterns
        self._named_only = named_only
        self._captures: list[_Capture] = []
        expanded = self._expanded(text, 0)
        try:
            self._pattern: Any = compiled(expanded)
        except Fault as fault:
            raise GrokError(fault.text) from None

    def match(self, content: bytes) -> dict[str, Any] | None:
        """The values captured in a text, None where a group took no part; None when it does not match."""
        found = self._pattern.search(content)
        if found is None:
            return None
        values: dict[str, Any] = {}
        for number, capture in enumerate(self._captures):
            text = found.group(b"g%d" % number)
            if text is not None or capture.name not in values:
                values[capture.name] = _converted(capture, text)
        return values

    def _expanded(self, text: str, depth: int) -> str:
        if depth > _MAX_DEPTH:
            raise GrokError("patterns name each other in a circle, or too deeply")
        grouped = _NAMED_GROUP.sub(lambda found: self._group(found[1], "string"), text)
        expanded = _REFERENCE.sub(lambda found: self._reference(found, depth), grouped)
        if len(expanded) > MAX_CHARACTERS:
            raise GrokError(f"the expression is longer than {MAX_CHARACTERS} characters when it is expanded")
        return expanded

    def _reference(self, found: re.Match[str], depth: int) -> str:
        pattern, name, type_name = found.groups()
        if pattern not in self._patterns:
            raise GrokError(f"there is no pattern {pattern!r}")
        if type_name is not None and type_name not in _CONVERSIONS:
            raise GrokError(f"{type_name!r} is no type: use {', '.join(_CONVERSIONS)}")
        captures = name is not None or not self._named_only
        # The number of a group is taken before those within it.
        opening = self._group(name or pattern, type_name or "string") if captures else "(?:"
        return f"{opening}{self._expanded(self._patterns[pattern], depth + 1)})"

    def _group(self, name: str, type_name: str) -> str:
        self._captures.append(_Capture(name, type_name))
        return f"(?P<g{len(self._captures) - 1}>"


def _converted(capture: _Capture, text: bytes | None) -> Any:
    """The value of a group; a number that is none stays a text."""
    if text is None:
        return None
    shown = bytes_string(text)
    try:
        return _CONVERSIONS[capture.type](shown)
    except ValueError:
        return shown
