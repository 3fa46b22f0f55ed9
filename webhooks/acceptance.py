"""Events accepted by a process that delivers none, as the gateway for what is posted to it; workers find them."""

import asyncio
import logging
from typing import Final

import psycopg

from streams.errors import OutputError
from streams.secrets import KeyRing
from webhooks.database import Pool
from webhooks.directory import Directory
from webhooks.partitions import KeptDays
from webhooks.publish import Held, Publisher
from webhooks.subscribers import Subscribers

logger = logging.getLogger(__name__)

_RETRY_SECONDS: Final = 1.0


class UnknownSubscribersError(OutputError):
    """It is not known yet who receives events; taken now, they would go to nobody."""


class LeftToWorkers:
    """A dispatcher that holds no delivery: each is queued for whichever worker looks next."""

    epoch: Final = 0

    async def room(self, wanted: int) -> int:
        """All of them: the queue has room."""
        return wanted

    def take(self, _lane_id: int) -> bool:
        """Reserve nothing."""
        return False

    def give_back(self, lane_id: int) -> None:
        """There is nothing to free."""

    def send(self, held: Held) -> None:
        """There is nothing to send."""

    def wake(self) -> None:
        """Workers look by themselves."""

    def suspect(self) -> None:
        """No row was leased."""


class Acceptance:
    """Writes events down, for those who receive them by the last reading of the database."""

    def __init__(self, pool: Pool, ring: KeyRing, kept: KeptDays) -> None:
        """kept: which days have partitions."""
        self.publisher = Publisher(pool, LeftToWorkers(), self._subscribers, kept)
        self._directory = Directory(pool, ring)
        self._known = False
        self._loading: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Nothing is accepted before the first reading."""

    def apply(self, _apis: object) -> None:
        """Something changed: read again who receives."""
        if self._loading is not None:
            self._loading.cancel()
        self._loading = asyncio.create_task(self._load())

    async def stop(self) -> None:
        """Read no more."""
        if self._loading is not None:
            self._loading.cancel()
            await asyncio.gather(self._loading, return_exceptions=True)

    def _subscribers(self) -> Subscribers:
        if not self._known:
            raise UnknownSubscribersError("it is not known yet who receives events")
        return self._directory.subscribers()

    async def _load(self) -> None:
        while True:
            try:
                await self._directory.load()
            except (psycopg.Error, OSError) as error:
                logger.warning("who receives events could not be read, trying again: %s", error)
                await asyncio.sleep(_RETRY_SECONDS)
            else:
                self._known = True
                return
