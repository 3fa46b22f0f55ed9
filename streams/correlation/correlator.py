"""The keys of one component at work: events in, matches out, everything kept before anything is acknowledged.

The order of steps, and the crash each survives:

1. Events are added to their keys, time goes on as far as it may, and all of it is kept at once with the matches that
   it made. A crash before reads the events again; a crash after finds them there, or their moment over.
2. The events are acknowledged to their input.
3. Matches are given to the stream. A crash gives them again, under the same identities.
4. When the stream has taken them, they are forgotten, together with the next step 1.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

from streams.correlation.clock import Clock, Patience, decode_clock, encode_clock
from streams.correlation.decider import Decider
from streams.correlation.event import Event, Match
from streams.correlation.key_state import (
    KeyState,
    advanced,
    decode_state,
    encode_state,
    with_events,
    without_fired,
)
from streams.correlation.state import CorrelationState, Record
from streams.jsontext import parse, serialise

logger = logging.getLogger(__name__)

KEYS_AT_ONCE: Final = 500
"""Keys that are looked at together because time went on."""


class Correlator:
    """Finds matches of one component. One thing is done at a time."""

    def __init__(
        self, decider: Decider, patience: Patience, state: CorrelationState, now: Callable[[], int]
    ) -> None:
        """now: the clock on the wall, in Unix milliseconds."""
        self.ready: deque[tuple[str, Match]] = deque()
        """Matches to be given to the stream, with their keys."""
        self.late = 0
        """Events that came when their moment was over."""
        self._decider = decider
        self._patience = patience
        self._state = state
        self._now = now
        self._clock = Clock()
        self._next_due: int | None = None
        self._given: set[str] = set()
        self._taken: dict[str, set[str]] = {}

    async def start(self) -> None:
        """Take up where the one before left off. Raises StateError."""
        common = await self._state.begin()
        self._clock = decode_clock(None if common is None else parse(common)).started(
            self._patience, self._now()
        )
        self.ready.clear()
        self._given.clear()
        self._taken.clear()
        self._next_due = await self._state.next_due()
        owing = await self._state.owing()
        for at in range(0, len(owing), KEYS_AT_ONCE):
            for key, content in (await self._state.load(owing[at : at + KEYS_AT_ONCE])).items():
                self._offer(key, decode_state(content))

    async def take(self, events: Iterable[tuple[str, Event]], lanes: Mapping[str, int]) -> list[Event]:
        """Take events, each with its key. Returns those for which there is no room. Raises StateError.

        lanes: the latest time in each lane that gave something.
        """
        by_key: dict[str, list[Event]] = {}
        for key, event in events:
            if self._clock.is_late(event.time, self._patience):
                self.late += 1
            else:
                by_key.setdefault(key, []).append(event)
        return await self._go_on(self._clock.heard(lanes, self._patience, self._now()), by_key)

    def interrupted(self) -> None:
        """An input cannot read: time stands still, as what it will bring is not late."""
        self._clock = self._clock.started(self._patience, self._now())

    async def wait(self) -> None:
        """Let time go on, and forget what was taken. Raises StateError."""
        clock = self._clock.advanced(self._patience, self._now())
        if self._taken or _is_over(self._next_due, clock.watermark):
            await self._go_on(self._clock, {})

    async def finish(self) -> None:
        """Let the moments of all events be over: there are no more. Raises StateError."""
        latest = max((lane.time for lane in self._clock.lanes.values()), default=None)
        if latest is not None:
            self._clock = Clock(self._clock.lanes, max(latest, self._clock.watermark or latest))
            await self._go_on(self._clock, {})

    def taken(self, given: Iterable[tuple[str, Match]]) -> None:
        """The stream has these; they are forgotten with the next step."""
        for key, match in given:
            self._taken.setdefault(key, set()).add(match.identity)

    async def _go_on(self, clock: Clock, by_key: Mapping[str, Sequence[Event]]) -> list[Event]:
        """One step, kept as a whole; then more of them, while keys are due."""
        clock = clock.advanced(self._patience, self._now())
        taken, self._taken = self._taken, {}
        try:
            refused = await self._step(clock, by_key, taken)
        except BaseException:
            for key, identities in taken.items():
                self._taken.setdefault(key, set()).update(identities)
            raise
        for identities in taken.values():
            self._given -= identities
        while _is_over(self._next_due, clock.watermark):
            await self._step(clock, {}, {})
        return refused

    async def _step(
        self, clock: Clock, by_key: Mapping[str, Sequence[Event]], taken: Mapping[str, set[str]]
    ) -> list[Event]:
        due: list[str] = []
        if clock.watermark is not None and _is_over(self._next_due, clock.watermark):
            due = await self._state.due(clock.watermark, KEYS_AT_ONCE)
        keys = list(dict.fromkeys((*by_key, *taken, *due)))
        stored = await self._state.load(keys)
        states: dict[str, KeyState] = {}
        refused: list[Event] = []
        for key in keys:
            state = without_fired(decode_state(stored.get(key)), frozenset(taken.get(key, ())))
            state, left = with_events(state, by_key.get(key, ()))
            if clock.watermark is not None:
                state = advanced(key, state, self._decider, clock.watermark)
            states[key] = state
            refused += left
        await self._keep(clock, states)
        return refused

    async def _keep(self, clock: Clock, states: Mapping[str, KeyState]) -> None:
        records = {key: self._record(state) for key, state in states.items()}
        await self._state.save(serialise(encode_clock(clock)), records)
        self._clock = clock
        self._next_due = await self._state.next_due()
        for key, state in states.items():
            self._offer(key, state)

    def _record(self, state: KeyState) -> Record | None:
        if state.is_empty:
            return None
        return Record(encode_state(state), state.due(self._decider), bool(state.fired))

    def _offer(self, key: str, state: KeyState) -> None:
        for match in state.fired:
            if match.identity not in self._given:
                self._given.add(match.identity)
                self.ready.append((key, match))


def _is_over(due: int | None, watermark: int | None) -> bool:
    return due is not None and watermark is not None and due <= watermark
