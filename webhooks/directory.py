"""Who receives and where to, kept as the database has it."""

from types import MappingProxyType

from streams.secrets import KeyRing
from webhooks.database import Pool
from webhooks.destinations import Destinations, load_destinations
from webhooks.subscribers import Subscribers, load_subscribers


class Directory:
    """The subscribers and destinations of one revision, replaced as a whole."""

    def __init__(self, pool: Pool, ring: KeyRing) -> None:
        self._pool = pool
        self._ring = ring
        self._subscribers = Subscribers()
        self._destinations: Destinations = MappingProxyType({})

    def subscribers(self) -> Subscribers:
        """Who receives what."""
        return self._subscribers

    def destinations(self) -> Destinations:
        """Every lane of an endpoint that is not disabled."""
        return self._destinations

    async def load(self) -> None:
        """Read both anew, as of one moment. Raises psycopg.Error and keeps what there was."""
        async with self._pool.connection() as connection, connection.transaction():
            await connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            await connection.execute("SET LOCAL enable_seqscan = on")  # whole tables are read here
            await connection.execute("SET LOCAL enable_bitmapscan = on")
            subscribers = await load_subscribers(connection)
            destinations = await load_destinations(connection, self._ring)
        self._subscribers, self._destinations = subscribers, destinations
