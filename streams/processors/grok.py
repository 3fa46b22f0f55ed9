"""`grok`: texts into JSON by named patterns."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from streams.message import Message
from streams.processors.flags import flagged
from streams.processors.grok_expression import GrokError, GrokExpression
from streams.processors.grok_patterns import DEFAULT_PATTERNS
from streams.spec import (
    BuildContext,
    ComponentSpec,
    Config,
    DryRun,
    Field,
    FieldType,
    Kind,
    Problem,
    Rules,
    Shape,
)


class Grok:
    """Matches each payload with one expression after the other."""

    def __init__(self, expressions: Sequence[GrokExpression], *, removes_empty: bool) -> None:
        self._expressions = expressions
        self._removes_empty = removes_empty

    async def process(self, messages: list[Message]) -> list[list[Message]]:
        """The batch; messages that no expression finds anything in keep their payload and are flagged."""
        return [[self._matched(message) for message in messages]]

    def _matched(self, message: Message) -> Message:
        for expression in self._expressions:
            values = self._kept(expression.match(message.content))
            if values:
                return message.replaced(value=values)
        return flagged(message, "no pattern matches found")

    def _kept(self, values: dict[str, Any] | None) -> dict[str, Any]:
        found = values or {}
        if self._removes_empty:
            return {name: value for name, value in found.items() if value not in {None, ""}}
        return {name: "" if value is None else value for name, value in found.items()}


def _expressions(config: Config) -> Iterable[GrokExpression]:
    """Raises GrokError."""
    defaults = DEFAULT_PATTERNS if config["use_default_patterns"] else {}
    patterns = {**defaults, **config["pattern_definitions"]}
    for text in config["expressions"]:
        yield GrokExpression(text, patterns, named_only=config["named_captures_only"])


def _check(config: Config, _rules: Rules) -> Iterable[Problem]:
    try:
        for _ in _expressions(config):
            pass
    except GrokError as error:
        yield Problem(("expressions",), "bad_pattern", str(error))


def _build(config: Config, _context: BuildContext) -> Grok:
    return Grok(list(_expressions(config)), removes_empty=config["remove_empty_values"])


GROK: Final = ComponentSpec(
    Kind.PROCESSOR,
    "grok",
    "Turns a text into JSON by named patterns.",
    _build,
    fields=(
        Field("expressions", FieldType.STRING, "Expressions, tried in order.", shape=Shape.LIST),
        Field(
            "pattern_definitions", FieldType.STRING, "Further patterns by name.", default={}, shape=Shape.MAP
        ),
        Field(
            "pattern_paths",
            FieldType.STRING,
            "Files of patterns.",
            default=[],
            shape=Shape.LIST,
            refused="a definition reads no files; use `pattern_definitions`",
        ),
        Field("named_captures_only", FieldType.BOOL, "Keep only what has a name.", default=True),
        Field("use_default_patterns", FieldType.BOOL, "Know the usual patterns.", default=True),
        Field("remove_empty_values", FieldType.BOOL, "Leave out what is empty.", default=True),
    ),
    description="`%{PATTERN:name:type}` captures a text as string, int or float. Regular expressions are RE2's. "
    f"Patterns: {', '.join(sorted(DEFAULT_PATTERNS))}.",
    check=_check,
    examples=({"expressions": ["%{NUMBER:size:int} %{WORD:unit}"]},),
    replayable=True,
    computes=True,
    per_message=True,
    dry_run=DryRun.RUN,
)
