"""When a service may be asked again, and how it stands with asking."""

from __future__ import annotations

import asyncio
from hashlib import blake2b

from streams.errors import ConnectError
from streams.http.retrying import RetryRules, Verdict
from streams.poll_times import PollTimes
from streams.statistics import SourceStatus


class Pace:
    """Waits before each call: for the interval, and after failures."""

    def __init__(self, times: PollTimes, key: str, request: str, interval: float, rules: RetryRules) -> None:
        """key: names the source among all. request: tells one way of asking from another. interval: seconds; 0: no
        pause."""
        self._times = times
        self._key = key
        self._request = blake2b(request.encode(), digest_size=16).digest()
        self._interval = interval
        self._rules = rules
        self._failures = 0
        self._error = ""

    def status(self) -> SourceStatus:
        """Why nothing can be read at present."""
        return SourceStatus(error=self._error)

    async def turn(self) -> None:
        """Return when the service may be asked."""
        while self._interval:
            try:
                wait = await self._times.claim(self._key, self._request, self._interval)
            except ConnectError as error:
                self._error = f"the last poll is not known: {error}"
                wait = self._rules.period
            if not wait:
                return
            await asyncio.sleep(wait)

    def succeeded(self) -> None:
        """The service answered."""
        self._failures = 0
        self._error = ""

    async def failed(self, error: str) -> None:
        """The service could not be asked, or not understood: wait longer each time."""
        self._failures += 1
        self._error = error
        if not self._interval:
            await asyncio.sleep(self._rules.wait(Verdict.BACK_OFF, self._failures))

    async def nothing_new(self) -> None:
        """The service has nothing now: without an interval, leave it alone for a moment."""
        if not self._interval:
            await asyncio.sleep(self._rules.period)
