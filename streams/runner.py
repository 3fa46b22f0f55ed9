"""One stream in this process, from its start to its end: leased where it must run once, restarted when it fails."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Final, Protocol

from streams.errors import SluiceError
from streams.instance import InstanceReport, InstanceState
from streams.lint import CheckedStream
from streams.pipeline import Pipeline
from streams.quarantine import QuarantineSink
from streams.spec import StreamIdentity

logger = logging.getLogger(__name__)

FIRST_PAUSE: Final = 0.5
"""Seconds before a stream that failed is started again; each time twice as long."""
LONGEST_PAUSE: Final = 30.0
LEASE_SECONDS: Final = 9.0
"""How long a lease lasts after it was last renewed: what a dead process ran is another's within 15 s."""
RENEW_SECONDS: Final = 2.0
LET_GO_SECONDS: Final = 6.0
"""Seconds since the last renewal after which the work stops: well before anybody else can have the lease."""


class LeaseStore(Protocol):
    """Who may run what must run once."""

    async def acquire(self, key: str, seconds: float) -> int | None:
        """Take or renew a lease for this process; its fencing token, or None while another holds it."""

    async def release(self, key: str) -> None:
        """Give a lease up, if this process holds it."""


class StreamRunner:
    """Runs one stream until it is stopped."""

    def __init__(
        self,
        stream: CheckedStream,
        identity: StreamIdentity,
        services: Mapping[type, object],
        leases: LeaseStore,
        quarantine: QuarantineSink,
    ) -> None:
        self.identity = identity
        """Of the newest revision in which this stream is the same."""
        self._stream = stream
        self._services = services
        self._leases = leases
        self._quarantine = quarantine
        self._lease_key = f"stream/{identity.definition_id}/{identity.stream_name}"
        self._pipeline: Pipeline | None = None
        self._stopping = asyncio.Event()
        self._release = asyncio.Event()
        self._release.set()
        self._task: asyncio.Task[None] | None = None
        self._since = datetime.now(UTC)
        self._waiting = False
        self._failure: tuple[str, datetime | None] = ("", None)
        self._failures = 0

    def start(self, after: asyncio.Task[None] | None = None) -> None:
        """Begin, once `after` has ended; failures are dealt with here."""
        self._task = asyncio.create_task(self._run(after))

    async def stop(self) -> None:
        """Read no more, deal with what was read, and return when that is done or given back."""
        self._stopping.set()
        if self._pipeline is not None:
            self._pipeline.stop()
        if self._task is not None:
            await asyncio.gather(self._task, return_exceptions=True)

    def release(self) -> None:
        """Look for quarantined messages that somebody wants retried."""
        self._release.set()

    def report(self) -> InstanceReport:
        """Say how it stands."""
        pipeline = self._pipeline
        common = (self.identity.definition_id, self.identity.stream_name, self.identity.revision)
        if pipeline is None:
            error, at = self._failure
            return InstanceReport(*common, self._state(), self._since, last_error=error, last_error_at=at)
        source, (error, at) = pipeline.statistics.source(), pipeline.statistics.last_error()
        if not error:
            error, at = self._failure
        return InstanceReport(
            *common,
            self._state(),
            self._since,
            source.partitions,
            source.lag,
            pipeline.received,
            pipeline.sent,
            pipeline.statistics.errors,
            source.error or error,
            at,
        )

    def _state(self) -> InstanceState:
        if self._stopping.is_set():
            return InstanceState.STOPPING
        if self._waiting:
            return InstanceState.WAITING
        pipeline = self._pipeline
        if pipeline is None or not pipeline.connected:
            return InstanceState.UNHEALTHY if self._failures else InstanceState.STARTING
        failing = pipeline.statistics.failing or pipeline.statistics.source().error
        return InstanceState.UNHEALTHY if failing else InstanceState.RUNNING

    async def _run(self, after: asyncio.Task[None] | None) -> None:
        if after is not None:
            await asyncio.wait((after,))
        while not self._stopping.is_set():
            try:
                await (self._run_leased() if self._stream.single else self._run_once())
            except SluiceError as error:
                self._failed(str(error))
            except Exception as error:
                logger.exception("stream %s failed by a fault of its own", self._lease_key)
                self._failed(repr(error))
            else:
                self._failures = 0
                return
            await self._pause(min(FIRST_PAUSE * 2 ** min(self._failures - 1, 10), LONGEST_PAUSE))

    def _failed(self, error: str) -> None:
        self._failures += 1
        self._failure = (error, datetime.now(UTC))
        logger.warning("stream %s: %s", self._lease_key, error)

    async def _run_once(self) -> None:
        """Run until it is stopped or the input ends. Raises SluiceError."""
        pipeline = self._pipeline = Pipeline(self._stream, self.identity, self._services, self._quarantine)
        if self._stopping.is_set():
            return
        releasing = asyncio.create_task(self._release_forever(pipeline))
        try:
            await pipeline.run()
        finally:
            releasing.cancel()
            error = pipeline.statistics.last_error()
            self._failure = error if error[0] else self._failure
            self._pipeline = None

    async def _release_forever(self, pipeline: Pipeline) -> None:
        """Retry what somebody wants retried: when the stream is connected, and whenever told to look."""
        while True:
            await self._release.wait()
            self._release.clear()
            if not pipeline.connected:
                self._release.set()
            else:
                await self._release_once(pipeline)
            await asyncio.sleep(FIRST_PAUSE)

    async def _release_once(self, pipeline: Pipeline) -> None:
        try:
            await self._quarantine.release(self.identity, pipeline.reprocess)
        except Exception as error:  # noqa: BLE001 - the store's own, or the output's: asked again later
            logger.warning("stream %s: quarantined messages could not be retried: %s", self._lease_key, error)
            self._release.set()

    async def _run_leased(self) -> None:
        """Run while this process holds the lease; wait for it while another does."""
        while not self._stopping.is_set():
            self._waiting = not await self._acquire()
            if self._waiting:
                await self._pause(RENEW_SECONDS)
                continue
            running = asyncio.create_task(self._run_once())
            try:
                if await self._keep_lease(running):
                    await self._keep_ended()
                    return
            finally:
                with suppress(Exception):  # the database is away: the lease runs out by itself
                    await self._leases.release(self._lease_key)

    async def _keep_lease(self, running: asyncio.Task[None]) -> bool:
        """Renew until the work ends (True, or what it raised) or the lease is lost (False, the work ended)."""
        loop = asyncio.get_running_loop()
        renewed = loop.time()
        while True:
            done, _ = await asyncio.wait((running,), timeout=RENEW_SECONDS)
            if done:
                running.result()
                return True
            if await self._acquire():
                renewed = loop.time()
            elif loop.time() - renewed > LET_GO_SECONDS or self._waiting:
                # What is in flight goes back to the input; whoever has the lease next reads it again.
                logger.warning("stream %s: the lease is lost", self._lease_key)
                running.cancel()
                await asyncio.gather(running, return_exceptions=True)
                return False

    async def _keep_ended(self) -> None:
        """What has ended by itself is not begun anew by another process, while this one lives."""
        while not self._stopping.is_set():
            await self._acquire()
            await self._pause(RENEW_SECONDS)

    async def _acquire(self) -> bool:
        """Take or renew the lease; False also when nobody can be asked. Notes whether another has it."""
        try:
            async with asyncio.timeout(RENEW_SECONDS):
                token = await self._leases.acquire(self._lease_key, LEASE_SECONDS)
        except Exception as error:  # noqa: BLE001 - whatever the store raises, it is asked again
            logger.warning("stream %s: the lease could not be asked for: %s", self._lease_key, error)
            return False
        self._waiting = token is None
        return token is not None

    async def _pause(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._stopping.wait()
