"""Inputs that make other batches of what another input reads, in a task of their own."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod

from streams.spec import Batch, Input
from streams.stopping import end_tasks


class RegroupedInput(ABC):
    """Reads before it is asked, and hands over one batch at a time.

    What waits is not acknowledged: a crash, or a stop before its batch is complete, reads it again.
    """

    def __init__(self, reading: Input) -> None:
        self._reading = reading
        self._ready: asyncio.Queue[Batch | Exception] = asyncio.Queue(maxsize=1)
        self._running: asyncio.Task[None] | None = None
        self._arriving: asyncio.Task[Batch] | None = None

    async def connect(self) -> None:
        """Connect the input and begin to read. Raises ConnectError."""
        await self._reading.connect()
        self._running = asyncio.create_task(self._run())

    async def read(self) -> Batch:
        """Return the next batch. Raises EndOfInput after the last, or the input's ConnectError."""
        offered = await self._ready.get()
        if isinstance(offered, Batch):
            return offered
        self._ready.put_nowait(offered)
        raise offered

    async def close(self) -> None:
        """Read no more; what waits is not acknowledged."""
        await end_tasks(task for task in (self._running, self._arriving) if task is not None)
        await self._reading.close()

    @abstractmethod
    async def _regroup(self) -> None:
        """Take what arrives and offer batches. Raises what ends it, once all is offered that is to be."""

    async def _arrived(self, seconds: float | None) -> Batch | None:
        """The next batch of the input; None: there is none within so many seconds. Raises what the input raises."""
        self._arriving = self._arriving or asyncio.create_task(self._reading.read())
        await asyncio.wait((self._arriving,), timeout=seconds)
        if not self._arriving.done():
            return None
        arrived, self._arriving = self._arriving, None
        return arrived.result()

    async def _offer(self, batch: Batch) -> None:
        """Hand a batch over, once the one before is taken."""
        await self._ready.put(batch)

    async def _run(self) -> None:
        try:
            await self._regroup()
        except Exception as error:  # noqa: BLE001 - told to whoever reads
            await self._ready.put(error)
