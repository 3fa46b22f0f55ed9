"""From Kafka's acknowledgement to the arrival at the receiver, at a steady rate."""

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

from tests.bench.cases import Case, opened
from tests.bench.throughput import READERS
from tests.load.reception import Received
from tests.load.run import Run
from tests.load.stage import Stage
from tests.load.waiting import wait_until

WARM_UP_SECONDS = 5.0
SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class Latencies:
    """Milliseconds, sorted."""

    milliseconds: list[float]

    def quantile(self, share: float) -> float:
        """The latency that `share` of all do not exceed."""
        return self.milliseconds[min(int(len(self.milliseconds) * share), len(self.milliseconds) - 1)]

    def figures(self) -> dict[str, float]:
        """Median, 99th percentile, and the worst."""
        return {
            "count": len(self.milliseconds),
            "p50 ms": round(self.quantile(0.5), 1),
            "p99 ms": round(self.quantile(0.99), 1),
            "max ms": round(self.milliseconds[-1], 1),
        }


def first_arrivals(received: Iterable[Received]) -> dict[tuple[int, int], int]:
    """When each (event, endpoint) came for the first time."""
    first: dict[tuple[int, int], int] = {}
    for request in received:
        first.setdefault((request.number, request.endpoint), request.arrived_ns)
    return first


def latencies(run: Run, since: int, endpoints: frozenset[int]) -> Latencies:
    """From acknowledgement to first arrival at these endpoints, of the events numbered `since` and above."""
    acknowledged = run.production.acknowledged
    return Latencies(
        sorted(
            (arrived - acknowledged[number].at_ns) / 1e6
            for (number, endpoint), arrived in first_arrivals(run.receiver.records()).items()
            if number >= since and endpoint in endpoints
        )
    )


def start_workers(run: Run, workers: int) -> None:
    """Start workers; wait until all read, and until one event of each kind, made for this, has arrived."""
    for number in range(workers):
        run.processes.start_worker(f"worker-{number}")
    wait_until(lambda: run.estate.query(READERS) == workers, "all workers reading", SECONDS)
    run.produce(len(run.templates))
    wait_until(lambda: run.receiver.total() >= len(run.templates), "the first deliveries", SECONDS)


def sluice(stage: Stage, case: Case, rate: float, seconds: float, workers: int) -> Latencies:
    """Produce `rate` events a second for so long, after a warm-up."""
    with opened(stage, case, record=True) as run:
        start_workers(run, workers)
        run.production.produce_steadily(run.coming(int(rate * WARM_UP_SECONDS)), rate)
        since = len(run.production.acknowledged)
        run.production.produce_steadily(run.coming(int(rate * seconds)), rate)
        total = len(run.production.acknowledged)
        wait_until(lambda: run.receiver.total() >= total, f"{total} arrivals", SECONDS)
        return latencies(run, since, frozenset(range(case.endpoints)))


def results(
    stage: Stage, cases: list[Case], *, rate: float, seconds: float, runs: int, workers: int
) -> Iterator[dict[str, Any]]:
    """One result a run and case."""
    for number in range(runs):
        for case in cases:
            what = {"benchmark": "latency", **asdict(case), "rate": rate, "run": number}
            yield {**what, **sluice(stage, case, rate, seconds, workers).figures()}
