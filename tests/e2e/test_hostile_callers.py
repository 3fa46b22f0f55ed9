"""Callers that are not, or no longer, what they should be; on a Valkey that the tests may stop."""

import contextlib
import json
import socket
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from confluent_kafka import Consumer

from portal.embedded import postgresql, process, valkey
from tests.e2e.listening import listening
from tests.load.deployment import Deployment, Gateway, deployed
from tests.load.documents import document, from_topic, into_topic
from tests.load.waiting import wait_until
from tests.parts import embedded, kafka
from tests.parts.topics import Topics

GIGABYTE = 1 << 30
CHUNK = bytes(1 << 16)
SLOW_SENDERS = 50
GROWTH_BYTES = 64 << 20
"""What a gateway may grow by, whatever is sent to it."""

pytestmark = [pytest.mark.slow, pytest.mark.kafka, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def own_valkey(tmp_path_factory: pytest.TempPathFactory) -> valkey.Place:
    """Where a Valkey of this file's own is."""
    return valkey.prepare(tmp_path_factory.mktemp("valkey"))


@pytest.fixture(scope="module")
def valkey_child(own_valkey: valkey.Place) -> Iterator[process.Child]:
    child = valkey.start(own_valkey, embedded.logging_to("own-valkey"))
    yield child
    child.stop()


@pytest.fixture(scope="module")
def deployment(
    tmp_path_factory: pytest.TempPathFactory,
    postgres_server: postgresql.Place,
    own_valkey: valkey.Place,
    valkey_child: process.Child,
    kafka_server: kafka.Server,
) -> Iterator[Deployment]:
    directory: Path = tmp_path_factory.mktemp("deployment")
    with deployed(directory, postgres_server, own_valkey.url, kafka_server.bootstrap_servers) as made:
        made.start_gateway()
        yield made


@pytest.fixture
def gateway(deployment: Deployment) -> Gateway:
    return deployment.gateways[0]


@pytest.fixture
def bootstrap(deployment: Deployment) -> str:
    return deployment.processes.environment["KAFKA_BOOTSTRAP_SERVERS"]


@pytest.fixture
def topic(bootstrap: str, topic_factory: Topics) -> str:
    return topic_factory(bootstrap)


@pytest.fixture
def name() -> str:
    return f"stream-{uuid.uuid4().hex[:8]}"


def kept(bootstrap: str, topic: str, count: int) -> list[tuple[bytes, dict[str, bytes]]]:
    """The first so many records of a topic, value and headers."""
    group = {"group.id": uuid.uuid4().hex, "auto.offset.reset": "earliest"}
    consumer = Consumer({"bootstrap.servers": bootstrap, **group})
    consumer.subscribe([topic])
    found: list[tuple[bytes, dict[str, bytes]]] = []

    def read() -> bool:
        message = consumer.poll(1.0)
        if message is not None and not message.error():
            found.append((message.value(), dict(message.headers() or [])))
        return len(found) >= count

    wait_until(read, f"{count} records in {topic}")
    consumer.close()
    return found


def taken(url: str, body: bytes, **how: Any) -> requests.Response:
    """The answer to a POST, sent again while the stream is not connected to its output yet."""
    answers: list[requests.Response] = []

    def post() -> bool:
        answers.append(requests.post(url, body, timeout=60, **how))
        return answers[-1].status_code != 503

    wait_until(post, "the stream's output")
    return answers[-1]


@contextlib.contextmanager
def connected(gateway: Gateway, *lines: str) -> Iterator[socket.socket]:
    """A connection on which the head of a request has been sent."""
    with socket.create_connection(("127.0.0.1", gateway.port), timeout=60) as opened:
        opened.sendall("\r\n".join([*lines, "Host: gateway", "", ""]).encode())
        yield opened


def test_keys_are_asked_for_and_subscriptions_too(deployment, gateway, topic, name):
    definition = deployment.define(document(name, {"orders": from_topic(topic)}, keyed=True))
    other = document(f"{name}-2", {"orders": into_topic(topic)}, keyed=True)
    stranger = deployment.subscribe(deployment.define(other))
    url = f"{gateway.url}/{name}/sse"
    assert requests.get(url, timeout=60).status_code == 401
    assert requests.get(url, headers={"X-API-Key": "slk_nobody"}, timeout=60).status_code == 401
    assert requests.get(url, headers=stranger.headers, timeout=60).status_code == 403
    subscriber = deployment.subscribe(definition)
    assert requests.head(url, headers=subscriber.headers, timeout=60).status_code == 405, "at once"


def test_a_revoked_key_closes_its_streams_with_valkey_gone(
    deployment, gateway, topic, name, own_valkey, valkey_child
):
    definition = deployment.define(
        document(name, {"orders": from_topic(topic, delivery="broadcast")}, keyed=True)
    )
    ours, others = deployment.subscribe(definition), deployment.subscribe(definition)
    url = f"{gateway.url}/{name}/sse"
    for one in (ours, others):
        wait_until(
            lambda each=one: requests.head(url, headers=each.headers, timeout=60).status_code == 405,
            "an entry",
        )
    with (
        listening(url, headers=ours.headers, events=True) as (ending,),
        listening(url, headers=others.headers, events=True) as (staying,),
    ):
        valkey_child.stop()
        deployment.api.call("POST", f"apps/{ours.app}/credentials/{ours.credential}/revoke", {})
        assert ending.ended.wait(60)
        assert [event.data for event in ending.events() if event.name == "close"] == [
            '{"reason": "credential_revoked"}'
        ]
        assert not staying.ended.is_set()
        assert requests.get(url, headers=ours.headers, timeout=60).status_code == 401
    valkey.start(own_valkey, embedded.logging_to("own-valkey")).stop()


def test_a_gigabyte_is_refused_before_it_is_read(deployment, gateway, topic, name):
    deployment.define(document(name, {"orders": into_topic(topic)}))
    assert taken(f"{gateway.url}/{name}/post", b"small").status_code == 200
    before = gateway.resident_bytes()
    announced = (f"POST /{name}/post HTTP/1.1", f"Content-Length: {GIGABYTE}")
    untold = (f"POST /{name}/post HTTP/1.1", "Transfer-Encoding: chunked")
    for head in (announced, untold):
        with connected(gateway, *head) as sender:
            with contextlib.suppress(OSError):
                for _ in range(GIGABYTE // len(CHUNK)):
                    frame = CHUNK if head is announced else b"%x\r\n%b\r\n" % (len(CHUNK), CHUNK)
                    sender.sendall(frame)
            answer = sender.recv(1 << 16)
        assert answer.startswith(b"HTTP/1.1 413 ")
    assert gateway.resident_bytes() - before < GROWTH_BYTES


def test_slow_senders_hold_nobody_up(deployment, gateway, topic, name, bootstrap):
    deployment.define(document(name, {"orders": into_topic(topic)}))
    with contextlib.ExitStack() as slow:
        head = (f"POST /{name}/post HTTP/1.1", "Content-Length: 1000")
        senders = [slow.enter_context(connected(gateway, *head)) for _ in range(SLOW_SENDERS)]
        for sender in senders:
            sender.sendall(b"x")
        answers = [taken(f"{gateway.url}/{name}/post", b"%d" % n) for n in range(5)]
        assert [answer.status_code for answer in answers] == [200] * 5
        assert [value for value, _ in kept(bootstrap, topic, 5)] == [b"%d" % n for n in range(5)]


def test_what_a_caller_sends_becomes_no_header_of_its_own(deployment, gateway, topic, name, bootstrap):
    echo = into_topic(
        topic,
        {"sync_response": {}},
        sync_response={"headers": {"X-Name": '${! meta("name") }', "Content-Type": "text/plain"}},
    )
    deployment.define(document(name, {"orders": echo}))
    url = f"{gateway.url}/{name}/post"
    secret = {"Authorization": "Bearer secret", "Cookie": "session=secret", "X-API-Key": "secret"}
    answer = taken(f"{url}?name=a%0d%0aX-Forged:%201", b"one", headers=secret)
    assert "X-Forged" not in answer.headers
    assert b"X-Forged: 1" not in answer.content
    fine = taken(f"{url}?name=plain", b"two", headers={**secret, "X-Mine": "mine"})
    assert (fine.status_code, fine.headers.get("X-Name")) == (200, "plain")
    _, headers = kept(bootstrap, topic, 1)[-1]
    assert headers["X-Mine"] == b"mine"
    assert not [name for name, value in headers.items() if b"secret" in value]


def test_the_documented_example_gives_each_user_their_own(
    deployment, gateway, bootstrap, name, topic_factory
):
    """Tyk's end-to-end example (https://tyk.io/docs/api-management/streams-end-to-end-example/)."""
    jobs, completed = topic_factory(bootstrap), topic_factory(bootstrap)
    deployment.processes.start_worker("worker")
    deployment.define(document(name, example(jobs, completed)))
    url, users = f"{gateway.url}/{name}", ("alice", "bob")
    for user in users:
        pushed = taken(f"{url}/push-event?user={user}", json.dumps({"of": user}).encode())
        assert pushed.status_code == 200, pushed.text
        assert pushed.json()["user_id"] == user
    for user in users:
        answer = got(f"{url}/get-event?user={user}")
        assert (answer["of"], answer["result"]) == (user, "bar")
        nothing_more = requests.get(f"{url}/get-event?user={user}", timeout=60)
        assert nothing_more.status_code == 408


def got(url: str) -> dict[str, object]:
    """The message that comes in the end."""
    answers: list[requests.Response] = []

    def ask() -> bool:
        answers.append(requests.get(url, timeout=60))
        return answers[-1].status_code == 200

    wait_until(ask, "a message")
    found: dict[str, object] = answers[-1].json()
    return found


def example(jobs: str, completed: str) -> dict[str, object]:
    identify = """
root = this
root.user_id = "$tyk_context.request_data_user"
root.job_id = uuid_v4()
"""
    mine = """
if this.user_id != "$tyk_context.request_data_user" {
  root = deleted()
}
"""
    broker = {"addresses": ["kafka"]}
    incoming = {
        "input": {"http_server": {"path": "/push-event", "ws_path": "/ws-out"}},
        "pipeline": {"processors": [{"mapping": identify}]},
        "output": {"broker": {"outputs": [{"kafka": {**broker, "topic": jobs}}, {"sync_response": {}}]}},
    }
    worker = {
        "input": {"kafka": {**broker, "topics": [jobs], "consumer_group": f"worker-{jobs}"}},
        "pipeline": {"processors": [{"mapping": 'root = this.merge({"result": "bar"})'}]},
        "output": {"kafka": {**broker, "topic": completed}},
    }
    own = {"topics": [completed], "consumer_group": "$tyk_context.request_data_user"}
    outgoing = {
        "input": {"kafka": {**broker, **own}},
        "pipeline": {"processors": [{"mapping": mine}]},
        "output": {"http_server": {"path": "/get-event", "ws_path": "/ws-in"}},
    }
    return {"in": incoming, "Worker": worker, "out": outgoing}
