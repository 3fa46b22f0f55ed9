"""A stream without the portal: everything its components may ask for that needs neither database nor gateway."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Final

from streams.caches.local import LocalCache
from streams.connections import Connections
from streams.correlation.state import CacheState, CorrelationStates
from streams.errors import ConfigError, ConnectError, SluiceError
from streams.http.client import HttpClient
from streams.lint import CheckedStream
from streams.outbound import Guard
from streams.pipeline import Pipeline
from streams.quarantine import Handle, QuarantinedMessage
from streams.spec import MissingServiceError, StreamIdentity
from streams.sql.sqlite import SqliteDirectories
from streams.stopping import StopSignal, end_tasks

_NOBODY: Final = 0
RETRY_SECONDS: Final = 2.0


Report = Callable[[str], object]
"""Takes a line for people."""


class ReportedQuarantine:
    """Says of each message that it failed; nothing is kept, as there is nowhere to retry it from."""

    def __init__(self, report: Report) -> None:
        self._report = report

    async def hold(self, messages: Sequence[QuarantinedMessage]) -> None:
        """Tell what failed."""
        for message in messages:
            line = f" line {message.line}" if message.line else ""
            shown = message.content[:200].decode("utf-8", "replace")
            self._report(f"failed at {message.stage}{line}: {message.error}: {shown}")

    async def release(self, stream: StreamIdentity, handle: Handle) -> None:
        """Nothing was kept."""


class PassingStates(CorrelationStates):
    """What `pattern` and `join` remember, for as long as this process runs."""

    def state(self, stream: StreamIdentity, component: str, rules: str) -> CacheState:  # noqa: ARG002 - one run, one stream
        """A state in memory."""
        return CacheState(LocalCache(), component)


@asynccontextmanager
async def standalone_services(
    allow: Sequence[str], sqlite_directories: Sequence[str]
) -> AsyncIterator[dict[type, object]]:
    """Services for streams of whoever may start programs on this machine, closed at the end.

    allow: networks that may be called besides public ones. sqlite_directories: where SQLite files may be opened.
    """
    guard = Guard(allow)
    http = HttpClient(guard)
    try:
        yield {
            Guard: guard,
            HttpClient: http,
            Connections: Connections(raw_addresses=True),
            SqliteDirectories: SqliteDirectories(tuple(sqlite_directories)),
            CorrelationStates: PassingStates(),
        }
    finally:
        await http.close()
        guard.close()


def standalone_identity(name: str, dialect: str) -> StreamIdentity:
    """The identity of a stream that belongs to no definition."""
    return StreamIdentity(_NOBODY, _NOBODY, "standalone", name, dialect, _NOBODY)


async def run_stream(
    stream: CheckedStream, services: Mapping[type, object], report: Report, dialect: str, stopping: StopSignal
) -> None:
    """Run a stream until its input has ended, or it is to stop. Raises ConfigError when it cannot run here.

    What cannot be reached is tried again, as a worker does.
    """
    while not stopping.is_set():
        pipeline = make_pipeline(stream, services, report, dialect)
        ending = asyncio.create_task(_stop_when(stopping, pipeline))
        try:
            await pipeline.run()
        except ConnectError as error:
            report(f"{error}; trying again in {RETRY_SECONDS:g} s")
            await stopping.within(RETRY_SECONDS)
        else:
            return
        finally:
            await end_tasks([ending])


async def _stop_when(stopping: StopSignal, pipeline: Pipeline) -> None:
    await stopping.wait()
    pipeline.stop()


def make_pipeline(
    stream: CheckedStream, services: Mapping[type, object], report: Report, dialect: str
) -> Pipeline:
    """A stream ready to run here. Raises ConfigError when it needs the gateway or the portal."""
    if stream.in_gateway:
        raise ConfigError(
            "this stream answers HTTP clients, which the gateway does: save it as a definition and let `make up` run it"
        )
    try:
        return Pipeline(
            stream, standalone_identity(stream.name, dialect), services, ReportedQuarantine(report)
        )
    except MissingServiceError as error:
        raise ConfigError(f"{error}; save it as a definition and let `make up` run it") from error
    except SluiceError as error:
        raise ConfigError(str(error)) from error
