"""Streams over HTTP: what a POST, a delivered message and an idle client cost, beside the usual designs."""

import contextlib
import dataclasses
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import psycopg

from portal.embedded import ports, process
from tests.bench import nchan
from tests.load import cpu, marked, posting
from tests.load.crowd import Crowd, crowd
from tests.load.deployment import Deployment, deployed
from tests.load.documents import document, from_topic, into_topic
from tests.load.listeners import Options
from tests.load.processes import ROOT
from tests.load.stage import OwnStage
from tests.load.waiting import wait_until
from tests.parts.topics import Topics

WARM_SECONDS = 2.0
MESSAGE_BYTES = 1024
BEHIND_SECONDS = 20.0
"""How long a design that falls behind may go on after the last message was published."""
NAIVE_KEY = "naive-key"
NAIVE_TABLE = (
    "CREATE TABLE naive_key (id bigserial PRIMARY KEY, text varchar(64) UNIQUE, approved bool NOT NULL)"
)
UNLIMITED = {"requests_per_second": 1_000_000, "messages_per_second": 1_000_000}
"""A plan whose limits are counted and never met."""

Figures = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Server:
    """One that is measured."""

    port: int
    path: str
    headers: dict[str, str]
    pid: int
    publish: Callable[[bytes], object]


@contextlib.contextmanager
def _deployment(stage: OwnStage) -> Iterator[tuple[Deployment, str]]:
    """A deployment without gateways, and a topic."""
    with contextlib.ExitStack() as cleanup:
        directory = Path(cleanup.enter_context(tempfile.TemporaryDirectory(prefix="sluice-bench-")))
        topics = Topics()
        cleanup.callback(topics.delete)
        bootstrap = stage.kafka.bootstrap_servers
        topic = topics(bootstrap, partitions=1)
        settings = {"SLUICE_LOG_LEVEL": "WARNING"}
        made = cleanup.enter_context(
            deployed(directory, stage.postgres, stage.valkey.url, bootstrap, settings)
        )
        yield made, topic


@contextlib.contextmanager
def sluice(stage: OwnStage, kind: str) -> Iterator[Server]:
    """One gateway; kind: `post`, `sse` or `websocket`, with key, limits and subscription."""
    with _deployment(stage) as (deployment, topic):
        gateway = deployment.start_gateway()
        stream = into_topic(topic) if kind == "post" else from_topic(topic)
        definition = deployment.define(document(kind, {"events": stream}, keyed=True), tyk=False)
        subscriber = deployment.subscribe(definition, **UNLIMITED)
        path = {"post": "/post/post", "sse": "/sse/sse", "websocket": "/websocket/ws"}[kind]
        publish = marked.TopicPublisher(stage.kafka.bootstrap_servers, topic)
        time.sleep(WARM_SECONDS)  # until the gateway knows the subscriber
        yield Server(gateway.port, path, subscriber.headers, gateway.child.pid, publish)


@contextlib.contextmanager
def naive(stage: OwnStage, kind: str) -> Iterator[Server]:
    """The usual design (tests/bench/naive_streams.py); kind: `post` or `sse`."""
    with _deployment(stage) as (deployment, topic):
        processes, port = deployment.processes, ports.free()
        environment = {**processes.environment, "TOPIC": topic}
        environment.pop("DJANGO_SETTINGS_MODULE")
        processes.environment = environment
        with psycopg.connect(environment["DATABASE_URL"], autocommit=True) as connection:
            connection.execute(NAIVE_TABLE)
            connection.execute("INSERT INTO naive_key (text, approved) VALUES (%s, true)", [NAIVE_KEY])
        name, path = {"post": ("post", "/post"), "sse": ("fan_out", "/events")}[kind]
        application = ("-m", "uvicorn", f"tests.bench.naive_streams:{name}", "--port", str(port))
        child = processes.start("naive", [sys.executable, *application, "--log-level", "warning"])
        process.wait_until(child, lambda: ports.answers(port))
        publish = marked.TopicPublisher(stage.kafka.bootstrap_servers, topic)
        yield Server(port, path, {"Authorization": f"Bearer {NAIVE_KEY}"}, child.pid, publish)


@contextlib.contextmanager
def nginx(_stage: OwnStage, _kind: str) -> Iterator[Server]:
    """nginx with nchan, which is published to by POST."""
    with nchan.running() as (port, pid), contextlib.closing(nchan.Publisher(port)) as publisher:
        yield Server(port, nchan.EVENTS, {}, pid, publisher)


def _fan_outs() -> dict[str, Callable[[OwnStage, str], contextlib.AbstractContextManager[Server]]]:
    return {"sluice": sluice, "channels": naive, **({"nchan": nginx} if nchan.installed() else {})}


