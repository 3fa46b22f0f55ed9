"""A definition tried on the last real messages of a topic: nothing is saved, committed, written or called."""

import asyncio
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from gateway.connection_inspection import look
from gateway.definition_checks import check_definition, require_good
from gateway.dry_run_report import DryRunReport, placed_trials
from gateway.dry_run_sources import DryRunSource, dry_run_source
from gateway.errors import Fault, InputError, RefusedError
from gateway.models import ApiDefinition, Dialect, Organization
from streams.dry_run.trial import Trial, dry_run
from streams.errors import SluiceError
from streams.kafka.inspection import LastMessages, read_last
from streams.lint import CheckedStream
from streams.openapi import StreamingDocument
from streams.registry import Registry

MOST_MESSAGES: Final = 20
MOST_BYTES: Final = 8 * 1024 * 1024
"""Of all messages of one dry run, as they are read."""
MOST_DRY_RUNS: Final = 4
"""At a time in one process: each computes for seconds, where a document asks for much."""
_running = threading.BoundedSemaphore(MOST_DRY_RUNS)


@dataclass(frozen=True, slots=True)
class DryRunRequest:
    """What a document is to be tried on."""

    stream: str = ""
    """Its name; empty: the only one of the document."""
    connection: str = ""
    """The name of a connection; empty: as the input says."""
    topic: str = ""
    """Empty: as the input says."""
    messages: int = 5
    """How many of the last, at most MOST_MESSAGES."""


def try_definition(  # noqa: PLR0913 - what is checked, and what it is tried on
    organization: Organization,
    text: str,
    dialect: Dialect,
    registry: Registry,
    request: DryRunRequest,
    *,
    definition: ApiDefinition | None = None,
) -> DryRunReport:
    """Check a document as `check_definition` does, and try one of its streams on the last messages of a topic.

    The messages are read without a consumer group. Raises InputError with all findings, or with what is still to be
    chosen (`/stream`, `/connection`, `/topic`); RefusedError where the topic cannot be read or holds nothing.
    """
    if not 1 <= request.messages <= MOST_MESSAGES:
        raise InputError(
            Fault(f"between 1 and {MOST_MESSAGES} messages are tried", "/messages", "wrong_value")
        )
    check = check_definition(organization, text, dialect, registry, definition)
    stream = _stream(require_good(check), request.stream)
    source = dry_run_source(organization, stream, request.connection, request.topic)
    last = _read(source, request.messages)
    return DryRunReport(
        stream.name,
        source.settings.name or ", ".join(source.settings.addresses),
        source.topic,
        placed_trials(text, stream, _tried(stream, source, dialect, last)),
        tuple(_remarks(stream, source, last)),
        check.warnings,
    )


def _stream(document: StreamingDocument, name: str) -> CheckedStream:
    streams = document.streams
    chosen = name or next(iter(streams))
    if (not name and len(streams) > 1) or chosen not in streams:
        message = f"there is no stream {name!r}" if name else "the document has several streams"
        raise InputError(Fault(message, "/stream", "unknown", f"choose one: {', '.join(streams)}"))
    return streams[chosen]


def _read(source: DryRunSource, count: int) -> LastMessages:
    last = look(
        source.settings,
        lambda settings: read_last(
            settings, source.topic, count, most_bytes=MOST_BYTES, multi_header=source.multi_header
        ),
    )
    if not last.messages:
        raise RefusedError(
            f"the topic {source.topic!r} holds no messages"
            if last.is_whole
            else f"the topic {source.topic!r} was not read in time",
            code="nothing_read",
            remedy="write a message to it, or choose another topic" if last.is_whole else "try again",
        )
    return last


def _tried(
    stream: CheckedStream, source: DryRunSource, dialect: Dialect, last: LastMessages
) -> Sequence[Trial]:
    """Run the messages; on a loop of its own, in the thread that answers the request."""
    batches = [last.messages] if source.grouped else [(message,) for message in last.messages]
    with _place():
        try:
            return asyncio.run(dry_run(stream, source.before, dialect.value, batches, grouped=source.grouped))
        except SluiceError as error:
            raise RefusedError(f"the stream cannot be tried: {error}", code="not_tried") from error


def _remarks(stream: CheckedStream, source: DryRunSource, last: LastMessages) -> Iterator[str]:
    if not source.is_own:
        yield f"The input {stream.input.spec.name} does not run. Records go to the processors as they were read."
    if source.grouped:
        yield f"The input makes batches: these {len(last.messages)} messages are one."
    if stream.buffer is not None:
        yield f"The buffer {stream.buffer.spec.name} does not run. Messages go past it."
    if last.is_cut:
        yield "Older messages are left out: all together are too large."
    if not last.is_whole:
        yield "Not all partitions were read in time. Newer messages may be missing."


@contextmanager
def _place() -> Iterator[None]:
    if not _running.acquire(blocking=False):
        raise RefusedError("others try definitions now", code="busy", remedy="try again in a few seconds")
    try:
        yield
    finally:
        _running.release()
