"""Streams through two gateway processes and a worker, as their clients see them."""

import json
import sys
import threading
from collections import Counter
from contextlib import ExitStack, contextmanager, suppress

import pytest
import requests

from gateway.models import Dialect
from portal.embedded import process
from tests.gateway.asgi_harness import DEADLINE, ROOT, gateway_process, wait_until
from tests.gateway.serving import produce
from tests.gateway.shop import document, open_shop
from tests.gateway.test_correlation_example import GET, PUSH, WORKER
from tests.parts import embedded

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.kafka]
OPEN = {"enabled": False}
LOCAL = "localhost:9092"


@pytest.fixture(scope="module")
def environment(gateway_environment, kafka_bootstrap):
    ours = {"SLUICE_OPEN_APIS": "true", "SLUICE_OPEN_REQUESTS_PER_SECOND": "10000"}
    theirs = {"SLUICE_RAW_ADDRESSES": "true", "KAFKA_BOOTSTRAP_SERVERS": kafka_bootstrap}
    return {**gateway_environment, **ours, **theirs}


@pytest.fixture(scope="module")
def gateways(environment):
    with ExitStack() as stack:
        yield [stack.enter_context(gateway_process(environment)) for _ in range(2)]


@pytest.fixture
def worker(environment):
    arguments = (sys.executable, "-m", "celery", "-A", "portal", "worker", "-P", "threads", "-c", "1")
    command = process.Command("worker", arguments, ROOT, {**environment, "C_FORCE_ROOT": "1"}, grace=20.0)
    child = embedded.logging_to("worker")(command)
    yield child
    child.stop()


@pytest.fixture
def topic(kafka_bootstrap, topic_factory):
    return topic_factory(kafka_bootstrap)


def consumer(bootstrap, topic):
    """The guide's consumer, but for the broker's address and the topic."""
    kafka = {"addresses": [bootstrap], "topics": [topic], "consumer_group": f"tyk-{topic}"}
    more = {"auto_replay_nacks": True, "checkpoint_limit": 1024, "target_version": "3.3.0"}
    output = {"http_server": {"address": "", "allowed_verbs": ["GET"], "path": "/get", "stream_path": "/sse"}}
    return {"input": {"kafka": {**kafka, **more}, "label": ""}, "output": {**output, "label": ""}}


def serve(gateways, monkeypatch, streams, path):
    """Save a definition of these streams; returns when both gateways have it."""
    monkeypatch.setattr("django.conf.settings.RAW_ADDRESSES", True)
    monkeypatch.setattr("django.conf.settings.OPEN_APIS", True)
    open_shop(document(streams, authentication=OPEN), Dialect.TYK)
    for gateway in gateways:
        wait_until(lambda one=gateway: one.request("PUT", path).status_code == 405, "it is not served")


class Listener:
    """A client that reads lines on a thread of its own."""

    def __init__(self, gateway, path):
        self.lines = []
        self._answer = requests.get(gateway.url(path), stream=True, timeout=DEADLINE)
        assert self._answer.status_code == 200
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self):
        with suppress(requests.RequestException, AttributeError, ValueError):  # closed
            for line in self._answer.iter_lines(chunk_size=1):
                self.lines += [line] if line else []

    def close(self):
        # Wakes the thread, which closing alone would not.
        self._answer.raw._fp.fp.raw._sock.shutdown(2)
        self._thread.join(DEADLINE)
        self._answer.close()


@contextmanager
def listening(*places):
    with ExitStack() as stack:
        clients = [Listener(gateway, path) for gateway, path in places]
        for client in clients:
            stack.callback(client.close)
        yield clients


def numbers(start, end):
    return [b"%04d" % n for n in range(start, end)]


def test_one_client_of_one_partition_gets_each_answer_once(gateways, monkeypatch, kafka_bootstrap, topic):
    serve(gateways, monkeypatch, {"chat": consumer(kafka_bootstrap, topic)}, "/shop/get")
    got = []
    for turn in range(3):
        with listening((gateways[turn % 2], "/shop/sse")) as (client,):
            produce(kafka_bootstrap, topic, numbers(turn * 10, turn * 10 + 10))
            wait_until(lambda one=client: len(one.lines) >= 10, "answers are missing")
        got += client.lines
    assert got == numbers(0, 30)


