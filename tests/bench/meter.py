"""Measures a stretch of a run: deliveries a second, and processor time per delivery of each part."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import psycopg

from portal.embedded import process
from tests.load import cpu
from tests.load.run import Run
from tests.load.stage import OwnStage
from tests.load.waiting import wait_until

START_SECONDS = 60.0
SECONDS = 900.0


@dataclass(frozen=True, slots=True)
class Stretch:
    """From when all workers were at work to the last recorded outcome."""

    deliveries: int
    seconds: float
    cpu_seconds: dict[str, float]  # by part

    def figures(self) -> dict[str, float]:
        """Per second, and microseconds per delivery."""
        used = {
            f"{name} us": round(seconds / self.deliveries * 1e6, 1)
            for name, seconds in self.cpu_seconds.items()
        }
        return {"deliveries/s": round(self.deliveries / self.seconds), **used}


def measure(
    run: Run,
    stage: OwnStage,
    workers: Iterable[process.Child],
    *,
    ready: Callable[[], bool],
    total: int,
    unfinished: str,
) -> Stretch:
    """Measure from when `ready()` until `total` requests have come and `unfinished` (a query) counts none.

    Raises TimeoutError.
    """
    parts = _parts(run, stage, workers)
    wait_until(ready, "the workers at work", START_SECONDS, poll=0.05)
    before, first, started = cpu.reading(parts), run.receiver.total(), time.monotonic()
    if first > total / 2:
        raise RuntimeError(
            f"{first} of {total} deliveries were made before all workers were at work: take more"
        )
    wait_until(lambda: run.receiver.total() >= total, f"{total} deliveries", SECONDS, poll=0.05)
    with psycopg.connect(run.estate.database_url, autocommit=True) as connection:
        wait_until(lambda: _count(connection, unfinished) == 0, "all recorded", SECONDS, poll=0.05)
    seconds = time.monotonic() - started
    return Stretch(total - first, seconds, cpu.between(before, cpu.reading(parts)))


def _count(connection: psycopg.Connection[tuple[int]], query: str) -> int:
    row = connection.execute(query.encode()).fetchone()
    return row[0] if row else 0


def _parts(run: Run, stage: OwnStage, workers: Iterable[process.Child]) -> dict[str, list[int]]:
    valkey = [stage.valkey_child.pid] if stage.valkey_child else []
    return {
        "sluice": [worker.pid for worker in workers],
        "postgresql": [stage.postgres_pid],
        "valkey": valkey,
        "kafka": [stage.kafka.pid],
        "receiver": [run.receiver.child.pid],
    }
