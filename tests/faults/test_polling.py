"""A service that workers poll is polled once in its interval, and by another when its poller dies."""

import json
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise

import psycopg
import pytest
from confluent_kafka import Consumer

from tests.load.processes import ROOT, Processes
from tests.load.waiting import wait_until

WORKERS = 3
INTERVAL = 2.0
SECONDS = 60.0
TAKEOVER_SECONDS = 15.0  # what is promised: see LEASE_SECONDS in streams/runner.py
BUILD = "import django; django.setup(); from tests.faults.polled import main; main()"
LIVING = "SELECT count(DISTINCT pid) FROM gateway_instance WHERE seen_at > now() - interval '10 s'"
POLLER = "SELECT pid FROM gateway_instance WHERE state = 'running' ORDER BY seen_at DESC LIMIT 1"


class Legacy:
    """An application that only answers when it is asked."""

    def __init__(self):
        self.asked = []
        legacy = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                legacy.asked.append(time.monotonic())
                body = json.dumps({"id": len(legacy.asked), "total": 5, "timestamp": "now"}).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_arguments):
                """Nobody reads it."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/orders"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def legacy():
    made = Legacy()
    yield made
    made.server.shutdown()
    made.server.server_close()


def definition_in(stage, legacy, topic):
    """The documented stream for legacy applications, in force in a database of its own. Returns its URL."""
    url = stage.database()
    mapping = "root.order_id = this.id\nroot.total = this.total\nroot.timestamp = this.timestamp"
    bootstrap = stage.kafka.bootstrap_servers
    stream = {
        "input": {"http_client": {"url": legacy.url, "verb": "GET", "rate_limit": f"{INTERVAL:g}s"}},
        "pipeline": {"processors": [{"mapping": mapping}]},
        "output": {"kafka": {"addresses": [bootstrap], "topic": topic}},
    }
    subprocess.run(
        [sys.executable, "-c", BUILD],
        cwd=ROOT,
        env=stage.environment(url),
        input=json.dumps({"stream": stream, "bootstrap": bootstrap}),
        text=True,
        check=True,
    )
    return url


def orders_in(bootstrap, topic, count):
    """The numbers of the first orders in a topic."""
    consumer = Consumer(
        {"bootstrap.servers": bootstrap, "group.id": "reader", "auto.offset.reset": "earliest"}
    )
    consumer.subscribe([topic])
    numbers = []
    deadline = time.monotonic() + SECONDS
    while len(numbers) < count and time.monotonic() < deadline:
        record = consumer.poll(0.5)
        if record is not None and record.error() is None:
            numbers.append(json.loads(record.value())["order_id"])
    consumer.close()
    return numbers


@pytest.mark.kafka
@pytest.mark.slow
@pytest.mark.exhaustive
def test_a_legacy_application_is_polled_by_one_of_three_workers_and_by_another_when_it_dies(
    stage, tmp_path, legacy, topic_factory
):
    topic = topic_factory(stage.kafka.bootstrap_servers)
    database = definition_in(stage, legacy, topic)
    processes = Processes(stage.environment(database), tmp_path)

    def asked(statement):
        with psycopg.connect(database) as connection:
            row = connection.execute(statement).fetchone()
        return row[0] if row else None

    try:
        children = [processes.start_worker(f"worker-{number}") for number in range(WORKERS)]
        wait_until(
            lambda: asked(LIVING) == WORKERS and len(legacy.asked) > 2, "three workers, one polling", SECONDS
        )
        victim = next(child for child in children if child.pid == asked(POLLER))
        processes.kill(victim)
        before = len(legacy.asked)
        wait_until(lambda: len(legacy.asked) > before, "another polling", TAKEOVER_SECONDS)
        wait_until(lambda: len(legacy.asked) > before + 2, "its further polls", SECONDS)
    finally:
        processes.stop()
    pauses = [later - first for first, later in pairwise(legacy.asked)]
    # A little less, as requests take their time to arrive.
    assert min(pauses) > 0.9 * INTERVAL
    numbers = orders_in(stage.kafka.bootstrap_servers, topic, before)
    assert set(numbers) >= set(range(1, before))
