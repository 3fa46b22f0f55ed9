"""A look at a cluster and its topics, on real brokers; and what is said of those that cannot be looked at."""

import asyncio
import datetime as dt
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from confluent_kafka import Producer
from confluent_kafka.admin import (
    AclBinding,
    AclOperation,
    AclPermissionType,
    AdminClient,
    ResourcePatternType,
    ResourceType,
)
from hypothesis import given
from hypothesis import strategies as st

from portal.embedded import ports
from streams.connections import ConnectionSettings
from streams.kafka.diagnosis import Complaint, InspectionError, Missing, diagnosed
from streams.kafka.inspection import MOST_BYTES, read_last, view_cluster, view_topic
from tests.parts import kafka
from tests.streams.kafka.reading import DEADLINE, produce
from tests.webhooks.authority import Authority


@pytest.fixture(params=[pytest.param("kafka_bootstrap", marks=pytest.mark.kafka), "tansu_bootstrap"])
def bootstrap(request):
    return request.getfixturevalue(request.param)


def at(*addresses, **more):
    return ConnectionSettings(addresses, name="main", **more)


def groups(bootstrap):
    client = AdminClient({"bootstrap.servers": bootstrap})
    return {group.group_id for group in client.list_consumer_groups().result(DEADLINE).valid}


def test_a_cluster_shows_the_topics_that_the_connection_allows(bootstrap, topic_factory):
    shown = topic_factory(bootstrap, partitions=3)
    hidden = topic_factory(bootstrap)
    for topic in (shown, hidden):
        produce(bootstrap, topic, [b"a broker may not know of a new topic at once"])
    view = view_cluster(at(bootstrap, allowed_topics=(f"{shown[:-1]}*", "test-there-is-none", shown)))
    assert view.unseen == ("test-there-is-none",)
    assert [(topic.name, topic.partitions) for topic in view.topics] == [(shown, 3)]
    assert len(view.brokers) == 1
    assert hidden in {topic.name for topic in view_cluster(at(bootstrap)).topics}


def test_the_last_records_of_all_partitions_are_shown_newest_first_and_no_group_is_joined(
    bootstrap, topic_factory
):
    topic = topic_factory(bootstrap, partitions=2)
    before = groups(bootstrap)
    produce(bootstrap, topic, [b"%03d" % number for number in range(50)])
    view = view_topic(at(bootstrap), topic, 10)
    assert view.is_whole
    assert view.topic.partitions == 2
    assert len(view.records) == 10
    moments = [record.at for record in view.records if record.at]
    assert moments == sorted(moments, reverse=True)
    for partition in {record.partition for record in view.records}:
        offsets = [record.offset for record in view.records if record.partition == partition]
        assert offsets == sorted(offsets, reverse=True)
    newest = view.records[0]
    assert (newest.key, newest.headers) == (newest.value, (("from", b"test"),))
    assert groups(bootstrap) == before


def test_the_last_records_are_read_as_a_stream_reads_them_and_no_group_is_joined(bootstrap, topic_factory):
    topic = topic_factory(bootstrap, partitions=2)
    before = groups(bootstrap)
    produce(bootstrap, topic, [b"%03d" % number for number in range(50)])
    last = read_last(at(bootstrap), topic, 5, most_bytes=1000)
    assert (last.is_whole, last.is_cut, len(last.messages)) == (True, False, 5)
    moments = [message.source.timestamp_ms for message in last.messages]
    assert moments == sorted(moments)
    newest = last.messages[-1]
    assert newest.metadata["kafka_key"] == newest.content.decode()
    assert (newest.metadata["kafka_topic"], newest.metadata["from"]) == (topic, "test")
    assert newest.metadata["kafka_lag"] == 0
    assert groups(bootstrap) == before


def test_of_records_that_are_too_large_together_the_newest_are_read(bootstrap, topic_factory):
    topic = topic_factory(bootstrap)
    produce(bootstrap, topic, [b"%d" % number * 100 for number in range(5)])
    last = read_last(at(bootstrap), topic, 5, most_bytes=250)
    assert [message.content[:1] for message in last.messages] == [b"3", b"4"]
    assert last.is_cut
    assert len(read_last(at(bootstrap), topic, 5, most_bytes=1).messages) == 1
    with pytest.raises(InspectionError, match="does not allow"):
        read_last(at(bootstrap, allowed_topics=("other",)), topic, 5, most_bytes=1)


def test_an_empty_topic_is_whole_and_a_large_record_is_cut(bootstrap, topic_factory):
    empty, large = topic_factory(bootstrap), topic_factory(bootstrap)
    assert view_topic(at(bootstrap), empty).records == ()
    producer = Producer({"bootstrap.servers": bootstrap})
    producer.produce(large, b"x" * 300_000)
    producer.produce(large, None, key=b"gone")
    producer.flush(DEADLINE)
    view = view_topic(at(bootstrap), large)
    assert view.is_whole
    sizes = [(record.size, len(record.value or b"")) for record in view.records]
    assert sorted(sizes) == [(0, 0), (300_000, MOST_BYTES)]


def missing(call):
    with pytest.raises(InspectionError) as caught:
        call()
    assert caught.value.remedy
    return caught.value.missing, str(caught.value)


