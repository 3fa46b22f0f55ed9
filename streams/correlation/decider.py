"""What finds matches among the events of one key: pure, and given events in the order of their times."""

from __future__ import annotations

from typing import Any, Protocol

from streams.correlation.event import Event, Match


class Decider(Protocol):
    """Decides on one key. `open` is a JSON value: all that it remembers; None: nothing yet."""

    def apply(self, key: str, open_: Any, event: Event) -> tuple[Any, list[Match]]:
        """Take the next event. Returns what is remembered now, and what it completes."""

    def expire(self, key: str, open_: Any, time: int) -> tuple[Any, list[Match]]:
        """Let time go on to a moment before which no event comes any more."""

    def due(self, open_: Any) -> int | None:
        """The moment at which time alone changes something; None: never."""
