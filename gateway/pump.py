"""Writes one client's stream: takes what its feed has, waits where there is nothing, ends when somebody says so."""

import asyncio
import math
from collections.abc import Awaitable
from typing import Final, Protocol

from gateway.call import Call
from gateway.client import Client, CloseReason
from gateway.feed import Feed, FeedEndedError
from gateway.message_log import Portion

_LONGEST_TICK: Final = 5.0
"""Seconds between two looks at a client, at most."""
_SHORTEST_TICK: Final = 0.01
"""At least, whatever a definition asks for."""
LAST_WRITE_SECONDS: Final = 1.0
"""What a write may still take once the stream is to end, and so may telling why."""
_LONGEST_PAUSE: Final = 60.0
"""Seconds of silence that a plan may impose. A stream that has to wait longer, as for a new quota, ends and says so."""


_CUT_OFF: Final = frozenset({CloseReason.SLOW, CloseReason.FAILED})


class Writer(Protocol):
    """How a portion gets to the client."""

    async def write(self, portion: Portion) -> None:
        """Return when the server has taken it."""

    async def gap(self, reason: str) -> bool:
        """Say that messages are missing here; False where that cannot be said."""

    async def heartbeat(self) -> None:
        """Say that the stream is alive."""

    async def end(self, reason: CloseReason) -> None:
        """Say why, and end it."""

    def cut_off(self) -> None:
        """End it at once, whatever the client has not read."""


class Pump:
    """One client's stream from its first message to its end. `run` it once."""

    __slots__ = (
        "_call", "_client", "_feed", "_heartbeat", "_loop", "_slow", "_task", "_timer", "_waiter", "_write_wait",
        "_writer", "_writing_since", "_written_at",
    )  # fmt: skip

    def __init__(  # noqa: PLR0913 - what differs is named
        self, call: Call, client: Client, feed: Feed, writer: Writer, *, heartbeat: float, write_wait: float
    ) -> None:
        """heartbeat: seconds of silence before one, 0: none. write_wait: seconds that a write may take."""
        self._call = call
        self._client = client
        self._feed = feed
        self._writer = writer
        self._heartbeat = heartbeat or math.inf
        self._write_wait = write_wait
        self._loop = asyncio.get_running_loop()
        self._task = asyncio.current_task()
        self._waiter: asyncio.Future[None] | None = None
        self._writing_since: float | None = None
        self._written_at = self._loop.time()
        self._slow = False
        self._timer: asyncio.TimerHandle | None = None

    async def run(self) -> CloseReason:
        """Write until the client is to be closed; tells why. Waits for nothing but the client and its feed."""
        self._client.ending.add_done_callback(self._ended)
        self._tick()
        try:
            await self._write_all()
        except FeedEndedError:
            self._client.end(CloseReason.CHANGED)
        except asyncio.CancelledError:
            if not self._slow:
                raise
            self._client.end(CloseReason.SLOW)
        finally:
            if self._timer is not None:
                self._timer.cancel()
        reason = CloseReason.SLOW if self._slow else self._client.ending.result()
        await self._say_why(reason)
        return reason

    async def _say_why(self, reason: CloseReason) -> None:
        """Tell the client, who may not be reading."""
        if reason in _CUT_OFF:
            self._writer.cut_off()
        elif reason is not CloseReason.LEFT:
            try:
                async with asyncio.timeout(LAST_WRITE_SECONDS):
                    await self._writer.end(reason)
            except TimeoutError:
                self._writer.cut_off()

    async def _write_all(self) -> None:
        while not self._client.ending.done():
            portion = await self._feed.take()
            if portion is None:
                await self._wait()
            elif portion.gap and not await self._writer.gap(portion.gap):
                self._client.end(CloseReason.GAP)
            elif portion.count or portion.content:
                await self._write(portion)

    async def _write(self, portion: Portion) -> None:
        if portion.count and (seconds := self._call.budget.take_messages(portion.count)) > 0:
            if seconds > self._longest_pause(portion):
                self._client.end(CloseReason.LIMITED)
            await self._pause(seconds)
            if self._client.ending.done():
                return
        await self._watched(self._writer.write(portion))
        await self._feed.delivered()
        self._call.meter.messages(portion.count, portion.size)

    async def _wait(self) -> None:
        """Wait for the feed, for the end, or until a heartbeat is due."""
        self._waiter = self._loop.create_future()
        self._feed.watch(self._waiter)
        await self._waiter
        self._waiter = None
        await self._beat()

    async def _pause(self, seconds: float) -> None:
        """Wait until the plan allows more, or the stream is to end."""
        until = self._loop.time() + seconds
        while (left := until - self._loop.time()) > 0 and not self._client.ending.done():
            self._waiter = self._loop.create_future()
            timer = self._loop.call_later(left, self._wake)
            try:
                await self._waiter
            finally:
                timer.cancel()
                self._waiter = None
            await self._beat()

    def _longest_pause(self, portion: Portion) -> float:
        """A slow plan takes its time for what is given at once."""
        rate = self._call.caller.limits.messages_per_second
        return max(_LONGEST_PAUSE, portion.count / rate) if rate else _LONGEST_PAUSE

    async def _beat(self) -> None:
        """Say that the stream is alive, when that has not been said for long."""
        if self._loop.time() - self._written_at >= self._heartbeat and not self._client.ending.done():
            await self._watched(self._writer.heartbeat())

    async def _watched(self, writing: Awaitable[None]) -> None:
        """Write; the timer looks at how long that takes, which costs less than a timeout for each write."""
        self._writing_since = self._loop.time()
        await writing
        self._writing_since = None
        self._written_at = self._loop.time()

    def _tick(self) -> None:
        now = self._loop.time()
        if self._writing_since is not None and now - self._writing_since > self._write_wait:
            self._give_up()
            return
        if now - self._written_at >= self._heartbeat:
            self._wake()
        seconds = max(_SHORTEST_TICK, min(self._heartbeat, self._write_wait, _LONGEST_TICK))
        self._timer = self._loop.call_later(seconds, self._tick)

    def _ended(self, _ending: object) -> None:
        """Go on to the end; a write that is under way gets a moment."""
        self._wake()
        if self._writing_since is not None:
            if self._timer is not None:
                self._timer.cancel()
            self._timer = self._loop.call_later(LAST_WRITE_SECONDS, self._give_up)

    def _give_up(self) -> None:
        """Wait no longer for a client that does not read."""
        if self._writing_since is not None and self._task is not None:
            self._slow = True
            self._task.cancel()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
