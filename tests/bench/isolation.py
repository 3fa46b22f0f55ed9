"""Whether one bad endpoint slows the healthy ones: their latency with and without it.

Twenty healthy endpoints get a steady number of events a second each. Beside them either one endpoint that gets
as many and never answers, or one that never answers and has a backlog of a million due deliveries.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import psycopg

from tests.bench.cases import Case, opened
from tests.bench.latency import Latencies, latencies, start_workers
from tests.load.run import Run
from tests.load.stage import Estate, Stage
from tests.load.waiting import wait_until

HEALTHY = 20
BAD = HEALTHY  # the number of the endpoint after them
BACKLOG_BODY = b'{"event":"order","action":"20","_n":-1}'
ARRIVAL_SECONDS = 60.0

BACKLOG = """
WITH numbered AS (
    SELECT i, md5('backlog' || i)::uuid AS id, (now() AT TIME ZONE 'UTC')::date AS day
    FROM generate_series(1, %(rows)s) AS i
), message AS (
    INSERT INTO webhooks_message
        (id, day, organization_id, definition_id, stream, event_type, position, record_at, matched)
    SELECT id, day, 1, %(definition)s, 'events', %(type)s, 'backlog@' || i, now(), 1 FROM numbered
), payload AS (
    INSERT INTO webhooks_payload (message_id, day, content_type, body)
    SELECT id, day, 'application/json', %(body)s FROM numbered
), delivery AS (
    INSERT INTO webhooks_delivery (id, day, message_id, endpoint_id, event_type, state, due_at)
    SELECT i, day, id, %(endpoint)s, %(type)s, 0, now() FROM numbered
)
INSERT INTO webhooks_due (delivery_id, day, lane_id, due_at) SELECT i, day, %(lane)s, now() FROM numbered
"""


@dataclass(frozen=True, slots=True)
class Trouble:
    """What the bad endpoint is like."""

    name: str
    hangs: bool = False  # gets its share of events and never answers
    backlog: int = 0  # due deliveries it has from the start, and never answers


NONE = Trouble("none")


def measured(stage: Stage, trouble: Trouble, *, rate: float, seconds: float, workers: int) -> Latencies:
    """The healthy endpoints' latency at `rate` events a second each."""
    case = Case(endpoints=HEALTHY + 1)
    with opened(stage, case, record=True) as run:
        templates = run.templates
        run.templates = templates[:HEALTHY]
        if trouble.backlog:
            insert_backlog(run.estate, trouble.backlog)
        if trouble.backlog or trouble.hangs:
            run.receiver.behave(hang=[BAD])
        start_workers(run, workers)
        since = len(run.production.acknowledged)
        run.templates = templates if trouble.hangs else templates[:HEALTHY]
        total_rate = rate * len(run.templates)
        run.production.produce_steadily(run.coming(int(total_rate * seconds)), total_rate)
        wait_until(lambda: _arrived(run), "every event at the healthy endpoints", ARRIVAL_SECONDS)
        return latencies(run, since, frozenset(range(HEALTHY)))


def insert_backlog(estate: Estate, rows: int) -> None:
    """Give the bad endpoint so many due deliveries, as a publisher would have, in bulk."""
    values = {
        "rows": rows,
        "definition": estate.definition_id,
        "type": f"order.{BAD}",
        "body": BACKLOG_BODY,
        "endpoint": estate.endpoint_ids[BAD],
        "lane": estate.lane_ids[BAD],
    }
    with psycopg.connect(estate.database_url, autocommit=True) as connection:
        connection.execute(BACKLOG, values)
        connection.execute("SELECT setval('webhooks_delivery_id_seq', %s)", [rows])
        connection.execute("VACUUM ANALYZE")
        connection.execute("CHECKPOINT")


def _arrived(run: Run) -> bool:
    counts = run.receiver.counts()
    arrived = sum(counts.get(endpoint, 0) for endpoint in range(HEALTHY))
    acknowledged = run.production.acknowledged.values()
    return arrived >= sum(event.event_type != f"order.{BAD}" for event in acknowledged)


def results(
    stage: Stage, trouble: Trouble, *, rate: float, seconds: float, runs: int, workers: int
) -> Iterator[dict[str, Any]]:
    """Two results a run: without and with the bad endpoint, and what it did to the p99."""
    for number in range(runs):
        healthy = measured(stage, NONE, rate=rate, seconds=seconds, workers=workers)
        troubled = measured(stage, trouble, rate=rate, seconds=seconds, workers=workers)
        what = {"benchmark": trouble.name, "rate each": rate, "run": number}
        yield {**what, "with": "healthy only", **healthy.figures()}
        ratio = round(troubled.quantile(0.99) / healthy.quantile(0.99), 2)
        yield {**what, "with": "one bad", **troubled.figures(), "p99 ratio": ratio}
