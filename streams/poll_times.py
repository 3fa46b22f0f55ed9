"""When a source was last polled: so that it is polled once in an interval, whoever does it."""

from __future__ import annotations

import time


class PollTimes:
    """The polls of one process. Where several may own a stream, one after the other, the store of all replaces it."""

    def __init__(self) -> None:
        self._polled: dict[str, tuple[bytes, float]] = {}

    async def claim(self, key: str, request: bytes, seconds: float) -> float:
        """Take the poll of an interval. Returns 0 where it is taken, else the seconds until one may be.

        key: names the source. request: what is asked; something else may be asked at once. seconds: of the interval.
        Raises ConnectError where nobody can be asked.
        """
        now = time.monotonic()
        known, polled = self._polled.get(key, (request, float("-inf")))
        if known == request and polled + seconds > now:
            return polled + seconds - now
        self._polled[key] = (request, now)
        return 0.0
