"""The positions this process serves: kept held, and written in bulk a moment after they moved."""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

import psycopg

from gateway.positions import HeldPosition, PostgresPositions, Progress
from streams.spec import StreamIdentity
from streams.stopping import end_tasks

logger = logging.getLogger(__name__)

WRITE_SECONDS: Final = 0.1
"""What a crash may repeat: what was handed over within it."""
RENEW_SECONDS: Final = 2.0
PATIENCE_SECONDS: Final = 1.5
"""How long PostgreSQL may take."""
LET_GO_SECONDS: Final = 4.0
"""Seconds since a position was last written after which it is served no more: before anybody else can hold it."""


@dataclass(eq=False, slots=True)
class Served:
    """A position this process holds."""

    held: HeldPosition
    lost: Callable[[], None]
    """Called when another process may hold it."""
    moved: dict[str, int] = field(default_factory=dict)
    written_at: float = 0.0
    """On the event loop's clock: when PostgreSQL last knew that we are there."""

    def move(self, partition: str, offset: int) -> None:
        """Note the offset to read next of a partition."""
        self.moved[partition] = offset


class PositionWriter:
    """Holds positions, writes them, and gives them back."""

    def __init__(self, positions: PostgresPositions) -> None:
        self._positions = positions
        self._served: dict[int, Served] = {}
        self._writing: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Write from now on."""
        self._writing = asyncio.create_task(self._write_forever())

    async def stop(self) -> None:
        """Write no more; what is held must have been given back."""
        if self._writing is not None:
            await end_tasks([self._writing])

    async def hold(
        self, stream: StreamIdentity, consumer_group: str, lost: Callable[[], None]
    ) -> Served | None:
        """Take the place of a resolved consumer group; None while another process has it. Raises psycopg.Error."""
        asked_at = asyncio.get_running_loop().time()
        held = await self._positions.hold(stream, consumer_group)
        if held is None:
            return None
        served = self._served[held.id] = Served(held, lost, written_at=asked_at)
        return served

    async def release(self, served: Served) -> None:
        """Write where it stands and give it back. Away, the database gives it back by itself in a moment."""
        self._served.pop(served.held.id, None)
        with suppress(psycopg.Error):
            await self._positions.save([Progress(served.held, served.moved, released=True)])

    async def _write_forever(self) -> None:
        while True:
            await asyncio.sleep(WRITE_SECONDS)
            try:
                async with asyncio.timeout(PATIENCE_SECONDS):
                    await self._write()
            except (psycopg.Error, TimeoutError) as error:
                logger.warning("positions of callers could not be written: %s", error)
            self._let_go()

    async def _write(self) -> None:
        """Write what has moved, and what was not written for long. Raises psycopg.Error."""
        now = asyncio.get_running_loop().time()
        due = [one for one in self._served.values() if one.moved or now - one.written_at > RENEW_SECONDS]
        if not due:
            return
        moved = [(served, dict(served.moved)) for served in due]
        lost = await self._positions.save([Progress(served.held, offsets) for served, offsets in moved])
        for served, offsets in moved:
            served.written_at = now
            for partition, offset in offsets.items():
                if served.moved.get(partition) == offset:
                    del served.moved[partition]
            if served.held.id in lost and self._served.pop(served.held.id, None) is not None:
                served.lost()

    def _let_go(self) -> None:
        """Serve no more what the database has not heard of for so long that another process may soon hold it."""
        now = asyncio.get_running_loop().time()
        for served in list(self._served.values()):
            if now - served.written_at > LET_GO_SECONDS:
                del self._served[served.held.id]
                served.lost()
