"""The asynchronous database connections that a process's event loop shares."""

from typing import Any

from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

Pool = AsyncConnectionPool[AsyncConnection[Any]]
"""Each statement on its own is a transaction, unless one is begun."""
