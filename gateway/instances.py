"""What runs where, as each process says every few seconds."""

import datetime as dt
import os
import socket
from collections.abc import Sequence
from typing import Any, Final

from django.db.models import QuerySet
from django.db.models.functions import Now
from psycopg.types.json import Jsonb

from gateway.database import Pool
from gateway.models import Instance
from streams.instance import InstanceReport

STALE_SECONDS: Final = 15
"""A process that said nothing for so long is dead, and its streams run there no more."""

# A definition deleted a moment ago may still be running: what is said of it is left out.
_INSERT: Final = """
INSERT INTO gateway_instance (definition_id, stream, revision, state, since, partitions, lag, received, sent, errors,
    last_error, last_error_at, process, host, pid, seen_at)
SELECT id, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, clock_timestamp()
FROM gateway_apidefinition WHERE id = %s
"""
_FORGET: Final = """
DELETE FROM gateway_instance WHERE process = %s OR seen_at < clock_timestamp() - make_interval(secs => %s)
"""


def live_instances() -> "QuerySet[Instance]":
    """The instances of processes that are alive."""
    return Instance.objects.filter(seen_at__gte=Now() - dt.timedelta(seconds=STALE_SECONDS))


class PostgresInstances:
    """The instances of one process (`streams.supervisor.InstanceStore`)."""

    def __init__(self, pool: Pool, process: str) -> None:
        self._pool = pool
        self._process = process
        self._place = (process, socket.gethostname(), os.getpid())

    async def report(self, instances: Sequence[InstanceReport]) -> None:
        """Replace what this process said before, and forget processes that are dead. Raises psycopg.Error."""
        async with self._pool.connection() as connection, connection.transaction():
            await connection.execute(_FORGET, [self._process, STALE_SECONDS])
            for instance in instances:
                await connection.execute(_INSERT, [*_columns(instance), *self._place, instance.definition_id])


def _columns(instance: InstanceReport) -> tuple[Any, ...]:
    return (
        instance.stream,
        instance.revision,
        instance.state.value,
        instance.since,
        Jsonb(instance.partitions),
        instance.lag,
        instance.received,
        instance.sent,
        instance.errors,
        instance.last_error[:2000].replace("\0", ""),
        instance.last_error_at,
    )
