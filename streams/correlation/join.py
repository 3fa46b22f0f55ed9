"""Pairs of events of two streams with the same key, no further apart than a time."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

from streams.correlation.event import Event, Match, match_identity
from streams.correlation.pattern import moment

LEFT: Final = 0
RIGHT: Final = 1
_SIDES: Final = ("left", "right")
MAX_OPEN: Final = 1000
"""Events of one key and side that wait at a time; the oldest goes where there are more."""


@dataclass(frozen=True, slots=True)
class _Waiting:
    """An event that others may still be paired with."""

    event: Event
    paired: bool


class Join:
    """Finds pairs (`streams.correlation.decider.Decider`)."""

    def __init__(self, within: int, alone: frozenset[int]) -> None:
        """within: milliseconds between the two. alone: sides whose events are given alone when nothing joined them."""
        self._within = within
        self._alone = alone

    def apply(self, key: str, open_: Any, event: Event) -> tuple[Any, list[Match]]:
        """Pair the next event with all that wait on the other side."""
        sides = _decode(open_)
        side = event.roles[0]
        others = sides[1 - side]
        matches = []
        for at, other in enumerate(others):
            if event.time - other.event.time <= self._within:
                pair = {side: event, 1 - side: other.event}
                matches.append(_match(key, pair, event.time))
                others[at] = replace(other, paired=True)
        sides[side] = [*sides[side], _Waiting(event, bool(matches))][-MAX_OPEN:]
        return _encode(sides), matches

    def expire(self, key: str, open_: Any, time: int) -> tuple[Any, list[Match]]:
        """Let events go that nothing can join any more."""
        sides, matches = _decode(open_), []
        for side, waiting in enumerate(sides):
            gone = [one for one in waiting if one.event.time + self._within < time]
            sides[side] = waiting[len(gone) :]
            if side in self._alone:
                matches += [self._unpaired(key, side, one.event) for one in gone if not one.paired]
        return _encode(sides), sorted(matches, key=lambda match: (match.time, match.identity))

    def due(self, open_: Any) -> int | None:
        """The moment after the last at which the oldest event could be joined."""
        times = [one.event.time for waiting in _decode(open_) for one in waiting[:1]]
        return min(times) + self._within + 1 if times else None

    def _unpaired(self, key: str, side: int, event: Event) -> Match:
        return _match(key, {side: event}, event.time + self._within)


def _match(key: str, pair: dict[int, Event], time: int) -> Match:
    given = {name: pair[side].document if side in pair else None for side, name in enumerate(_SIDES)}
    identities = [pair[side].identity if side in pair else "" for side in (LEFT, RIGHT)]
    document = {"key": key, "ended": moment(time), **given}
    return Match(match_identity(f"join/{key}", identities), time, document)


def _encode(sides: list[list[_Waiting]]) -> Any:
    if not any(sides):
        return None
    return [
        [[one.event.time, one.event.identity, one.paired, one.event.document] for one in waiting]
        for waiting in sides
    ]


def _decode(open_: Any) -> list[list[_Waiting]]:
    return [
        [
            _Waiting(Event(time, identity, (side,), document), paired)
            for time, identity, paired, document in waiting
        ]
        for side, waiting in enumerate(open_ or ([], []))
    ]
