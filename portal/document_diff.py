"""What is different between two texts, line by line."""

import difflib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final

MOST_LINES: Final = 4_000
"""Between the first and the last difference; comparing more would take seconds."""
_AROUND: Final = 3


class Change(Enum):
    """What became of a line."""

    SAME = "same"
    ADDED = "added"
    REMOVED = "removed"
    LEFT_OUT = "left-out"  # lines that are the same on both sides, and not shown


@dataclass(frozen=True, slots=True)
class DiffLine:
    """A line with its numbers on both sides."""

    change: Change
    text: str
    old: int | None = None
    new: int | None = None


@dataclass(frozen=True, slots=True)
class DocumentDiff:
    """The differences with the lines around them."""

    lines: tuple[DiffLine, ...]
    added: int
    removed: int
    is_too_long: bool = False
    """Nothing is shown: too many lines lie between the first and the last difference."""


def document_diff(old: str, new: str) -> DocumentDiff:
    """Compare two texts."""
    before, after = _split(old), _split(new)
    start = _common(before, after)
    end = _common(before[start:][::-1], after[start:][::-1])
    if max(len(before), len(after)) - start - end > MOST_LINES:
        return DocumentDiff((), len(after), len(before), is_too_long=True)
    # Only what lies between is compared: most documents differ in few places.
    first = max(0, start - _AROUND)
    lasts = len(before) - end + _AROUND, len(after) - end + _AROUND
    lines = tuple(_lines(before[first : lasts[0]], after[first : lasts[1]], first))
    counts = Counter(line.change for line in lines)
    return DocumentDiff(lines, counts[Change.ADDED], counts[Change.REMOVED])


def _split(text: str) -> list[str]:
    """The lines as an editor numbers them; of nothing, none."""
    return text.split("\n") if text else []


def _common(before: Sequence[str], after: Sequence[str]) -> int:
    """How many lines are the same from the beginning on."""
    pairs = zip(before, after, strict=False)
    return next(
        (place for place, (one, other) in enumerate(pairs) if one != other), min(len(before), len(after))
    )


def _lines(before: Sequence[str], after: Sequence[str], skipped: int) -> Iterator[DiffLine]:
    matcher = difflib.SequenceMatcher(None, before, after)
    for place, group in enumerate(matcher.get_grouped_opcodes(_AROUND)):
        if place:
            yield DiffLine(Change.LEFT_OUT, "")
        for tag, old, old_end, new, new_end in group:
            if tag == "equal":
                for offset, text in enumerate(before[old:old_end]):
                    yield DiffLine(Change.SAME, text, skipped + old + offset + 1, skipped + new + offset + 1)
                continue
            for offset, text in enumerate(before[old:old_end]):
                yield DiffLine(Change.REMOVED, text, old=skipped + old + offset + 1)
            for offset, text in enumerate(after[new:new_end]):
                yield DiffLine(Change.ADDED, text, new=skipped + new + offset + 1)
