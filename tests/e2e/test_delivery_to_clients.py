"""Who gets which message, over two gateway processes that serve real connections."""

import json
import uuid
from collections import defaultdict
from collections.abc import Iterator

import pytest
import requests
from confluent_kafka import Producer

from tests.e2e.listening import Listener, ServerEvent, listening
from tests.load.deployment import Deployment
from tests.load.documents import document, from_topic
from tests.load.waiting import wait_until
from tests.parts.topics import Topics

PARTITIONS = 4
FLUSH_SECONDS = 60.0

pytestmark = [pytest.mark.slow, pytest.mark.kafka, pytest.mark.timeout(300)]


class Topic:
    """A topic whose records say their partition and their number in it."""

    def __init__(self, bootstrap: str, name: str) -> None:
        self.name = name
        self.produced: list[tuple[int, int]] = []
        self._producer = Producer({"bootstrap.servers": bootstrap, "enable.idempotence": True})
        self._refused: list[object] = []

    def produce(self, count: int) -> None:
        """So many more records to each partition."""
        first = len(self.produced) // PARTITIONS
        for number in range(first, first + count):
            for partition in range(PARTITIONS):
                body = json.dumps([partition, number])
                self._producer.produce(self.name, body, partition=partition, on_delivery=self._reported)
                self.produced.append((partition, number))
        assert self._producer.flush(FLUSH_SECONDS) == 0
        assert self._refused == []

    def _reported(self, error: object, _message: object) -> None:
        if error is not None:
            self._refused.append(error)


@pytest.fixture
def topic(deployment: Deployment, topic_factory: Topics) -> Topic:
    bootstrap = deployment.processes.environment["KAFKA_BOOTSTRAP_SERVERS"]
    return Topic(bootstrap, topic_factory(bootstrap, partitions=PARTITIONS))


@pytest.fixture
def name() -> str:
    return f"stream-{uuid.uuid4().hex[:8]}"


def records(texts: Iterator[str] | list[str]) -> list[tuple[int, int]]:
    return [(found[0], found[1]) for found in map(json.loads, filter(None, texts))]


def of_events(events: list[ServerEvent]) -> list[tuple[int, int]]:
    return records([event.data for event in events])


def numbers_by_partition(got: list[tuple[int, int]]) -> dict[int, list[int]]:
    found: dict[int, list[int]] = defaultdict(list)
    for partition, number in got:
        found[partition].append(number)
    return dict(found)


def test_five_clients_of_two_gateways_get_each_message_once_in_sum(deployment, topic, name):
    deployment.define(document(name, {"orders": from_topic(topic.name)}))
    first, second = (f"{gateway.url}/{name}/sse" for gateway in deployment.gateways)
    with listening(first, first, first, second, second) as clients:
        topic.produce(100)

        def got() -> list[tuple[int, int]]:
            return [one for client in clients for one in records(list(client.lines))]

        wait_until(lambda: set(got()) >= set(topic.produced), "every message at somebody")
        assert sorted(got()) == sorted(topic.produced)
        assert all(client.lines for client in clients)


def test_who_asks_for_one_message_at_a_time_gets_them_all_from_either_gateway(deployment, topic, name):
    deployment.define(document(name, {"orders": from_topic(topic.name)}))
    topic.produce(3)
    got = []
    while len(got) < len(topic.produced):
        gateway = deployment.gateways[len(got) % 2]
        answer = requests.get(f"{gateway.url}/{name}/get", timeout=60)
        assert answer.status_code in {200, 408}, answer.text
        got += records([answer.text]) if answer.status_code == 200 else []
    assert sorted(got) == sorted(topic.produced)


def test_a_broadcast_gives_everyone_everything_in_order(deployment, topic, name):
    deployment.define(document(name, {"orders": from_topic(topic.name, delivery="broadcast")}))
    urls = [f"{gateway.url}/{name}/sse" for gateway in deployment.gateways]
    with listening(*urls, *urls, events=True) as clients:
        topic.produce(100)
        for client in clients:
            wait_until(lambda one=client: len(one.messages()) >= len(topic.produced), "everything")
            by_partition = numbers_by_partition(of_events(client.messages()))
            assert by_partition == {number: list(range(100)) for number in range(PARTITIONS)}


def test_who_comes_back_after_a_kill_misses_nothing_and_gets_nothing_again(deployment, topic, name):
    deployment.define(document(name, {"orders": from_topic(topic.name, delivery="broadcast")}))
    doomed = deployment.start_gateway()
    deployment.wait_until_served(f"/{name}/")
    with listening(f"{doomed.url}/{name}/sse", events=True) as (before,):
        topic.produce(50)
        wait_until(lambda: len(before.messages()) > 20, "some of it")
        deployment.kill(doomed)
        assert before.ended.wait(60)
    topic.produce(50)
    seen = before.messages()
    resumed = {"Last-Event-ID": next(event.id for event in reversed(seen) if event.id)}
    url = f"{deployment.gateways[0].url}/{name}/sse"
    with listening(url, headers=resumed, events=True) as (after,):
        wait_until(lambda: len(seen) + len(after.messages()) >= len(topic.produced), "the rest")
        topic.produce(1)
        wait_until(lambda: len(seen) + len(after.messages()) >= len(topic.produced), "what comes next")
        got = of_events([*seen, *after.messages()])
    assert numbers_by_partition(got) == {number: list(range(101)) for number in range(PARTITIONS)}
    assert all(event.name != "gap" for event in after.events())


@pytest.mark.parametrize("cursor", ["forged", "foreign"])
def test_a_cursor_that_is_not_of_this_stream_is_refused_or_said_to_be_no_good(
    deployment, topic, name, cursor
):
    """A browser sends `Last-Event-ID` by itself and would ask for ever: it is told of the gap instead."""
    paths = {"path": "", "stream_path": "/others", "ws_path": ""}
    others = from_topic(topic.name, delivery="broadcast", **paths)
    deployment.define(
        document(name, {"orders": from_topic(topic.name, delivery="broadcast"), "others": others})
    )
    url = f"{deployment.gateways[0].url}/{name}"
    with listening(f"{url}/others", events=True) as (other,):
        topic.produce(1)
        wait_until(lambda: any(event.id for event in other.messages()), "a cursor")
        foreign = other.messages()[0].id
    forged = foreign[:-4] + ("AAAA" if not foreign.endswith("AAAA") else "BBBB")
    given = {"forged": forged, "foreign": foreign}[cursor]
    answer = requests.get(f"{url}/sse", params={"cursor": given}, timeout=60)
    assert (answer.status_code, answer.json()["code"]) == (400, "cursor_invalid")
    with listening(f"{url}/sse", headers={"Last-Event-ID": given}, events=True) as (client,):
        wait_until(lambda: [event.name for event in client.events()][:1] == ["gap"], "the gap")


def test_a_client_that_comes_and_goes_is_let_go_of(deployment, topic, name):
    """A gateway that kept streams of clients that left would still hand them messages, which then nobody has."""
    deployment.define(document(name, {"orders": from_topic(topic.name)}))
    url = f"{deployment.gateways[0].url}/{name}/sse"
    for _ in range(5):
        Listener(url).open().leave()
    with listening(url) as (client,):
        topic.produce(20)
        wait_until(lambda: len(records(list(client.lines))) >= len(topic.produced), "every message")
