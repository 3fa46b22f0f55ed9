"""After a kill -9: how long until what the dead worker held is sent again."""

import time
from collections.abc import Iterator
from typing import Any

from portal.embedded import process
from tests.bench.cases import Case, opened
from tests.bench.latency import start_workers
from tests.load.run import Run
from tests.load.stage import Stage
from tests.load.waiting import wait_until

EVENTS = 1000
WAIT_SECONDS = 60.0
HELD = """
SELECT array_agg('msg_' || replace(delivery.message_id::text, '-', ''))
FROM webhooks_due AS due JOIN webhooks_delivery AS delivery ON delivery.id = due.delivery_id
JOIN webhooks_deliveryworker AS worker ON worker.epoch = due.lease WHERE worker.pid = %s
"""


def measured(stage: Stage) -> dict[str, Any]:
    """Two workers hold deliveries that nobody answers; one is killed, and the receiver answers again."""
    with opened(stage, Case(), record=True) as run:
        start_workers(run, 2)
        run.receiver.behave(hang=range(100))
        run.produce(EVENTS)
        victim = run.processes.running[0]
        wait_until(lambda: bool(held_by(run, victim)), "the victim holding deliveries", WAIT_SECONDS)
        held = set(held_by(run, victim))
        rows = sum(1 for _ in run.receiver.records())
        run.receiver.behave()
        killed = time.monotonic_ns()
        run.processes.kill(victim)
        wait_until(lambda: held <= _since(run, rows, killed).keys(), "all sent again", WAIT_SECONDS)
        delays = sorted((at - killed) / 1e9 for name, at in _since(run, rows, killed).items() if name in held)
        return {"held": len(held), "first s": round(delays[0], 2), "last s": round(delays[-1], 2)}


def held_by(run: Run, worker: process.Child) -> list[str]:
    """The webhook-ids of the deliveries that a worker holds."""
    return run.estate.query(HELD, [worker.pid]) or []


def _since(run: Run, first: int, moment: int) -> dict[str, int]:
    """When each webhook-id first came after the moment."""
    arrived: dict[str, int] = {}
    for request in run.receiver.records(first):
        if request.arrived_ns > moment:
            arrived.setdefault(request.webhook_id, request.arrived_ns)
    return arrived


def results(stage: Stage, *, runs: int) -> Iterator[dict[str, Any]]:
    """One result a run."""
    for number in range(runs):
        yield {"benchmark": "takeover", "run": number, **measured(stage)}
