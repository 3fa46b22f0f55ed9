"""Visits to each page of a crowded estate, by Django's own client: middleware, view, queries and template."""

import json
import statistics
import sys
import time
from collections.abc import Iterator
from http import HTTPStatus

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tests.bench.crowded import crowd
from tests.bench.report import Result
from tests.portal.pages.conftest import Estate, make_estate
from tests.portal.pages.table import TABLE

MOST_QUERIES = 15
MOST_MS = 100
"""What a page may take; those above it are marked."""


def main(runs: int) -> None:
    """Seed, visit, and print a result a line."""
    estate = make_estate()
    addresses = dict(_addresses(estate))
    crowd(estate)
    client = Client(SERVER_NAME="localhost")
    client.force_login(estate.actor.user)
    for name, address in addresses.items():
        sys.stdout.write(f"{json.dumps(_visited(client, name, address, runs))}\n")


def _addresses(estate: Estate) -> Iterator[tuple[str, str]]:
    """Resolved while there is one of each thing: the crowd comes later."""
    for row in TABLE:
        if row.method == "GET" and row.expected()["owner"] == HTTPStatus.OK:
            yield row.name, reverse(row.name, kwargs=row.arguments(estate))


def _visited(client: Client, name: str, address: str, runs: int) -> Result:
    client.get(address)  # fills what is kept in memory
    with CaptureQueriesContext(connection) as queries:
        answer = client.get(address)
    asked = len(queries)  # before the next request clears the log
    times, processor = zip(*(_timed(client, address) for _ in range(runs)), strict=True)
    took = round(statistics.median(times), 1)
    is_above = asked > MOST_QUERIES or took > MOST_MS
    return {
        "benchmark": "pages",
        "page": name,
        "status": answer.status_code,
        "run": 1,
        "queries": asked,
        "ms": took,
        "worst ms": round(max(times), 1),
        "processor ms": round(statistics.median(processor), 1),
        "kB": len(answer.content) // 1000,
        "above": "above" if is_above else "",
    }


def _timed(client: Client, address: str) -> tuple[float, float]:
    """Milliseconds of one visit, and of this process's processor in them: without PostgreSQL, and without others."""
    begin, used = time.perf_counter(), time.process_time()
    client.get(address)
    return (time.perf_counter() - begin) * 1000, (time.process_time() - used) * 1000
