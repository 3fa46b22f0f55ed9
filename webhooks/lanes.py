"""What a worker may take on: how much it holds, and how much of it for each lane."""

import datetime as dt
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from webhooks.destinations import Destination, Destinations
from webhooks.exchange import Exchange
from webhooks.health import Breaker, Window
from webhooks.queue import LaneDue

SHARE: Final = 64
"""Rows of one lane leased at a time, so that a long queue does not fill a worker before others had a turn."""
DEBT_WINDOWS: Final = 4
"""Of a lane's queue so many windows count as work that holds back what is to come."""


@dataclass(slots=True)
class _Lane:
    """One lane as this worker sees it."""

    window: Window
    breaker: Breaker
    in_flight: int = 0
    owed: int = 0
    """Rows this worker has queued for it and not leased since."""

    @property
    def half_free(self) -> bool:
        """Room for a handful: a long queue is leased by the handful and not row by row."""
        return self.in_flight * 2 <= self.window.size


class Lanes:
    """Counts what is held and in flight, and lets windows and breakers decide what more may go out.

    Held is a delivery from the moment room is reserved for it until its outcome is recorded; in flight only until
    its exchange ends. The first bounds a worker's memory, the second a receiver's load.
    """

    def __init__(self, destinations: Callable[[], Destinations], capacity: int) -> None:
        self._destinations = destinations
        self._capacity = capacity
        self._lanes: dict[int, _Lane] = {}
        self._behind: set[int] = set()
        """Lanes with rows in the queue, as far as this worker knows: newer events must not overtake them."""
        self._closed = False
        self.held = 0
        self.changed_breakers: set[int] = set()
        """Lanes whose breaker opened or closed since somebody emptied this."""

    @property
    def debt(self) -> int:
        """What this worker has queued and could be sending: of a slow receiver's queue only a little counts."""
        lanes = (self._lanes[lane_id] for lane_id in self._behind)
        return sum(min(lane.owed, DEBT_WINDOWS * int(lane.window.size)) for lane in lanes)

    def close(self) -> None:
        """Take nothing more."""
        self._closed = True

    def take(self, lane_id: int) -> bool:
        """Reserve room for one new delivery, unless the lane or the worker is full or older ones wait."""
        destination = self._destinations().get(lane_id)
        if destination is None or self._closed:
            return False
        lane = self._lane(destination)
        if lane_id in self._behind or self.held >= self._capacity or self._room(lane, destination) < 1:
            self._behind.add(lane_id)
            lane.owed += 1
            return False
        self._reserve(lane, 1)
        return True

    def rooms(self, due: Iterable[LaneDue]) -> list[tuple[int, int]]:
        """Reserve room for rows that a look at the queue found due: (lane, how many)."""
        known = self._destinations()
        return self._rooms(
            [known[lane.lane_id] for lane in due if lane.due_in <= 0 and lane.lane_id in known]
        )

    def rooms_behind(self) -> list[tuple[int, int]]:
        """The same for lanes known to have rows, where there is room for a handful."""
        known = self._destinations()
        behind = [lane_id for lane_id in self._behind if lane_id in known]
        return self._rooms([known[lane_id] for lane_id in behind if self._lane(known[lane_id]).half_free])

    def leased(self, lane_id: int, taken: int, room: int) -> None:
        """Of `room` reserved, `taken` rows were found; fewer means that no more wait."""
        lane = self._lanes[lane_id]
        self._reserve(lane, taken - room)
        lane.owed = max(lane.owed - taken, 0)
        if taken < room:
            lane.owed = 0
            self._behind.discard(lane_id)

    def drop(self, lane_id: int) -> None:
        """Free the room of one delivery that is not sent."""
        self._reserve(self._lanes[lane_id], -1)

    def finish(self, lane_id: int, exchange: Exchange) -> bool:
        """An exchange ended; True when rows of the lane wait and there is room for a handful."""
        lane = self._lanes[lane_id]
        lane.in_flight -= 1
        if exchange.error is not None or lane.breaker.failures or lane.window.size < lane.window.cap:
            self._learn(lane_id, lane, exchange)
        return lane_id in self._behind and lane.half_free

    def recorded(self, count: int) -> None:
        """Outcomes were written: they are held no more."""
        self.held -= count

    def breaker(self, lane_id: int) -> Breaker:
        """The breaker of a lane this worker has used."""
        return self._lanes[lane_id].breaker

    def _rooms(self, ready: Sequence[Destination]) -> list[tuple[int, int]]:
        """Share out what the worker can hold, fairly over the lanes."""
        rooms: list[tuple[int, int]] = []
        if self._closed:
            return rooms
        for place, destination in enumerate(ready):
            fair = -(-(self._capacity - self.held) // (len(ready) - place))
            lane = self._lane(destination)
            self._behind.add(destination.lane_id)
            room = min(self._room(lane, destination), fair, SHARE)
            if room > 0:
                self._reserve(lane, room)
                rooms.append((destination.lane_id, room))
        return rooms

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