@pytest.mark.parametrize("topic", ["test-there-is-none", "sluice.internal", "payments"])
def test_a_topic_that_is_not_there_or_not_allowed_is_told_apart(bootstrap, topic):
    settings = at(bootstrap, allowed_topics=("test-*",))
    lacks, said = missing(lambda: view_topic(settings, topic))
    assert lacks is Missing.TOPIC
    words = {
        "test-there-is-none": "no such topic",
        "sluice.internal": "reserved",
        "payments": "does not allow",
    }
    assert words[topic] in said


def all_missing(*connections):
    """What several connections lack, looked at together: each that fails takes a second."""
    with ThreadPoolExecutor(len(connections)) as threads:
        return list(threads.map(lambda one: missing(lambda: view_cluster(one)), connections))


def test_brokers_that_are_away_or_nowhere_are_told_apart():
    away, nowhere = all_missing(at(f"127.0.0.1:{ports.free()}"), at("nowhere.invalid:9092"))
    assert away[0] is Missing.BROKER
    assert nowhere[0] is Missing.ADDRESS
    assert "nowhere.invalid" in nowhere[1]


@pytest.mark.kafka
def test_credentials_are_told_apart(kafka_server):
    guarded = kafka_server.guarded_servers
    good = {"sasl_mechanism": "PLAIN", "username": kafka.USER, "password": kafka.PASSWORD}
    assert view_cluster(at(guarded, **good)).brokers == (guarded,)
    password, mechanism, none_taken, none_given = all_missing(
        at(guarded, **good | {"password": "guessed"}),
        at(guarded, **good | {"sasl_mechanism": "SCRAM-SHA-256"}),
        at(kafka_server.bootstrap_servers, **good),
        at(guarded),
    )
    assert [one[0] for one in (password, mechanism, none_taken)] == [Missing.CREDENTIALS] * 3
    assert "guessed" not in password[1]
    assert "PLAIN" in mechanism[1]
    assert "hang up" in none_given[1]


@pytest.mark.kafka
def test_a_topic_that_the_brokers_do_not_let_one_read_is_told(kafka_server, topic_factory):
    topic = topic_factory(kafka_server.bootstrap_servers)
    produce(kafka_server.bootstrap_servers, topic, [b"secret"])
    somebody = at(
        kafka_server.guarded_servers,
        sasl_mechanism="PLAIN",
        username=kafka.USER,
        password=kafka.PASSWORD,
    )
    assert len(view_topic(somebody, topic).records) == 1
    forbid_reading(kafka_server.bootstrap_servers, topic)
    lacks, said = missing(lambda: view_topic(somebody, topic))
    assert (lacks, "READ" in said) == (Missing.AUTHORIZATION, False)


def forbid_reading(bootstrap, topic):
    rule = AclBinding(
        ResourceType.TOPIC,
        topic,
        ResourcePatternType.LITERAL,
        f"User:{kafka.USER}",
        "*",
        AclOperation.READ,
        AclPermissionType.DENY,
    )
    client = AdminClient({"bootstrap.servers": bootstrap})
    for done in client.create_acls([rule]).values():
        done.result(DEADLINE)


@pytest.mark.kafka
def test_tls_is_told_apart_and_a_private_authority_is_trusted(kafka_server, tmp_path):
    encrypted = kafka_server.encrypted_servers
    trusting = {"tls": True, "ca_certificate": kafka_server.authority.read_text()}
    assert view_cluster(at(encrypted, **trusting)).brokers == (encrypted,)
    with out_of_date(tmp_path) as (port, authority):
        unknown, renamed, expired, plain, broken = all_missing(
            at(encrypted, tls=True),
            at(encrypted.replace("localhost", "127.0.0.1"), **trusting),
            at(f"localhost:{port}", tls=True, ca_certificate=authority),
            at(encrypted),
            at(encrypted, tls=True, ca_certificate="no certificate"),
        )
    assert broken[0] is Missing.TLS
    assert [one[0] for one in (unknown, renamed, expired)] == [Missing.CERTIFICATE] * 3
    assert "not trusted" in unknown[1]
    assert "another name" in renamed[1]
    assert "does not hold at this time" in expired[1]
    assert "hang up" in plain[1]


@pytest.mark.kafka
def test_brokers_without_tls_are_told(kafka_bootstrap):
    lacks, said = missing(lambda: view_cluster(at(kafka_bootstrap, tls=True)))
    assert (lacks, "do not speak TLS" in said) == (Missing.TLS, True)


@contextmanager
def out_of_date(directory):
    """The port of a server with a certificate that has expired, and who signed that."""
    authority, port = Authority(directory), ports.free()
    context = authority.server_context("localhost", expires=dt.datetime.now(dt.UTC) - dt.timedelta(days=1))
    loop = asyncio.new_event_loop()
    server = loop.run_until_complete(
        asyncio.start_server(lambda reader, writer: writer.close(), "127.0.0.1", port, ssl=context)
    )
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield port, authority.path.read_text()
    finally:
        loop.call_soon_threadsafe(server.close)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(DEADLINE)
        loop.close()


@given(st.lists(st.builds(Complaint, st.sampled_from(["_TRANSPORT", "_SSL", "_RESOLVE", "?"]), st.text())))
def test_whatever_a_client_complains_of_has_a_reason_and_a_remedy(complaints):
    found = diagnosed(complaints)
    assert found.remedy
    assert found.missing in Missing
