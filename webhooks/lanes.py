"""What a worker may take on: how much it holds, and how much of it for each lane."""

import datetime as dt
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from webhooks.destinations import Destination, Destinations
from webhooks.exchange import Exchange
from webhooks.health import Breaker, Window
from webhooks.queue import LaneDue

SHARE: Final = 64
"""Rows of one lane leased at a time, so that a long queue does not fill a worker before others had a turn."""


@dataclass(slots=True)
class _Lane:
    """One lane as this worker sees it."""

    window: Window
    breaker: Breaker
    in_flight: int = 0
    backlog: bool = False
    """Rows of it wait in the queue: newer ones must not overtake them."""


class Lanes:
    """Counts what is held and in flight, and lets windows and breakers decide what more may go out.

    Held is a delivery from the moment room is reserved for it until its outcome is recorded; in flight only until
    its exchange ends. The first bounds a worker's memory, the second a receiver's load.
    """

    def __init__(self, destinations: Callable[[], Destinations], capacity: int) -> None:
        self._destinations = destinations
        self._capacity = capacity
        self._lanes: dict[int, _Lane] = {}
        self._closed = False
        self.held = 0
        self.changed_breakers: set[int] = set()
        """Lanes whose breaker opened or closed since somebody emptied this."""

    def close(self) -> None:
        """Take nothing more."""
        self._closed = True

    def take(self, lane_id: int) -> bool:
        """Reserve room for one new delivery, unless the lane or the worker is full or older ones wait."""
        destination = self._destinations().get(lane_id)
        if destination is None or self._closed:
            return False
        lane = self._lane(destination)
        if lane.backlog or self.held >= self._capacity or self._room(lane, destination) < 1:
            lane.backlog = True
            return False
        self._reserve(lane, 1)
        return True

    def rooms(self, due: Sequence[LaneDue]) -> list[tuple[int, int]]:
        """Reserve room for due rows: (lane, how many), fairly over the lanes, as far as the worker has room."""
        rooms: list[tuple[int, int]] = []
        if self._closed:
            return rooms
        destinations = self._destinations()
        ready = [
            destinations[lane.lane_id] for lane in due if lane.due_in <= 0 and lane.lane_id in destinations
        ]
        for place, destination in enumerate(ready):
            fair = -(-(self._capacity - self.held) // (len(ready) - place))
            lane = self._lane(destination)
            lane.backlog = True
            room = min(self._room(lane, destination), fair, SHARE)
            if room > 0:
                self._reserve(lane, room)
                rooms.append((destination.lane_id, room))
        return rooms

    def leased(self, lane_id: int, taken: int, room: int) -> None:
        """Of `room` reserved, `taken` rows were found; fewer means that no more wait."""
        lane = self._lanes[lane_id]
        lane.backlog = taken == room
        self._reserve(lane, taken - room)

    def drop(self, lane_id: int) -> None:
        """Free the room of one delivery that is not sent."""
        self._reserve(self._lanes[lane_id], -1)

    def finish(self, lane_id: int, exchange: Exchange) -> bool:
        """An exchange ended; True when rows of the lane wait and half its window is free for them.

        Half a window, so that a long queue is leased in handfuls and not row by row.
        """
        lane = self._lanes[lane_id]
        lane.in_flight -= 1
        if exchange.error is not None or lane.breaker.failures or lane.window.size < lane.window.cap:
            self._learn(lane_id, lane, exchange)
        return lane.backlog and lane.in_flight * 2 <= lane.window.size

    def recorded(self, count: int) -> None:
        """Outcomes were written: they are held no more."""
        self.held -= count

    def breaker(self, lane_id: int) -> Breaker:
        """The breaker of a lane this worker has used."""
        return self._lanes[lane_id].breaker

    def _learn(self, lane_id: int, lane: _Lane, exchange: Exchange) -> None:
        """What the exchange says of its receiver; a healthy one at full window never comes here."""
        now = time.monotonic()
        lane.window = lane.window.after(exchange, now - exchange.total_ms / 1000, now)
        before, lane.breaker = lane.breaker, lane.breaker.after(exchange, dt.datetime.now(dt.UTC))
        if before.open_until != lane.breaker.open_until:
            self.changed_breakers.add(lane_id)

    def _lane(self, destination: Destination) -> _Lane:
        lane = self._lanes.get(destination.lane_id)
        if lane is None:
            lane = _Lane(Window.full(destination.max_in_flight), destination.breaker)
            self._lanes[destination.lane_id] = lane
        elif lane.window.cap != destination.max_in_flight:
            lane.window = lane.window.with_cap(destination.max_in_flight)
        return lane

    def _room(self, lane: _Lane, destination: Destination) -> int:
        if destination.paused:
            return 0
        room = lane.window.room(lane.in_flight)
        if lane.breaker.open_until is None:
            return room
        return lane.breaker.room(dt.datetime.now(dt.UTC), lane.in_flight, room)

    def _reserve(self, lane: _Lane, count: int) -> None:
        lane.in_flight += count
        self.held += count
