"""Sequences of steps: one event after the other, with absences between them, within a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from streams.correlation.event import Event, Match, match_identity
from streams.timestamp import Timestamp

MAX_RUNS: Final = 100
"""Sequences of one key that may be begun at a time; while there are as many, no other is begun."""
_MILLISECOND: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a pattern."""

    name: str
    role: int
    """Events that have this role meet the step's condition."""
    absent: bool = False
    """No such event may come before the next step, or before the end of the time."""


@dataclass(frozen=True, slots=True)
class _Run:
    """A sequence that was begun."""

    start: int
    at: int
    """The step that is waited for; absences count as steps."""
    events: tuple[tuple[str, str, Any], ...]
    """Step, identity and document of each event so far."""


class Pattern:
    """Finds sequences (`streams.correlation.decider.Decider`).

    A sequence takes the first event that meets its next step. The first to be complete wins: all others of the key are
    forgotten, so that no event is part of two. A sequence that ends with an absence stands for itself.
    """

    def __init__(self, steps: tuple[Step, ...], within: int) -> None:
        """steps: the first is no absence. within: milliseconds from the first event to the last."""
        self._steps = steps
        self._within = within

    def apply(self, key: str, open_: Any, event: Event) -> tuple[Any, list[Match]]:
        """Take the next event."""
        runs: list[_Run] = []
        for run in _decode(open_):
            moved = self._moved(run, event)
            if moved is not None and moved.at == len(self._steps):
                return None, [self._match(key, moved, event.time)]
            runs += [] if moved is None else [moved]
        if self._steps[0].role in event.roles and len(runs) < MAX_RUNS:
            begun = _Run(event.time, 1, ((self._steps[0].name, event.identity, event.document),))
            if begun.at == len(self._steps):
                return None, [self._match(key, begun, event.time)]
            runs.append(begun)
        return _encode(runs), []

    def expire(self, key: str, open_: Any, time: int) -> tuple[Any, list[Match]]:
        """Let sequences go whose time is over; those that only waited for nothing to happen are complete."""
        runs, matches = [], []
        for run in _decode(open_):
            deadline = run.start + self._within
            if deadline >= time:
                runs.append(run)
            elif all(step.absent for step in self._steps[run.at :]):
                matches.append(self._match(key, run, deadline))
        return _encode(runs), matches

    def due(self, open_: Any) -> int | None:
        """The moment after the end of the first sequence's time."""
        return min((run.start + self._within + 1 for run in _decode(open_)), default=None)

    def _moved(self, run: _Run, event: Event) -> _Run | None:
        """The sequence after an event; None: the event must not have come."""
        at = run.at
        while at < len(self._steps) and self._steps[at].absent:
            if self._steps[at].role in event.roles:
                return None
            at += 1
        if at == len(self._steps) or self._steps[at].role not in event.roles:
            return run
        taken = (self._steps[at].name, event.identity, event.document)
        return _Run(run.start, at + 1, (*run.events, taken))

    def _match(self, key: str, run: _Run, time: int) -> Match:
        steps: dict[str, Any] = {step.name: None for step in self._steps}
        for name, _, document in run.events:
            repeated = sum(step.name == name for step in self._steps) > 1
            steps[name] = [*(steps[name] or ()), document] if repeated else document
        document = {"key": key, "started": moment(run.start), "ended": moment(time), "steps": steps}
        identity = match_identity(f"pattern/{key}", (identity for _, identity, _ in run.events))
        return Match(identity, time, document)


def moment(time: int) -> str:
    """Unix milliseconds as RFC 3339; a text of their number where that has no year."""
    try:
        return Timestamp(time * _MILLISECOND).rfc3339()
    except OverflowError:
        return str(time)


def _encode(runs: list[_Run]) -> Any:
    return [[run.start, run.at, [list(event) for event in run.events]] for run in runs] or None


def _decode(open_: Any) -> list[_Run]:
    return [
        _Run(start, at, tuple((name, identity, document) for name, identity, document in events))
        for start, at, events in open_ or ()
    ]
