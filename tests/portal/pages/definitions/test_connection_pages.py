"""Connections are tested, and their topics looked at, on a real broker."""

import json

import pytest
from confluent_kafka import Producer

from gateway.models import Connection
from portal.embedded import ports
from tests import factories
from tests.portal.pages.definitions.test_definition_pages import text
from tests.streams.kafka.reading import DEADLINE, produce


@pytest.fixture
def broker(publisher, tansu_bootstrap):
    connection = Connection.objects.get(name="kafka")
    connection.addresses, connection.allowed_topics = [tansu_bootstrap], ["test-*", "parcels"]
    connection.save()
    return tansu_bootstrap


def test_a_test_lists_topics_and_a_topic_its_last_records(publisher, broker, topic_factory):
    topic = topic_factory(broker, partitions=2)
    produce(broker, topic, [json.dumps({"order": number}).encode() for number in range(12)])
    assert "kafka" in text(publisher.get("/connections"))
    assert "hx-get" in text(publisher.get("/connections/kafka"))
    for headers in ({}, {"HX-Request": "true"}):
        page = text(publisher.get("/connections/kafka/test", headers=headers))
        assert "It works" in page
        assert "/connections/kafka/topics/parcels" in page
        assert f"/connections/kafka/topics/{topic}" in page
        assert ("<html" in page) != bool(headers)
    page = text(publisher.get(f"/connections/kafka/topics/{topic}"))
    assert page.count("<summary>") == 10
    assert "&quot;order&quot;: 11" in page
    assert "&quot;order&quot;: 1\n" not in page
    assert f"connection=kafka&amp;topic={topic}" in page


def test_records_of_any_bytes_are_shown_as_text_and_cut(publisher, broker, topic_factory):
    topic = topic_factory(broker)
    producer = Producer({"bootstrap.servers": broker})
    for value in (b"<script>alert(1)</script>", b"\x00\xff", None, b"", b"x" * 100_000):
        producer.produce(topic, value, key=b"<b>", headers={"trace": b"<i>"})
    producer.flush(DEADLINE)
    page = text(publisher.get(f"/connections/kafka/topics/{topic}"))
    for markup in ("<script>alert", "<b>", "<i>"):
        assert markup not in page
    assert "00 ff" in page
    assert "tombstone" in page
    assert "of 100000 bytes" in page


@pytest.mark.parametrize(
    ("topic", "said"),
    [("payments", "does not allow"), ("test-nowhere", "no such topic"), ("sluice.x", "reserved")],
)
def test_a_topic_that_cannot_be_read_says_why_and_what_to_do(publisher, broker, topic, said):
    page = text(publisher.get(f"/connections/kafka/topics/{topic}"))
    assert said in page
    assert "What to do:" in page


def test_brokers_that_are_away_are_told_with_a_remedy(publisher):
    Connection.objects.update(addresses=[f"127.0.0.1:{ports.free()}"])
    page = text(publisher.get("/connections/kafka/test"))
    assert "no broker answers" in page.lower()
    assert "What to do:" in page


def test_a_connection_of_others_is_not_there_and_its_password_nowhere(publisher, estate):
    others = factories.ConnectionFactory(name="theirs")
    others.organizations.set([estate.stranger.organization])
    for page in ("", "/test", "/topics/orders"):
        assert publisher.get(f"/connections/theirs{page}").status_code == 404
    assert "theirs" not in text(publisher.get("/connections"))


def test_an_installation_without_connections_says_who_sets_them_up(publisher, estate):
    Connection.objects.all().delete()
    assert "An operator of this installation sets them up" in text(publisher.get("/connections"))
    estate.actor.user.is_staff = True
    estate.actor.user.save()
    assert "/admin/gateway/connection/add/" in text(publisher.get("/connections"))
