"""A dry run as a page shows it: bytes made readable, and errors with the lines they are about."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from gateway.dry_run_report import DryRunReport, PlacedMessage, PlacedTrial
from gateway.errors import Fault
from portal.shown_bytes import ShownBytes, shown_bytes
from portal.shown_findings import ShownFindings, shown_findings
from streams.dry_run.trial import Outcome
from streams.jsontext import serialise
from streams.message import Message

_KEY: Final = "kafka_key"
_MOMENT: Final = "kafka_timestamp_unix_ms"
_LONGEST: Final = 300
_SAID: Final = {
    Outcome.WRITTEN: ("Comes out", "good"),
    Outcome.QUARANTINED: ("To quarantine", "bad"),
    Outcome.REJECTED: ("Rejected", "bad"),
    Outcome.DROPPED: ("Dropped", "plain"),
    Outcome.UNFINISHED: ("Not finished", "warn"),
}


@dataclass(frozen=True, slots=True)
class ShownRead:
    """A message that was read."""

    position: str
    at: dt.datetime | None
    key: str
    content: ShownBytes
    metadata: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class ShownWritten:
    """A message that an output would get."""

    output: str
    component: str
    content: ShownBytes
    metadata: tuple[tuple[str, str], ...]
    """What differs from what came in."""
    findings: ShownFindings


@dataclass(frozen=True, slots=True)
class ShownTrial:
    """What would have become of a message or batch."""

    outcome: Outcome
    said: str
    tone: str
    read: tuple[ShownRead, ...]
    written: tuple[ShownWritten, ...]
    unshown: int
    findings: ShownFindings
    left_out: tuple[Fault, ...]
    dropped_by: str


@dataclass(frozen=True, slots=True)
class ShownDryRun:
    """All of a dry run."""

    report: DryRunReport
    trials: tuple[ShownTrial, ...]


def shown_dry_run(text: str, report: DryRunReport) -> ShownDryRun:
    """Return how to show a dry run of a document."""
    return ShownDryRun(report, tuple(_trial(text, one) for one in report.trials))


def _trial(text: str, placed: PlacedTrial) -> ShownTrial:
    trial = placed.trial
    said, tone = _SAID[trial.outcome]
    came_in = trial.given[0].metadata
    return ShownTrial(
        trial.outcome,
        said,
        tone,
        tuple(_read(message) for message in trial.given),
        tuple(_written(text, one, came_in) for one in placed.written),
        trial.unshown,
        shown_findings(text, placed.errors),
        placed.left_out,
        trial.dropped_by,
    )


def _read(message: Message) -> ShownRead:
    milliseconds = message.metadata.get(_MOMENT)
    return ShownRead(
        message.source.position if message.source else "",
        dt.datetime.fromtimestamp(milliseconds / 1000, dt.UTC) if milliseconds else None,
        str(message.metadata.get(_KEY, "")),
        shown_bytes(message.content),
        _metadata(message.metadata),
    )


def _written(text: str, placed: PlacedMessage, came_in: Mapping[str, Any]) -> ShownWritten:
    metadata = placed.message.metadata
    changed = {name: value for name, value in metadata.items() if came_in.get(name) != value}
    errors = [] if placed.error is None else [placed.error]
    return ShownWritten(
        placed.output,
        placed.component,
        shown_bytes(placed.message.content),
        _metadata(changed),
        shown_findings(text, errors),
    )


def _metadata(metadata: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    texts = ((name, _text(value)) for name, value in sorted(metadata.items()))
    return tuple((name, f"{text[:_LONGEST]}…" if len(text) > _LONGEST else text) for name, text in texts)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else serialise(value).decode()
