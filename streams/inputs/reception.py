"""What inputs of brokers have in common: a task that receives, so that a read may be given up and loses nothing."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Final, Generic, TypeVar

from streams.errors import ConnectError, EndOfInput
from streams.link import FIRST_PAUSE, LONGEST_PAUSE, STEADY_SECONDS, Link
from streams.spec import Batch
from streams.stopping import end_tasks

logger = logging.getLogger(__name__)

Client = TypeVar("Client")

_ROOM: Final = 4
"""Batches received before they are read; then the broker is kept waiting."""


class Reception(Generic[Client]):
    """Receives by a client that is connected anew when it is lost."""

    def __init__(
        self,
        link: Link[Client],
        receive: Callable[[Client], Awaitable[None]],
        *,
        most_failures: int | None = None,
    ) -> None:
        """receive: offers batches until the connection is lost; then it raises ConnectError.

        most_failures: failures in a row that the input survives; None: any number.
        """
        self._link = link
        self._receive = receive
        self._most_failures = most_failures
        self._batches: asyncio.Queue[Batch | None] = asyncio.Queue(_ROOM)
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Connect and begin to receive. Raises ConnectError; where failures are counted, it is one of them."""
        if self._most_failures is None:
            await self._link.client()
        self._task = asyncio.create_task(self._run())

    async def offer(self, batch: Batch) -> None:
        """Hand a batch over, waiting for room."""
        await self._batches.put(batch)

    async def read(self) -> Batch:
        """Return the next batch. Raises EndOfInput, and ConnectError when receiving broke off."""
        batch = await self._batches.get()
        if batch is not None:
            return batch
        if self._task is not None and (error := await _outcome(self._task)) is not None:
            raise ConnectError(f"receiving failed: {error!r}") from error
        raise EndOfInput

    async def close(self) -> None:
        """Receive no more and disconnect."""
        await self.stop()
        await self._link.close()

    async def stop(self) -> None:
        """Receive no more."""
        if self._task is not None:
            await end_tasks([self._task])

    async def _run(self) -> None:
        try:
            await self._receive_forever()
        finally:
            if self._batches.full():
                self._batches.get_nowait()  # unsettled: the broker gives it again
            self._batches.put_nowait(None)

    async def _receive_forever(self) -> None:
        loop, failures, pause = asyncio.get_running_loop(), 0, FIRST_PAUSE
        while self._most_failures is None or failures <= self._most_failures:
            began = loop.time()
            try:
                client = await self._link.client()
                failures = 0
                await self._receive_by(client)
            except ConnectError as error:
                logger.info("reconnecting: %s", error)
                failures += 1
            pause = FIRST_PAUSE if loop.time() - began > STEADY_SECONDS else min(pause * 2, LONGEST_PAUSE)
            await asyncio.sleep(pause)

    async def _receive_by(self, client: Client) -> None:
        try:
            await self._receive(client)
        except ConnectError as error:
            await self._link.drop(client, str(error))
            raise


async def _outcome(task: asyncio.Task[None]) -> BaseException | None:
    await asyncio.wait((task,))
    return None if task.cancelled() else task.exception()
