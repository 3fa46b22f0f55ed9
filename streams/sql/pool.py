"""Sessions with one database that the messages of a stream share."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

from streams.errors import ConnectError
from streams.sql.session import Session, SessionLostError, SqlError

_TRUSTED_SECONDS: Final = 1.0
"""For how long a session that lay idle is used without asking whether it still works."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How many sessions there may be, and for how long."""

    open: int
    idle: int
    """Sessions that are kept while nobody needs them."""
    idle_seconds: float
    """Infinite: for as long as it takes."""
    life_seconds: float
    seconds: float
    """The longest a statement may take, waiting for a session included."""


@dataclass(slots=True)
class _Kept:
    """A session and since when there is one."""

    session: Session
    born: float
    idle_since: float = 0.0


class Pool:
    """Opens sessions when they are needed. It lives on the event loop that uses it first."""

    def __init__(self, open_: Callable[[], Awaitable[Session]], limits: Limits, first: str = "") -> None:
        """open_: raises ConnectError. first: a statement that the very first session carries out."""
        self._open = open_
        self._limits = limits
        self._first = first
        self._room = asyncio.Semaphore(limits.open)
        self._beginning = asyncio.Lock()
        self._idle: list[_Kept] = []

    @asynccontextmanager
    async def session(self) -> AsyncIterator[Session]:
        """A session for one message's statements. Raises SqlError when there is none, or all took too long.

        A session within which anything but SqlError was raised is closed: half an answer may be left in it.
        """
        try:
            async with asyncio.timeout(self._limits.seconds), self._room:
                kept = await self._take()
                sound = False
                try:
                    yield kept.session
                    sound = True
                except SqlError as error:
                    sound = not isinstance(error, SessionLostError)
                    raise
                finally:
                    await self._give_back(kept, sound=sound)
        except TimeoutError as error:
            raise SqlError(f"the database did not answer within {self._limits.seconds:g} s") from error

    async def close(self) -> None:
        """Close all idle sessions; those in use are closed when they are given back."""
        self._limits = Limits(1, 0, 0.0, 0.0, self._limits.seconds)
        while self._idle:
            await self._idle.pop().session.close()

    async def _take(self) -> _Kept:
        while self._idle:
            kept = self._idle.pop()
            if await self._is_usable(kept):
                return kept
            await kept.session.close()
        try:
            session = await self._open()
        except ConnectError as error:
            raise SqlError(f"the database cannot be reached: {error}") from error
        await self._carry_out_first(session)
        return _Kept(session, time.monotonic())

    async def _carry_out_first(self, session: Session) -> None:
        async with self._beginning:
            if not self._first:
                return
            try:
                await session.execute(self._first, [])
            except BaseException:
                await session.close()
                raise
            self._first = ""

    async def _is_usable(self, kept: _Kept) -> bool:
        now, limits = time.monotonic(), self._limits
        idle = now - kept.idle_since
        if idle >= limits.idle_seconds or now - kept.born >= limits.life_seconds:
            return False
        if idle < _TRUSTED_SECONDS:
            return True
        try:
            await kept.session.query("SELECT 1", [])
        except SqlError:
            return False
        return True

    async def _give_back(self, kept: _Kept, *, sound: bool) -> None:
        if sound and len(self._idle) < self._limits.idle:
            kept.idle_since = time.monotonic()
            self._idle.append(kept)
        else:
            await kept.session.close()
