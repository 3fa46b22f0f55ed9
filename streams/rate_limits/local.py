"""`local`: so many goes, or bytes, in each interval, counted in this process."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import Final

from streams.spec import BuildContext, ComponentSpec, Config, DryRun, Field, FieldType, Kind, Problem, Rules


class LocalRateLimit:
    """Counts goes and bytes of the interval that is running."""

    def __init__(
        self, count: int, byte_size: int, interval: float, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """count, byte_size: the most of an interval of so many seconds; 0: any number."""
        self._count = count
        self._byte_size = byte_size
        self._interval = interval
        self._clock = clock
        self._began = clock()
        self._goes = 0
        self._bytes = 0

    async def access(self, size: int) -> float:
        """Take a go. Returns 0, or the seconds until the next interval."""
        now = self._clock()
        if now - self._began >= self._interval:
            self._began, self._goes, self._bytes = now, 0, 0
        # Bytes are over once they were taken: a message larger than the limit would never pass else.
        if 0 < self._count <= self._goes or 0 < self._byte_size <= self._bytes:
            return self._began + self._interval - now
        self._goes += 1
        self._bytes += size
        return 0.0


def _check(config: Config, _rules: Rules) -> Iterable[Problem]:
    if config["count"] <= 0 and config["byte_size"] <= 0:
        yield Problem((), "no_limit", "neither `count` nor `byte_size` limits anything", "give one")
    if config["interval"] <= 0:
        yield Problem(("interval",), "no_limit", "an interval is longer than nothing")


def _build(config: Config, _context: BuildContext) -> LocalRateLimit:
    return LocalRateLimit(config["count"], config["byte_size"], config["interval"])


LOCAL: Final = ComponentSpec(
    Kind.RATE_LIMIT,
    "local",
    "So many goes, or bytes, in each interval; each process counts for itself.",
    _build,
    fields=(
        Field("count", FieldType.INT, "Goes of an interval; 0: any number.", default=1000),
        Field("byte_size", FieldType.INT, "Bytes of an interval; 0: any number.", default=0),
        Field("interval", FieldType.DURATION, "How long an interval is.", default="1s"),
    ),
    check=_check,
    examples=({"count": 100, "interval": "1s"},),
    dry_run=DryRun.RUN,
)
