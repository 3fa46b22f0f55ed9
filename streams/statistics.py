"""What a running stream counts: cheap enough for every message."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime


@dataclass(slots=True)
class StageStatistics:
    """Counts of one input, processor or output since the stream started."""

    received: int = 0
    """Messages that came in."""
    sent: int = 0
    """Messages that left it in order."""
    errors: int = 0
    """Messages it failed on, counted again at each try."""
    last_error: str = ""
    last_error_at: datetime | None = None

    def failed(self, messages: int, error: str) -> None:
        """Count messages that failed, and remember why."""
        self.errors += messages
        self.last_error = error
        self.last_error_at = datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class SourceStatus:
    """How an input that reads a broker stands."""

    partitions: dict[str, list[int]] = field(default_factory=dict)
    """Topic to the partitions this process reads."""
    lag: int | None = None
    """Records not read yet; None: unknown."""
    error: str = ""
    """Why it cannot read at present; empty when it can."""


MAX_SERIES = 1000
"""How many series of its own a stream may have; labels of messages could make any number."""

Series = tuple[str, tuple[tuple[str, str], ...]]
"""A name and sorted labels."""


@dataclass(slots=True)
class Statistics:
    """Counts of a stream by stage, and who can tell how its inputs stand."""

    stages: dict[str, StageStatistics] = field(default_factory=dict)
    sources: list[Callable[[], SourceStatus]] = field(default_factory=list)
    failing: int = 0
    """Batches whose output failed and that wait to be tried again."""
    metrics: dict[Series, float] = field(default_factory=dict)
    """What `metric` processors counted and measured."""

    def measure(self, name: str, labels: Mapping[str, str], amount: float, *, adding: bool) -> None:
        """Add to a series of the stream's own, or set it. Series beyond MAX_SERIES are not kept."""
        series = (name, tuple(sorted(labels.items())))
        if series in self.metrics or len(self.metrics) < MAX_SERIES:
            self.metrics[series] = amount + (self.metrics.get(series, 0.0) if adding else 0.0)

    def stage(self, name: str) -> StageStatistics:
        """The counts of a stage; made when it is first asked for."""
        return self.stages.setdefault(name, StageStatistics())

    def source(self) -> SourceStatus:
        """The state of all inputs together."""
        partitions: dict[str, list[int]] = {}
        lags: list[int] = []
        errors: list[str] = []
        for tell in self.sources:
            status = tell()
            for topic, numbers in status.partitions.items():
                partitions[topic] = sorted({*partitions.get(topic, ()), *numbers})
            lags += [] if status.lag is None else [status.lag]
            errors += [status.error] if status.error else []
        return SourceStatus(partitions, sum(lags) if lags else None, "; ".join(errors))

    def last_error(self) -> tuple[str, datetime | None]:
        """The newest error of any stage, and when it was."""
        failed = [stage for stage in self.stages.values() if stage.last_error_at is not None]
        newest = max(failed, key=lambda stage: stage.last_error_at or datetime.min, default=None)  # noqa: DTZ901
        return (newest.last_error, newest.last_error_at) if newest else ("", None)

    @property
    def errors(self) -> int:
        """Failures of all stages."""
        return sum(stage.errors for stage in self.stages.values())
