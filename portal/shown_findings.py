"""What is wrong with a document, with the lines it is about."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from gateway.definition_checks import DefinitionCheck
from gateway.errors import Fault

MOST_SHOWN: Final = 50
_BESIDE: Final = 1
"""Lines shown before and after that of a finding."""
_LONGEST: Final = 160
_LEAD: Final = 12
"""Characters before a place far to the right: what is wrong stands in sight on a phone."""
_WORD: Final = re.compile(r"\S+")


@dataclass(frozen=True, slots=True)
class ExcerptLine:
    """A line of the document without the indent that all of an excerpt have.

    `marked` is what the finding is about, and empty in the lines beside it.
    """

    number: int
    before: str
    marked: str
    after: str


@dataclass(frozen=True, slots=True)
class ShownFinding:
    """A finding as a page shows it."""

    fault: Fault
    is_error: bool
    excerpt: tuple[ExcerptLine, ...]


@dataclass(frozen=True, slots=True)
class ShownFindings:
    """All of a document, errors first."""

    findings: tuple[ShownFinding, ...] = ()
    errors: int = 0
    warnings: int = 0
    is_checked: bool = True
    """False: there is nothing to check yet."""

    @property
    def unshown(self) -> int:
        """How many more there are than `findings` holds."""
        return self.errors + self.warnings - len(self.findings)


def shown_check(text: str, check: DefinitionCheck) -> ShownFindings:
    """Return what a check found in a text."""
    return shown_findings(text, check.errors, check.warnings)


def shown_findings(text: str, errors: Sequence[Fault], warnings: Sequence[Fault] = ()) -> ShownFindings:
    """Return errors and warnings about a text, with excerpts of it."""
    lines = text.split("\n")
    marked = [*((fault, True) for fault in errors), *((fault, False) for fault in warnings)]
    shown = (
        ShownFinding(fault, is_error, tuple(_excerpt(lines, fault)))
        for fault, is_error in marked[:MOST_SHOWN]
    )
    return ShownFindings(tuple(shown), len(errors), len(warnings))


def _excerpt(lines: Sequence[str], fault: Fault) -> Iterable[ExcerptLine]:
    if fault.line is None or not 1 <= fault.line <= len(lines):
        return
    at = max(0, (fault.column or 1) - 1)
    first, last = max(1, fault.line - _BESIDE), min(len(lines), fault.line + _BESIDE)
    around = [line.rstrip("\r") for line in lines[first - 1 : last]]
    indent = min(at, *(len(line) - len(line.lstrip(" ")) for line in around if line.strip()), at)
    for number, line in enumerate(around, first):
        if number == fault.line:
            yield _marked(number, line[indent:], at - indent)
        else:
            yield ExcerptLine(number, line[indent : indent + _LONGEST], "", "")


def _marked(number: int, line: str, at: int) -> ExcerptLine:
    """The line of a finding, cut to what stands around its place; the word there is marked."""
    start = at - _LEAD if at > 2 * _LEAD else 0
    word = _WORD.match(line, at)
    end = min(word.end() if word else at + 1, start + _LONGEST)
    cut = "…" if start else ""
    return ExcerptLine(number, cut + line[start:at], line[at:end] or " ", line[end : start + _LONGEST])
