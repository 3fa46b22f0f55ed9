"""Keeps the right streams running in this process: starts, watches, restarts, replaces, stops.

What it needs from above is passed in: which streams are active, who may run what must run once, whom to tell how
it stands. It outlives all of them being away.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from streams.connections import Connections
from streams.instance import InstanceReport
from streams.lint import CheckedStream
from streams.quarantine import QuarantineSink
from streams.runner import LeaseStore, StreamRunner
from streams.spec import StreamIdentity

logger = logging.getLogger(__name__)

REPORT_SECONDS: Final = 2.0

Key = tuple[int, str]
"""A definition's id and the name of one of its streams."""


@dataclass(frozen=True, slots=True)
class ActiveStream:
    """A stream of an active definition that a worker runs."""

    identity: StreamIdentity
    stream: CheckedStream
    connections: Connections
    """Those its organization may use."""

    @property
    def key(self) -> Key:
        """What tells it from every other."""
        return self.identity.definition_id, self.identity.stream_name

    def runs_as(self, other: ActiveStream) -> bool:
        """Tell whether both are the same work, whatever the number of their revision."""
        same = self.stream == other.stream and self.connections == other.connections
        return same and self.identity.dialect == other.identity.dialect


class InstanceStore(Protocol):
    """Where it is written what runs."""

    async def report(self, instances: Sequence[InstanceReport]) -> None:
        """Replace what this process said before. Raises OSError or the store's own error."""


class Supervisor:
    """Runs the streams it was told last."""

    def __init__(
        self,
        services: Mapping[type, object],
        leases: LeaseStore,
        instances: InstanceStore,
        quarantine: QuarantineSink,
        *,
        in_turn: bool = False,
    ) -> None:
        """services: what components may ask their BuildContext for, besides their Connections.

        in_turn: a stream waits for its predecessor's end, though both may run; else only those that run once do.
        """
        self._services = services
        self._leases = leases
        self._instances = instances
        self._quarantine = quarantine
        self._active: dict[Key, ActiveStream] = {}
        self._runners: dict[Key, StreamRunner] = {}
        self._in_turn = in_turn
        self._ending: dict[asyncio.Task[None], Key] = {}
        self._reporting: asyncio.Task[None] | None = None

    def apply(self, streams: Iterable[ActiveStream]) -> None:
        """Run exactly these. What is unchanged goes on undisturbed; what is changed or gone reads no more from now."""
        wanted = {stream.key: stream for stream in streams}
        leaving = [key for key in self._active if not self._goes_on(key, wanted)]
        for key in leaving:
            self._end(key)
        for key, stream in wanted.items():
            runner = self._runners.get(key)
            if runner is None:
                self._begin(stream)
            else:
                runner.identity = stream.identity
                runner.release()
            self._active[key] = stream
        if self._reporting is None:
            self._reporting = asyncio.create_task(self._report_forever())

    async def stop(self) -> None:
        """End every stream in order: inputs first, then what is in flight; then say that nothing runs here."""
        if self._reporting is not None:
            self._reporting.cancel()
        for key in list(self._active):
            self._end(key)
        await asyncio.gather(*self._ending, return_exceptions=True)
        await self._report()

    def _goes_on(self, key: Key, wanted: Mapping[Key, ActiveStream]) -> bool:
        return key in wanted and self._active[key].runs_as(wanted[key])

    def _begin(self, stream: ActiveStream) -> None:
        """Start a stream. One that must run once waits for its predecessor, whose end gives their lease up."""
        services = {**self._services, Connections: stream.connections}
        runner = StreamRunner(stream.stream, stream.identity, services, self._leases, self._quarantine)
        self._runners[stream.key] = runner
        waits = self._in_turn or stream.stream.single
        predecessors = [task for task, key in self._ending.items() if key == stream.key] if waits else []
        runner.start(after=predecessors[-1] if predecessors else None)

    def _end(self, key: Key) -> None:
        del self._active[key]
        task = asyncio.create_task(self._runners.pop(key).stop())
        self._ending[task] = key
        task.add_done_callback(self._ending.pop)

    async def _report_forever(self) -> None:
        while True:
            await asyncio.sleep(REPORT_SECONDS)
            await self._report()

    async def _report(self) -> None:
        """Say what runs here. That nobody could be told is no reason to stop working."""
        try:
            await self._instances.report([runner.report() for runner in self._runners.values()])
        except Exception as error:  # noqa: BLE001 - whatever the store raises, it is asked again in a moment
            logger.warning("what runs here could not be written down: %s", error)