def test_five_clients_of_two_processes_get_each_message_once_in_sum(
    gateways, monkeypatch, kafka_bootstrap, topic_factory
):
    topic = topic_factory(kafka_bootstrap, partitions=4)
    serve(gateways, monkeypatch, {"chat": consumer(kafka_bootstrap, topic)}, "/shop/get")
    with listening(*((gateways[n % 2], "/shop/sse") for n in range(5))) as clients:
        produce(kafka_bootstrap, topic, numbers(0, 500))
        wait_until(lambda: sum(len(client.lines) for client in clients) >= 500, "messages are missing")
    assert Counter(line for client in clients for line in client.lines) == Counter(numbers(0, 500))


def test_gets_at_either_process_give_each_message_once(gateways, monkeypatch, kafka_bootstrap, topic):
    serve(gateways, monkeypatch, {"chat": consumer(kafka_bootstrap, topic)}, "/shop/get")
    produce(kafka_bootstrap, topic, numbers(0, 6))
    got = []
    while len(got) < 6:
        answer = gateways[len(got) % 3 % 2].request("GET", "/shop/get")
        if answer.status_code != 408:
            assert answer.status_code == 200
            got.append(answer.content)
    assert got == numbers(0, 6)


def test_what_is_posted_at_one_process_reaches_clients_of_the_other(gateways, monkeypatch):
    relay = {"input": {"http_server": {"path": "/post"}}, "output": {"http_server": {"stream_path": "/sse"}}}
    serve(gateways, monkeypatch, {"relay": relay}, "/shop/post")
    with listening((gateways[1], "/shop/sse")) as (client,):
        for content in numbers(0, 5):
            wait_until(
                lambda body=content: gateways[0].request("POST", "/shop/post", data=body).status_code == 200
            )
        wait_until(lambda: len(client.lines) >= 5, "messages are missing")
    assert client.lines == numbers(0, 5)


def test_the_example_of_correlation_by_user_runs_as_written(
    gateways, worker, monkeypatch, kafka_bootstrap, topic_factory
):
    for name in ("jobs", "completed"):
        topic_factory(kafka_bootstrap, name=name)
    streams = json.loads(
        json.dumps({"in": PUSH, "Worker": WORKER, "out": GET}).replace(LOCAL, kafka_bootstrap)
    )
    serve(gateways, monkeypatch, streams, "/shop/push-event")
    for n in range(4):
        user = ("alice", "bob")[n % 2]
        pushed = gateways[n % 2].request("POST", f"/shop/push-event?user={user}", json={"n": n})
        assert pushed.status_code == 200
    got = {"alice": [], "bob": []}
    while any(len(events) < 2 for events in got.values()):
        for number, (user, events) in enumerate(got.items()):
            answer = gateways[(number + len(events)) % 2].request("GET", f"/shop/get-event?user={user}")
            assert answer.status_code in {200, 408}
            if answer.status_code == 200:
                events.append(answer.json())
    for first, (user, events) in enumerate(got.items()):
        assert [event["n"] for event in events] == [first, first + 2]
        assert {(event["user_id"], event["result"]) for event in events} == {(user, "bar")}


def test_a_process_that_ends_in_order_leaves_the_rest_to_the_other(
    gateways, environment, monkeypatch, kafka_bootstrap, topic
):
    with gateway_process(environment) as ending:
        serve([*gateways, ending], monkeypatch, {"chat": consumer(kafka_bootstrap, topic)}, "/shop/get")
        leaving = Listener(ending, "/shop/sse")
        produce(kafka_bootstrap, topic, numbers(0, 10))
        wait_until(lambda: len(leaving.lines) >= 10, "messages are missing")
        with listening((gateways[0], "/shop/sse")) as (staying,):
            ending.child.stop()
            produce(kafka_bootstrap, topic, numbers(10, 30))
            wait_until(lambda: len(staying.lines) >= 20, "messages are missing")
    assert leaving.lines + staying.lines == numbers(0, 30)


def test_what_a_killed_process_did_not_hand_over_reaches_the_other(
    gateways, environment, monkeypatch, kafka_bootstrap, topic
):
    with gateway_process(environment) as killed:
        serve([*gateways, killed], monkeypatch, {"chat": consumer(kafka_bootstrap, topic)}, "/shop/get")
        first = Listener(killed, "/shop/sse")
        produce(kafka_bootstrap, topic, numbers(0, 10))
        wait_until(lambda: len(first.lines) >= 10, "messages are missing")
        killed.child.kill()
        produce(kafka_bootstrap, topic, numbers(10, 20))
        with listening((gateways[0], "/shop/sse")) as (other,):
            wait_until(lambda: {*numbers(10, 20)} <= {*other.lines}, "messages are missing")
