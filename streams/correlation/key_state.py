"""All that is kept of one key, and how it goes on: pure."""

from __future__ import annotations

from bisect import insort
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Final

from streams.correlation.decider import Decider
from streams.correlation.event import Event, Match, decode_event, encode_event
from streams.jsontext import parse, serialise

MAX_PENDING: Final = 10_000
"""Events of one key whose moment is not over."""


@dataclass(frozen=True, slots=True)
class KeyState:
    """What is kept of one key."""

    pending: tuple[Event, ...] = ()
    """Events whose moment is not over, in order."""
    recent: frozenset[str] = frozenset()
    """Events of the watermark's own moment, of which others may still come."""
    open: Any = None
    """What the decider remembers."""
    fired: tuple[Match, ...] = ()
    """Matches that nobody has taken over yet."""
    watermark: int | None = None
    """How far it has come."""

    @property
    def is_empty(self) -> bool:
        """Nothing is left to be kept."""
        return not (self.pending or self.recent or self.open or self.fired)

    def has(self, event: Event) -> bool:
        """Tell whether an event is there already, or its moment was over before."""
        if self.watermark is not None and event.time < self.watermark:
            return True
        return event.identity in self.recent or any(event.identity == one.identity for one in self.pending)

    def due(self, decider: Decider) -> int | None:
        """The moment at which the key is to be looked at again; None: when an event comes."""
        moments = [event.time for event in self.pending[:1]]
        moments += [] if (due := decider.due(self.open)) is None else [due]
        moments += [self.watermark + 1] if self.recent and self.watermark is not None else []
        return min(moments, default=None)


def with_events(state: KeyState, events: Iterable[Event]) -> tuple[KeyState, list[Event]]:
    """The state with new events, and those for which there is no room. Events that are there already are left out."""
    pending, refused = list(state.pending), []
    known = {event.identity for event in pending}
    for event in events:
        if event.identity in known or state.has(event):
            continue
        if len(pending) >= MAX_PENDING:
            refused.append(event)
            continue
        known.add(event.identity)
        insort(pending, event, key=lambda one: one.order)
    return replace(state, pending=tuple(pending)), refused


def advanced(key: str, state: KeyState, decider: Decider, watermark: int) -> KeyState:
    """The state when no event before the watermark comes any more; its new matches are among `fired`.

    A key never goes back: it may have been kept before a crash, and the watermark not.
    """
    if state.watermark is not None and state.watermark > watermark:
        return state
    over = [event for event in state.pending if event.time <= watermark]
    open_, fired = state.open, list(state.fired)
    for event in over:
        open_, matches = decider.expire(key, open_, event.time)
        fired += matches
        open_, matches = decider.apply(key, open_, event)
        fired += matches
    open_, matches = decider.expire(key, open_, watermark)
    fired += matches
    still = state.recent if state.watermark == watermark else frozenset()
    recent = still | {event.identity for event in over if event.time == watermark}
    return KeyState(state.pending[len(over) :], recent, open_, tuple(fired), watermark)


def without_fired(state: KeyState, identities: frozenset[str]) -> KeyState:
    """The state when somebody has taken matches over."""
    return replace(state, fired=tuple(match for match in state.fired if match.identity not in identities))


def encode_state(state: KeyState) -> bytes:
    """A state as bytes."""
    return serialise(
        {
            "pending": [encode_event(event) for event in state.pending],
            "recent": sorted(state.recent),
            "open": state.open,
            "fired": [[match.identity, match.time, match.document] for match in state.fired],
            "watermark": state.watermark,
        }
    )


def decode_state(content: bytes | None) -> KeyState:
    """The state of bytes; None: a new one."""
    if content is None:
        return KeyState()
    value = parse(content)
    return KeyState(
        tuple(decode_event(event) for event in value["pending"]),
        frozenset(value["recent"]),
        value["open"],
        tuple(Match(identity, time, document) for identity, time, document in value["fired"]),
        value["watermark"],
    )
