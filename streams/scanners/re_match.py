"""`re_match`: messages that begin where a regular expression matches."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from typing import Any, Final

from streams.bloblang.errors import Fault
from streams.bloblang.methods.regexp import compiled
from streams.message import Message
from streams.scanners.lines import MAX_BUFFER, check_buffer
from streams.scanners.scanner import MakeScanner, ScanError
from streams.spec import BuildContext, ComponentSpec, Config, Field, FieldType, Kind, Problem, Rules


class ReMatch:
    """Cuts bytes before each match."""

    def __init__(self, pattern: Any, most: int) -> None:
        """pattern: of RE2, for bytes. most: bytes of a message."""
        self._pattern = pattern
        self._most = most
        self._rest = b""

    def feed(self, data: bytes) -> list[Message]:
        """What stands before a match is complete."""
        self._rest += data
        made = self._divided(last=False)
        if len(self._rest) > self._most:
            raise ScanError(f"nothing matches within {self._most} bytes (`max_buffer_size`)")
        return made

    def end(self) -> list[Message]:
        """What is left, divided at its last match too."""
        return self._divided(last=True)

    def _divided(self, *, last: bool) -> list[Message]:
        starts = [found.start() for found in self._pattern.finditer(self._rest)]
        if len(starts) < 2 and not last:
            return []  # what a single match begins may go on in the next piece
        cuts = [0, *(start for start in starts if start)]
        pieces = [self._rest[begin:end] for begin, end in pairwise(cuts)]
        rest, self._rest = self._rest[cuts[-1] :], b""
        if not last:
            self._rest = rest
        elif rest:
            pieces.append(rest)
        return [Message(piece) for piece in pieces]


def _build(config: Config, _context: BuildContext) -> MakeScanner:
    pattern, most = compiled(config["pattern"]), config["max_buffer_size"]
    return lambda _name: ReMatch(pattern, most)


def _check(config: Config, rules: Rules) -> Iterable[Problem]:
    yield from check_buffer(config, rules)
    try:
        compiled(config["pattern"])
    except Fault as fault:
        yield Problem(("pattern",), "bad_pattern", fault.text)


RE_MATCH: Final = ComponentSpec(
    Kind.SCANNER,
    "re_match",
    "Makes messages that begin where a regular expression (RE2) matches.",
    _build,
    fields=(Field("pattern", FieldType.STRING, "The expression."), MAX_BUFFER),
    check=_check,
    examples=({"pattern": "(?m)^\\d\\d:\\d\\d:\\d\\d"},),
)
