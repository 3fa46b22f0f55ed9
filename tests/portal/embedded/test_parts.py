import psycopg
import pytest
import redis
from confluent_kafka import Consumer, Producer

from gateway.models import Organization


@pytest.mark.django_db
def test_the_orm_works_on_the_embedded_postgresql():
    Organization.objects.create(name="Acme", slug="acme")
    assert Organization.objects.count() == 1


def test_another_process_reaches_the_same_database_by_its_url(postgres_url):
    with psycopg.connect(postgres_url) as connection:
        assert connection.execute("SELECT to_regclass('gateway_organization') IS NOT NULL").fetchone() == (
            True,
        )


def test_valkey_answers_by_its_url_and_is_empty(valkey_url):
    with redis.Redis.from_url(valkey_url.replace("?db=0", "")) as client:
        assert client.dbsize() == 0
        client.set("a", "b")


def echo(bootstrap: str, topic: str) -> bytes | None:
    producer = Producer({"bootstrap.servers": bootstrap})
    producer.produce(topic, b"hello")
    assert producer.flush(30) == 0
    # Tansu lets the first member of a group wait for half of this.
    fast = {"session.timeout.ms": 6000, "fetch.wait.max.ms": 50}
    settings = {"bootstrap.servers": bootstrap, "group.id": topic, "auto.offset.reset": "earliest"}
    consumer = Consumer({**settings, **fast})
    consumer.subscribe([topic])
    message = consumer.poll(30)
    consumer.close()
    return message.value() if message else None


def test_tansu_carries_a_message(tansu_bootstrap, topic_factory):
    assert echo(tansu_bootstrap, topic_factory(tansu_bootstrap)) == b"hello"


@pytest.mark.kafka
@pytest.mark.slow
def test_apache_kafka_carries_a_message(kafka_bootstrap, topic_factory):
    assert echo(kafka_bootstrap, topic_factory(kafka_bootstrap, partitions=3)) == b"hello"
