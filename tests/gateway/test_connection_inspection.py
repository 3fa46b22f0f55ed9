"""A look behind a connection, and refusals that say what is missing."""

import pytest

from gateway import connection_inspection
from gateway.connection_inspection import inspect_cluster, inspect_topic
from gateway.connections import create_connection
from tests.changes import actor_in, refused
from tests.factories import ConnectionFactory, OrganizationFactory
from tests.parts import kafka
from tests.streams.kafka.reading import produce

pytestmark = pytest.mark.django_db


def test_topics_and_their_last_records_are_seen_through_a_connection(tansu_bootstrap, topic_factory):
    topic = topic_factory(tansu_bootstrap)
    produce(tansu_bootstrap, topic, [b"first", b"last"])
    connection = ConnectionFactory(addresses=[tansu_bootstrap], allowed_topics=[topic])
    assert [found.name for found in inspect_cluster(connection).topics] == [topic]
    assert [record.value for record in inspect_topic(connection, topic).records] == [b"last", b"first"]
    with refused("topic"):
        inspect_topic(connection, "another")


@pytest.mark.kafka
def test_the_connections_own_password_opens_it(kafka_server):
    operator = actor_in(OrganizationFactory())
    values = {"addresses": [kafka_server.guarded_servers], "sasl_mechanism": "PLAIN", "username": kafka.USER}
    known = create_connection(operator, name="known", password=kafka.PASSWORD, **values)
    assert inspect_cluster(known).brokers == (kafka_server.guarded_servers,)
    unknown = create_connection(operator, name="unknown", password="guessed", **values)
    with refused("credentials"):
        inspect_cluster(unknown)


def test_a_password_that_no_key_opens_is_said():
    connection = ConnectionFactory(password=b"\1garbage")
    with refused("credentials"):
        inspect_cluster(connection)


def test_what_is_not_kafka_is_not_looked_at():
    with refused("not_kafka"):
        inspect_cluster(ConnectionFactory(kind="nats"))


def test_only_so_many_look_at_a_time(monkeypatch):
    connection = ConnectionFactory()
    monkeypatch.setattr(connection_inspection, "view_cluster", lambda settings: inspect_cluster(connection))
    with refused("busy"):
        inspect_cluster(connection)
