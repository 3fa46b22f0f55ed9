"""Which names of metadata or headers are taken: by their beginning or by a pattern."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from streams.bloblang.errors import Fault
from streams.bloblang.methods.regexp import compiled
from streams.spec import Config, Field, FieldType, Problem, Shape


class Selection:
    """Takes a name that begins or matches as one of the texts says; none of them: no name."""

    def __init__(self, prefixes: Sequence[str], patterns: Sequence[str]) -> None:
        self._prefixes = tuple(prefixes)
        self._patterns: list[Any] = [compiled(pattern) for pattern in patterns]

    def takes(self, name: str) -> bool:
        """Tell whether a name is taken."""
        if name.startswith(self._prefixes):
            return True
        return any(pattern.search(name.encode()) is not None for pattern in self._patterns)


def selection_field(name: str, summary: str) -> Field:
    """A group of fields that says what is taken."""
    return Field(
        name,
        FieldType.OBJECT,
        summary,
        default={},
        children=(
            Field(
                "include_prefixes",
                FieldType.STRING,
                "Names that begin so.",
                default=[],
                shape=Shape.LIST,
            ),
            Field(
                "include_patterns",
                FieldType.STRING,
                "Names in which this regular expression (RE2) is found.",
                default=[],
                shape=Shape.LIST,
            ),
        ),
    )


def make_selection(config: Config) -> Selection:
    """The selection that a group of fields describes."""
    return Selection(config["include_prefixes"], config["include_patterns"])


_PATTERNS: Final = "include_patterns"


def check_selection(name: str, config: Config) -> Iterable[Problem]:
    """Report patterns that cannot be read."""
    for at, pattern in enumerate(config[name][_PATTERNS]):
        try:
            compiled(pattern)
        except Fault as fault:
            yield Problem((name, _PATTERNS, at), "bad_pattern", fault.text)
