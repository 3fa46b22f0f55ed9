"""A worker's event loop: the streams, the publisher and the delivery engine of one process, on a thread of its own."""

import asyncio
import logging
import secrets
import threading
from contextlib import suppress
from typing import Final

import psycopg
import uvloop
from django.conf import settings

from gateway.correlation import PostgresCorrelationStates
from gateway.instances import PostgresInstances
from gateway.internal_topic import InternalTopics
from gateway.leases import PostgresLeases
from gateway.poll_times import PostgresPollTimes
from gateway.quarantine import PostgresQuarantine
from gateway.revision import POLL_SECONDS, ActiveDefinitions, Looks, current_revision
from gateway.worker_organizations import WorkerOrganizations
from portal.components import definition_registry, internal_topics
from portal.mail.stream_mail import MemberMailer
from streams.channels import Channels
from streams.correlation.state import CorrelationStates
from streams.garbage import spare_what_stays
from streams.http.client import HttpClient
from streams.mailer import Mailer
from streams.outbound import Guard
from streams.poll_times import PollTimes
from streams.secrets import KeyRing
from streams.sql.sqlite import SqliteDirectories
from streams.stopping import end_tasks
from streams.supervisor import Supervisor
from webhooks.database import Pool, open_pool
from webhooks.delivery import DeliveryEngine
from webhooks.directory import Directory
from webhooks.partitions import KeptDays
from webhooks.publish import Publisher
from webhooks.sender import Sender

logger = logging.getLogger(__name__)

RELOAD_SECONDS: Final = 30.0
"""Everything is read anew this often though nothing was announced: subscriptions and secrets expire by themselves."""


class Worker:
    """What one worker process does, from start to stop; it lives on the loop it is made on."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        ring = KeyRing(settings.KEY_RING)
        process = secrets.token_hex(8)
        self._directory = Directory(pool, ring)
        guard = Guard(settings.OUTBOUND_ALLOW)
        self._http = HttpClient(guard)
        self._engine = DeliveryEngine(pool, Sender(guard), self._directory.destinations)
        publisher = Publisher(
            pool, self._engine, self._directory.subscribers, KeptDays(settings.RETENTION_DAYS)
        )
        self._supervisor = Supervisor(
            {
                Publisher: publisher,
                InternalTopics: internal_topics(),
                HttpClient: self._http,
                Guard: guard,
                PollTimes: PostgresPollTimes(pool),
                Channels: Channels(),
                SqliteDirectories: SqliteDirectories(settings.SQLITE_DIRECTORIES),
                CorrelationStates: PostgresCorrelationStates(pool),
                Mailer: MemberMailer(pool),
            },
            PostgresLeases(pool, process),
            PostgresInstances(pool, process),
            PostgresQuarantine(pool),
        )
        self._definitions = ActiveDefinitions(
            pool,
            definition_registry(),
            ring,
            raw_addresses=settings.RAW_ADDRESSES,
            organizations=WorkerOrganizations(settings.WORKER_NAME, settings.WORKER_ORGANIZATIONS),
        )
        self._revision = -1
        self._loaded_at = float("-inf")

    async def run(self, stopping: asyncio.Event) -> None:
        """Work until `stopping` is set; then end streams, then deliveries."""
        await self._start_engine()
        looks = Looks(settings.VALKEY_URL)
        following = [asyncio.create_task(one) for one in (self._follow(looks), looks.listen())]
        await stopping.wait()
        await end_tasks(following)
        await self._supervisor.stop()
        await self._http.close()
        await self._engine.stop()

    async def _follow(self, looks: Looks) -> None:
        """Bring changes into force: at once when hinted, within a second otherwise."""
        async for _ in looks:
            try:
                await self._reload_if_changed()
            except (psycopg.Error, OSError) as error:
                logger.warning("the database did not answer; going on as before: %s", error)
            except Exception:
                logger.exception("a change could not be brought into force; trying again")

    async def _reload_if_changed(self) -> None:
        """The counter is read first: what changes while the rest is read is read again next time."""
        revision, now = await current_revision(self._pool), asyncio.get_running_loop().time()
        if revision == self._revision and now - self._loaded_at < RELOAD_SECONDS:
            return
        await self._directory.load()
        self._supervisor.apply(await self._definitions.load() if settings.STREAMING_ENABLED else [])
        self._revision, self._loaded_at = revision, now

    async def _start_engine(self) -> None:
        """Start what needs the database, and wait for it as long as it takes."""
        while True:
            try:
                await self._engine.start()
            except (psycopg.Error, OSError) as error:
                logger.warning("waiting for the database: %s", error)
                await asyncio.sleep(POLL_SECONDS)
            else:
                return


class EngineThread:
    """The thread a worker's event loop runs on."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping: asyncio.Event | None = None
        self._started = threading.Event()
        self._thread = threading.Thread(target=self._run, name="engine", daemon=True)

    def start(self) -> None:
        """Start it; returns when the loop runs."""
        self._thread.start()
        self._started.wait()

    def stop(self) -> None:
        """Stop in order; returns when everything is given back."""
        if self._loop is not None and self._stopping is not None:
            with suppress(RuntimeError):  # the loop has ended
                self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join()

    def _run(self) -> None:
        spare_what_stays()
        try:
            uvloop.run(self._main())
        except Exception:
            logger.exception("the engine ended by a fault of its own")
        finally:
            self._started.set()

    async def _main(self) -> None:
        self._loop, self._stopping = asyncio.get_running_loop(), asyncio.Event()
        pool = await open_pool(settings.DATABASE_URL)
        worker = Worker(pool)
        self._started.set()
        try:
            await worker.run(self._stopping)
        finally:
            await pool.close()
