"""Deliveries per second from a prefilled topic to recorded 2xx, beside the naive design in the same run."""

import math
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from tests.bench import naive_design
from tests.bench.cases import Case, opened
from tests.bench.meter import Stretch, measure
from tests.load.run import Run
from tests.load.stage import OwnStage

UNFINISHED = "SELECT count(*) FROM webhooks_due"
READERS = "SELECT count(*) FROM gateway_instance WHERE jsonb_path_exists(partitions, '$.*[0]')"
"""Workers that have been given partitions of the topic: the first reads alone until the group has settled."""
DELIVERED = "SELECT count(*) FROM webhooks_delivery WHERE state = 2 AND attempts = 1"


def sluice(stage: OwnStage, case: Case, deliveries: int, workers: int) -> Stretch:
    """Sluice's workers on a topic that holds enough events for so many deliveries."""
    with opened(stage, case) as run:
        total = _fill(run, case, deliveries)
        started = [run.processes.start_worker(f"worker-{number}") for number in range(workers)]
        stretch = measure(
            run,
            stage,
            started,
            ready=lambda: run.estate.query(READERS) == workers,
            total=total,
            unfinished=UNFINISHED,
        )
        delivered = run.estate.query(DELIVERED)
        if delivered != total:
            raise RuntimeError(f"{delivered} of {total} deliveries were delivered at the first try")
        return stretch


def naive(stage: OwnStage, case: Case, deliveries: int, workers: int) -> Stretch:
    """The naive design on the same work, and as many processes for its tasks."""
    with opened(stage, case) as run:
        total = _fill(run, case, deliveries)
        with naive_design.started(run, workers) as processes:
            return measure(
                run,
                stage,
                processes,
                ready=lambda: run.receiver.total() > 0,
                total=total,
                unfinished=naive_design.UNFINISHED,
            )


def _fill(run: Run, case: Case, deliveries: int) -> int:
    """Fill the topic; returns how many deliveries that makes."""
    count = math.ceil(deliveries / case.fan_out)
    run.produce(count)
    return count * case.fan_out


def results(
    stage: OwnStage, cases: list[Case], *, deliveries: int, naive_deliveries: int, runs: int, workers: int
) -> Iterator[dict[str, Any]]:
    """One result a run: each case by Sluice and, unless `naive_deliveries` is 0, by the naive design."""
    for number in range(runs):
        for case in cases:
            designs = {"sluice": (sluice, deliveries), "naive": (naive, naive_deliveries)}
            for design, (run, count) in designs.items():
                if count:
                    what = {"benchmark": "throughput", "design": design, **asdict(case), "run": number}
                    yield {**what, **run(stage, case, count, workers).figures()}