def post_results(stage: OwnStage, *, connections: int, seconds: float, runs: int) -> Iterator[Figures]:
    """POST into Kafka, acknowledged, with key, limit and subscription checked."""
    for number in range(runs):
        for design, start in {"sluice": sluice, "drf": naive}.items():
            with start(stage, "post") as server:
                what = {"benchmark": "post", "design": design, "connections": connections, "run": number}
                _posted(server, connections, WARM_SECONDS)
                yield {**what, **_posted(server, connections, seconds)}


def _posted(server: Server, connections: int, seconds: float) -> Figures:
    options = posting.Options(server.port, server.path, connections, seconds, server.headers)
    command = [sys.executable, "-m", "tests.load.posting", json.dumps(dataclasses.asdict(options))]
    before = cpu.seconds(server.pid)
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    used, report = cpu.seconds(server.pid) - before, json.loads(done.stdout)
    if report["statuses"].keys() != {"200"}:
        raise RuntimeError(f"not every request was taken: {report['statuses']}")
    count = report["statuses"]["200"]
    return {
        "requests/s": round(count / report["seconds"]),
        "server us": round(used / count * 1e6, 1),
        "client us": round(report["cpu seconds"] / count * 1e6, 1),
        "p50 ms": report["p50 ms"],
        "p99 ms": report["p99 ms"],
    }


def fan_out_results(
    stage: OwnStage, *, clients: int, rate: float, seconds: float, runs: int
) -> Iterator[Figures]:
    """Each message to every one of so many SSE clients."""
    _allow_files()
    for number in range(runs):
        for design, start in _fan_outs().items():
            what = {"benchmark": "fanout", "design": design, "clients": clients, "rate": rate, "run": number}
            with (
                start(stage, "sse") as server,
                crowd(Options(server.port, server.path, clients, server.headers)) as listeners,
            ):
                yield {**what, **_fanned_out(server, listeners, rate, seconds)}


def _fanned_out(server: Server, listeners: Crowd, rate: float, seconds: float) -> Figures:
    _all_hear(server, listeners)
    listeners.reset()
    before, client_before = cpu.seconds(server.pid), listeners.report()["cpu seconds"]
    started = time.monotonic()
    count = marked.steadily(server.publish, rate, seconds, MESSAGE_BYTES)
    with contextlib.suppress(TimeoutError):
        wait_until(lambda: listeners.report()["least"] >= count, "everything", BEHIND_SECONDS)
    took, report = time.monotonic() - started, listeners.report()
    used = cpu.seconds(server.pid) - before
    delivered = max(1, report["messages"])
    return {
        "delivered/s": round(delivered / took),
        "delivered %": round(100 * delivered / (count * int(listeners.first["open"])), 1),
        "server us": round(used / delivered * 1e6, 2),
        "client us": round((report["cpu seconds"] - client_before) / delivered * 1e6, 2),
        "p50 ms": report["p50 ms"],
        "p99 ms": report["p99 ms"],
    }


def _all_hear(server: Server, listeners: Crowd) -> None:
    """Publish until every client hears, and wait until all have had all of it: what was measured is told from it."""

    def heard() -> bool:
        server.publish(marked.message(time.monotonic_ns(), MESSAGE_BYTES))
        return bool(listeners.report()["least"] > 0)

    wait_until(heard, "a message at every client", poll=0.5)
    wait_until(lambda: _settled(listeners), "all of them")


def _settled(listeners: Crowd) -> bool:
    """Whether nothing comes any more."""
    before = listeners.report()["messages"]
    time.sleep(WARM_SECONDS)
    return bool(listeners.report()["messages"] == before)


def idle_results(stage: OwnStage, *, clients: int, runs: int) -> Iterator[Figures]:
    """Memory of clients that have nothing to read."""
    _allow_files()
    cases = (("sluice", sluice, "sse"), ("sluice", sluice, "websocket"), ("channels", naive, "sse"))
    for number in range(runs):
        for design, start, kind in cases:
            with start(stage, kind) as server:
                what = {
                    "benchmark": "idle",
                    "design": design,
                    "kind": kind,
                    "clients": clients,
                    "run": number,
                }
                yield {**what, **_idle(server, clients, websocket=kind == "websocket")}


def _idle(server: Server, clients: int, *, websocket: bool) -> Figures:
    options = Options(server.port, server.path, 1, server.headers, websocket=websocket)
    with crowd(options):  # what the first client brings is nobody's cost
        before = _resident(server.pid)
        with crowd(dataclasses.replace(options, count=clients)):
            time.sleep(WARM_SECONDS)
            return {"kB each": round((_resident(server.pid) - before) / clients / 1024, 1)}


def _resident(pid: int) -> int:
    return int(psutil.Process(pid).memory_info().rss)


def _allow_files() -> None:
    """As many sockets as the operator lets a process have, here and in what is started."""
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
