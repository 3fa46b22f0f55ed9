"""Everybody gets everything, in order, and goes on where they were: under both servers, on a real broker."""

import itertools
import uuid

import pytest
import requests
from confluent_kafka import Producer

from tests.gateway.asgi_harness import DEADLINE, SERVERS, detail, gateway_process, wait_until
from tests.gateway.event_reader import read_events
from tests.gateway.shop import document, open_shop
from tests.parts.topics import Topics

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


@pytest.fixture(scope="module", params=SERVERS)
def gateway(request, gateway_environment):
    with gateway_process(gateway_environment, request.param, SLUICE_RAW_ADDRESSES="true") as running:
        yield running


@pytest.fixture(autouse=True)
def raw_addresses(settings):
    settings.RAW_ADDRESSES = True


def stream(bootstrap, topic, *processors, **output):
    kafka = {"addresses": [bootstrap], "topics": [topic], "consumer_group": uuid.uuid4().hex}
    paths = {"path": "/get", "stream_path": "/sse", "ws_path": "/ws"}
    return {
        "input": {"kafka": kafka},
        "pipeline": {"processors": list(processors)},
        "output": {"http_server": {**paths, **output}},
    }


class Stall:
    """A stream of a topic in a shop, and a key to it."""

    def __init__(self, gateway, bootstrap, topic, *processors, **output):
        self.gateway, self.bootstrap, self.topic = gateway, bootstrap, topic
        self.shop = open_shop(document({"events": stream(bootstrap, topic, *processors, **output)}))
        self.app = self.shop.app()
        self.key = self.shop.key(self.app)
        wait_until(lambda: self.get("/shop/nothing").status_code == 404, "the shop does not open")

    def get(self, path, **headers):
        return self.gateway.request("GET", path, headers={"Authorization": self.key, **headers})

    def read(self, query="", **headers):
        return read_events(self.gateway, f"/shop/sse{query}", Authorization=self.key, **headers)

    def produce(self, contents, partition=0):
        producer = Producer({"bootstrap.servers": self.bootstrap})
        for content in contents:
            producer.produce(self.topic, content, partition=partition)
        assert producer.flush(DEADLINE) == 0


def numbers(start, end):
    return [f"{n:04d}" for n in range(start, end)]


def stall_of(gateway, bootstrap, *processors, partitions=1, **output):
    # Not deleted: a client of Tansu 0.6 does not survive that, and it forgets everything with this session.
    return Stall(gateway, bootstrap, Topics()(bootstrap, partitions=partitions), *processors, **output)


def test_every_client_gets_everything_in_the_order_of_its_partition(gateway, tansu_bootstrap):
    stall = stall_of(gateway, tansu_bootstrap, partitions=3)
    stall.produce(["before anybody came"])
    readers = [stall.read() for _ in range(5)]
    for partition in range(3):
        stall.produce([f"{partition}/{number}" for number in numbers(0, 300)], partition)
    for reader in readers:
        wait_until(lambda reader=reader: len(reader.messages) >= 900)
        for partition in range(3):
            mine = [one.partition("/")[2] for one in reader.messages if one.startswith(f"{partition}/")]
            assert mine == numbers(0, 300)
        assert len(reader.messages) == 900
        reader.close()


