"""What the gateway serves now: read anew when the revision counter moves, kept a while when PostgreSQL is away."""

import asyncio
import logging
from dataclasses import dataclass, field
from typing import Final, Protocol

import psycopg

from gateway.access_table import AccessTable, load_access
from gateway.database import Pool
from gateway.revision import POLL_SECONDS, ActiveDefinitions, Looks, current_revision
from gateway.routes import ActiveApi, Routes
from streams.stopping import end_tasks

logger = logging.getLogger(__name__)

ANSWER_SECONDS: Final = 10.0
"""After which a database that was asked is taken for away."""
LOOK_AGAIN_SECONDS: Final = 1.0
"""How long somebody who is about to be refused waits for a look at the counter."""


@dataclass(frozen=True, slots=True)
class Configuration:
    """Routes and access, of one moment."""

    apis: tuple[ActiveApi, ...] = ()
    routes: Routes = field(default_factory=Routes)
    table: AccessTable = field(default_factory=AccessTable)
    revision: int = -1

    @property
    def by_id(self) -> dict[int, ActiveApi]:
        """The APIs by definition."""
        return {api.definition_id: api for api in self.apis}


class Changed(Protocol):
    """Who is told."""

    def __call__(self, configuration: Configuration, *, anew: bool) -> None:
        """Bring it into force; anew: it has changed, otherwise only time has passed."""


class ConfigurationFollower:
    """Follows the counter. It lives on the event loop it is made on."""

    def __init__(
        self,
        pool: Pool,
        definitions: ActiveDefinitions,
        valkey_url: str,
        changed: Changed,
        *,
        stale_seconds: float,
    ) -> None:
        """changed: called with each new configuration, and each second with the present one: time goes on.

        stale_seconds: how long the last configuration holds while PostgreSQL does not answer.
        """
        self.now = Configuration()
        self._pool = pool
        self._definitions = definitions
        self._changed = changed
        self._stale_seconds = stale_seconds
        self._time = asyncio.get_running_loop().time
        self._read_at = float("-inf")
        self._applied = -1
        self._looks = Looks(valkey_url)
        self._asked: asyncio.Future[None] | None = None
        """Those who wait for the next look."""
        self._answered = False
        """Whether the database did, when it was asked last, and soon enough."""
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def is_stale(self) -> bool:
        """PostgreSQL has not answered for so long that nobody knows what holds."""
        return self._time() - self._read_at > self._stale_seconds

    async def start(self) -> None:
        """Read once, unless PostgreSQL is away, and follow."""
        await self._turn()
        following = (self._follow(), self._looks.listen(), self._keep_time())
        self._tasks = [asyncio.create_task(one) for one in following]

    async def look_again(self) -> bool:
        """Compare the counter now, and tell whether something had changed.

        Who is about to be refused asks: a moment ago somebody may have let them in. All who ask meanwhile share one
        look, and looks keep their distance, so that guessing keys costs the database nothing to speak of.
        """
        if not self._answered:
            return False
        before = self.now
        if self._asked is None:
            self._asked = asyncio.get_running_loop().create_future()
            self._looks.hurry()
        try:
            async with asyncio.timeout(LOOK_AGAIN_SECONDS):
                await asyncio.shield(self._asked)
        except TimeoutError:
            self._answered = False  # it hangs: until it answers again, nobody else need wait
        return self.now is not before

    async def stop(self) -> None:
        """Follow no more."""
        await end_tasks(self._tasks)

    async def _follow(self) -> None:
        async for _ in self._looks:
            asked, self._asked = self._asked, None
            await self._turn()
            if asked is not None:
                asked.set_result(None)

    async def _turn(self) -> None:
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                await self._read_if_changed()
            self._answered = True
            if self.now.revision != self._applied:
                self._changed(self.now, anew=True)
                self._applied = self.now.revision
        except (psycopg.Error, OSError) as error:
            self._answered = False
            logger.warning("the database did not answer; serving what was read last: %s", error)
        except Exception:
            logger.exception("a change could not be brought into force; trying again")

    async def _read_if_changed(self) -> None:
        """The counter is read first: what changes while the rest is read is read again next time."""
        revision = await current_revision(self._pool)
        if revision != self.now.revision:
            apis = tuple(await self._definitions.load_apis())
            self.now = Configuration(apis, Routes(apis), await load_access(self._pool), revision)
        self._read_at = self._time()

    async def _keep_time(self) -> None:
        """Time goes on whether PostgreSQL answers or hangs: what expires ends, and what is too old to be known."""
        while True:
            await asyncio.sleep(POLL_SECONDS)
            try:
                self._changed(self.now, anew=False)
            except Exception:
                logger.exception("what has expired could not be ended; trying again")
