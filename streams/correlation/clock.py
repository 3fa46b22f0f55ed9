"""Which moment is over: the time of events, as far as they can still arrive out of order.

Events come in lanes, such as the partitions of a topic, each more or less in order. The watermark is the moment of
which no event is expected any more: what the slowest lane has reached, less the allowed lateness. A lane that gave
nothing for a while holds nobody back, and when all are silent time goes on by the clock on the wall.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

FIRST_EVENT: Final = 60_000
"""Milliseconds for which time stands still after a start when nothing comes: a broker may take as long to give the
partitions of one who died to another, and what waits in them is not late."""
MAX_LANES: Final = 1000
"""Lanes that are remembered; those that gave nothing for longest are forgotten first."""


@dataclass(frozen=True, slots=True)
class Lane:
    """How far one lane has come."""

    time: int
    """The latest time of its events."""
    seen: int
    """When it last gave one, by the clock on the wall."""


@dataclass(frozen=True, slots=True)
class Patience:
    """What is waited for, in milliseconds."""

    lateness: int
    """How much later than others an event may arrive."""
    idle: int
    """A lane that is silent for longer holds nobody back."""


@dataclass(frozen=True, slots=True)
class Clock:
    """How far all have come."""

    lanes: Mapping[str, Lane] = field(default_factory=dict)
    watermark: int | None = None
    """None: before the first event."""
    held_until: int = 0
    """On the wall: before, the watermark stays, so that every lane can be heard first."""
    unheard: bool = False
    """Nothing has come since the process began."""

    def heard(self, times: Mapping[str, int], patience: Patience, now: int) -> Clock:
        """The clock after events: the latest time of each lane that gave some."""
        if self.unheard and times:
            return self._waiting(patience.idle, now).heard(times, patience, now)
        lanes = dict(self.lanes)
        for name, time in times.items():
            lanes[name] = Lane(max(time, lanes[name].time) if name in lanes else time, now)
        newest = sorted(lanes, key=lambda name: lanes[name].seen)[-MAX_LANES:]
        return replace(self, lanes={name: lanes[name] for name in newest})

    def started(self, patience: Patience, now: int) -> Clock:
        """The clock of a process that begins: lanes are heard before any is left behind."""
        return replace(self._waiting(max(patience.idle, FIRST_EVENT), now), unheard=True)

    def advanced(self, patience: Patience, now: int) -> Clock:
        """The clock with the watermark where it may be now; it never goes back."""
        reached = self._reached(patience, now)
        if reached is None or now < self.held_until:
            return self
        # With lateness, an event as late as allowed is later than the watermark; without, it may be of its moment.
        mark = reached - patience.lateness - (1 if patience.lateness else 0)
        return (
            self if self.watermark is not None and self.watermark >= mark else replace(self, watermark=mark)
        )

    def is_late(self, time: int, patience: Patience) -> bool:
        """Tell whether an event's moment is over."""
        if self.watermark is None:
            return False
        return time <= self.watermark if patience.lateness else time < self.watermark

    def _waiting(self, milliseconds: int, now: int) -> Clock:
        """The clock when the silence of every lane begins now, and counts only after so long."""
        lanes = {name: replace(lane, seen=now) for name, lane in self.lanes.items()}
        return replace(self, lanes=lanes, held_until=now + milliseconds, unheard=False)

    def _reached(self, patience: Patience, now: int) -> int | None:
        active = [lane.time for lane in self.lanes.values() if now - lane.seen < patience.idle]
        if active:
            return min(active)
        if not self.lanes:
            return None
        silent = now - max(lane.seen for lane in self.lanes.values())
        return max(lane.time for lane in self.lanes.values()) + silent


def encode_clock(clock: Clock) -> Any:
    """A clock as a JSON value."""
    lanes = {name: [lane.time, lane.seen] for name, lane in clock.lanes.items()}
    return {"lanes": lanes, "watermark": clock.watermark}


def decode_clock(value: Any) -> Clock:
    """The clock of a JSON value; None: a new one."""
    if value is None:
        return Clock()
    lanes = {name: Lane(time, seen) for name, (time, seen) in value["lanes"].items()}
    return Clock(lanes, value["watermark"])
