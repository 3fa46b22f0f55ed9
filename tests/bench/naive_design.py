"""Runs the naive design beside Sluice."""

import contextlib
import sys
from collections.abc import Iterator

from portal.embedded import process
from tests.load.run import Run

UNFINISHED = "SELECT count(*) FROM naive_delivery WHERE state = 'pending'"
PROCESSES_PER_WORKER = 4


@contextlib.contextmanager
def started(run: Run, workers: int) -> Iterator[list[process.Child]]:
    """The dispatcher and a prefork pool; its processes also when there are more than processors wait on I/O."""
    processes = run.processes
    plan = processes.directory / "plan.json"
    plan.write_text(run.estate.plan.dumped())
    environment = {
        key: value for key, value in processes.environment.items() if key != "DJANGO_SETTINGS_MODULE"
    }
    processes.environment = {
        **environment,
        "NAIVE_PLAN": str(plan),
        "REQUESTS_CA_BUNDLE": environment.get("SSL_CERT_FILE", ""),
    }
    pool = ["-P", "prefork", "-c", str(workers * PROCESSES_PER_WORKER), "-l", "warning"]
    naive = "tests.bench.naive"
    yield [
        processes.start("dispatcher", [sys.executable, "-m", "tests.bench.naive"]),
        processes.start("naive", [sys.executable, "-m", "celery", "-A", naive, "worker", *pool]),
    ]
    processes.stop()