def test_who_comes_back_goes_on_behind_the_last_event(gateway, tansu_bootstrap):
    stall = stall_of(gateway, tansu_bootstrap, partitions=2)
    first = stall.read()
    for partition in range(2):
        stall.produce([f"{partition}/{number}" for number in numbers(0, 50)], partition)
    wait_until(lambda: len(first.messages) >= 30)
    first.close()
    seen = list(first.got)
    stall.produce([f"0/{number}" for number in numbers(50, 80)])
    for at in (0, len(seen) // 2, len(seen) - 1):
        until = seen[: at + 1]
        again = stall.read(**{"Last-Event-ID": until[-1].id})
        union = [one.data for one in until]
        wait_until(lambda again=again, union=union: len(union) + len(again.messages) >= 130)
        everything = union + again.messages
        assert len(everything) == len(set(everything)) == 130
        for partition, end in ((0, 80), (1, 50)):
            mine = [one.partition("/")[2] for one in everything if one.startswith(f"{partition}/")]
            assert mine == numbers(0, end)
        again.close()


def test_a_gateway_killed_and_started_anew_takes_the_same_cursors(gateway_environment, tansu_bootstrap):
    with gateway_process(gateway_environment, SLUICE_RAW_ADDRESSES="true") as one:
        stall = stall_of(one, tansu_bootstrap)
        reader = stall.read()
        stall.produce(numbers(0, 100))
        wait_until(lambda: len(reader.messages) >= 50)
        one.child.kill()
        assert reader.ended.wait(DEADLINE)
    stall.produce(numbers(100, 150))
    with gateway_process(gateway_environment, SLUICE_RAW_ADDRESSES="true") as other:
        stall.gateway = other
        wait_until(lambda: stall.get("/shop/nothing").status_code == 404)
        again = stall.read(f"?cursor={reader.last_id}")
        wait_until(lambda: len(reader.messages) + len(again.messages) >= 150)
        assert reader.messages + again.messages == numbers(0, 150)


def test_one_may_begin_at_the_oldest_record(gateway, tansu_bootstrap):
    stall = stall_of(gateway, tansu_bootstrap)
    stall.produce(numbers(0, 700))
    reader = stall.read("?start=earliest")
    wait_until(lambda: len(reader.messages) >= 700)
    stall.produce(numbers(700, 710))
    wait_until(lambda: len(reader.messages) >= 710)
    assert reader.messages == numbers(0, 710)
    assert reader.notices == {}


def test_processors_run_and_what_they_leave_out_is_behind_too(gateway, tansu_bootstrap):
    keep = {
        "mapping": 'root = if content().string().number() % 10 == 0 { {"n": content().string()} } else { deleted() }'
    }
    stall = stall_of(gateway, tansu_bootstrap, keep)
    reader = stall.read()
    stall.produce(numbers(0, 96))
    wait_until(lambda: len(reader.messages) >= 10 and reader.got[-1].data is None)
    assert reader.messages == [f'{{"n":"{number}"}}' for number in numbers(0, 96)[::10]]
    again = stall.read(**{"Last-Event-ID": reader.last_id})
    stall.produce(["0100"])
    wait_until(lambda: again.messages)
    assert again.messages == ['{"n":"0100"}']


def test_content_of_several_lines_arrives_whole(gateway, tansu_bootstrap):
    stall = stall_of(gateway, tansu_bootstrap)
    reader = stall.read()
    stall.produce(["one\ntwo\n\nthree", "id: forged\nevent: close"])
    wait_until(lambda: len(reader.messages) == 2)
    assert reader.messages == ["one\ntwo\n\nthree", "id: forged\nevent: close"]
    assert "forged" not in reader.last_id


@pytest.mark.parametrize("cursor", ["nonsense", "AAAA", "%00", "x" * 500])
def test_a_forged_cursor_is_refused(gateway, tansu_bootstrap, cursor):
    stall = stall_of(gateway, tansu_bootstrap)
    assert detail(stall.get(f"/shop/sse?cursor={cursor}")) == (400, "cursor_invalid")
    browser = stall.read(**{"Last-Event-ID": cursor})
    stall.produce(["hello"])
    wait_until(lambda: browser.messages)
    assert (browser.messages, list(browser.notices)) == (["hello"], ["gap"])


def test_another_streams_cursor_is_refused(gateway, tansu_bootstrap):
    other = stall_of(gateway, tansu_bootstrap)
    reader = other.read()
    other.produce(["one"])
    wait_until(lambda: reader.messages)
    cursor = reader.last_id
    streams = {"elsewhere": stream(tansu_bootstrap, Topics()(tansu_bootstrap))}
    other.shop.replace(document(streams))
    wait_until(lambda: detail(other.get(f"/shop/sse?cursor={cursor}")) == (400, "cursor_invalid"))


def test_lines_for_who_does_not_ask_for_events(gateway, tansu_bootstrap):
    stall = stall_of(gateway, tansu_bootstrap)
    with requests.get(
        gateway.url("/shop/sse"), headers={"Authorization": stall.key}, stream=True, timeout=DEADLINE
    ) as answer:
        stall.produce(["one", "two"])
        assert list(itertools.islice(answer.iter_lines(chunk_size=1), 2)) == [b"one", b"two"]


def test_a_websocket_brings_a_frame_a_message_and_cursors_to_who_asks(gateway, tansu_bootstrap):
    stall = stall_of(gateway, tansu_bootstrap, ws_message_type="text")
    with gateway.websocket("/shop/ws", {"Authorization": stall.key}) as plain:
        stall.produce(["one", "two"])
        assert [plain.recv(DEADLINE), plain.recv(DEADLINE)] == ["one", "two"]


def metric(gateway, name):
    lines = gateway.request("GET", "/metrics").text.splitlines()
    return next((float(line.rpartition(" ")[2]) for line in lines if line.startswith(name + " ")), None)


def test_who_leaves_a_stream_is_noticed(gateway, tansu_bootstrap):
    stall = stall_of(gateway, tansu_bootstrap)
    before = metric(gateway, "sluice_gateway_streams_open")
    opened = stall.read()
    wait_until(lambda: metric(gateway, "sluice_gateway_streams_open") == before + 1)
    opened.close()
    wait_until(lambda: metric(gateway, "sluice_gateway_streams_open") == before)


def test_who_leaves_a_websocket_is_noticed(gateway, tansu_bootstrap):
    stall = stall_of(gateway, tansu_bootstrap)
    before = metric(gateway, "sluice_gateway_streams_open")
    with gateway.websocket("/shop/ws", {"Authorization": stall.key}):
        wait_until(lambda: metric(gateway, "sluice_gateway_streams_open") == before + 1)
    wait_until(lambda: metric(gateway, "sluice_gateway_streams_open") == before)


def test_a_changed_stream_tells_its_clients_to_come_back(gateway, tansu_bootstrap):
    stall = stall_of(gateway, tansu_bootstrap)
    reader = stall.read()
    stall.shop.replace(
        document({"events": stream(tansu_bootstrap, stall.topic, {"mapping": 'root = "changed"'})})
    )
    assert reader.ended.wait(DEADLINE)
    assert reader.notices == {"close": '{"reason": "definition_changed"}'}


def test_a_drained_process_says_why(gateway_environment, tansu_bootstrap):
    with gateway_process(gateway_environment, SLUICE_RAW_ADDRESSES="true") as ending:
        stall = stall_of(ending, tansu_bootstrap)
        reader = stall.read()
        with ending.websocket("/shop/ws", {"Authorization": stall.key}) as socket_:
            ending.child.stop()
            assert reader.ended.wait(DEADLINE)
            assert reader.notices == {"close": '{"reason": "shutdown"}'}
            with pytest.raises(Exception, match="1012"):
                socket_.recv(DEADLINE)
