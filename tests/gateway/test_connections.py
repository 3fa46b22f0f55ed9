"""Connections: passwords that nobody reads, and organizations that may use them."""

import pytest

from gateway.connections import (
    allowed_connections,
    change_connection,
    create_connection,
    delete_connection,
    password_of,
    settings_of,
    usable_connections,
)
from gateway.errors import InputError
from gateway.models import Connection
from streams.errors import UnknownConnectionError
from streams.kafka.settings import connection_config
from tests.changes import actor_in, changes, texts
from tests.factories import ConnectionFactory, OrganizationFactory
from tests.webhooks.authority import Authority

pytestmark = pytest.mark.django_db


@pytest.fixture
def operator():
    return actor_in(OrganizationFactory())


def make(operator, **values):
    return create_connection(operator, name="kafka", addresses=["kafka.example.com:9092"], **values)


def test_a_password_is_kept_encrypted_and_never_in_the_audit(operator):
    with changes() as left:
        connection = make(operator, password="open sesame")
        change_connection(operator, connection, {"password": "closed barley", "tls": True})
    kept = Connection.objects.get()
    assert password_of(kept) == "closed barley"
    assert b"barley" not in bytes(kept.password)
    assert "sesame" not in texts(left.audit)
    assert "barley" not in texts(left.audit)
    [created, changed] = left.audit
    assert (created.verb, changed.verb) == ("connection.create", "connection.change")
    assert changed.changes == {"password": ["(not shown)", "(not shown)"], "tls": [False, True]}
    assert left.counted == 2


def test_a_password_is_taken_away_by_an_empty_one(operator):
    connection = make(operator, password="open sesame")
    change_connection(operator, connection, {"password": ""})
    assert password_of(Connection.objects.get()) == ""
    assert Connection.objects.get().password is None


@pytest.mark.parametrize("values", [{"addresses": []}, {"name": "no name"}, {"name": "taken"}])
def test_what_cannot_be_used_is_not_made(operator, values):
    ConnectionFactory(name="taken")
    with changes() as left, pytest.raises(InputError):
        create_connection(operator, **{"name": "kafka", "addresses": ["kafka.example.com:9092"], **values})
    assert (left.audit, left.counted, Connection.objects.count()) == ([], 0, 1)


def test_a_connection_is_for_everybody_or_for_the_chosen(operator):
    chosen, stranger = OrganizationFactory(), OrganizationFactory()
    connection = make(operator)
    assert [list(usable_connections(one)) for one in (chosen, stranger)] == [[connection]] * 2
    with changes() as left:
        change_connection(operator, connection, {"organizations": [chosen, OrganizationFactory()]})
    assert list(usable_connections(chosen)) == [connection]
    assert list(usable_connections(stranger)) == []
    assert [one.name for one in allowed_connections(chosen).known] == ["kafka"]
    assert allowed_connections(stranger).known == ()
    assert list(left.audit[0].changes) == ["organizations"]


def test_what_definitions_are_checked_by_holds_no_password(operator):
    make(operator, password="open sesame", username="sluice")
    [known] = allowed_connections(operator.organization).known
    assert known.username == "sluice"
    assert "sesame" not in repr(known)


def test_a_deleted_connection_is_announced(operator):
    connection = make(operator)
    with changes() as left:
        delete_connection(operator, connection)
    assert not Connection.objects.exists()
    assert (left.verbs, left.counted) == (["connection.delete"], 1)


def test_a_private_authority_reaches_the_client_of_the_brokers(operator, tmp_path):
    pem = Authority(tmp_path).path.read_text()
    connection = make(operator, tls=True, ca_certificate=pem)
    assert connection_config(settings_of(connection, ""), "tests")["ssl.ca.pem"] == pem
    change_connection(operator, connection, {"tls": False})
    assert "ssl.ca.pem" not in connection_config(settings_of(connection, ""), "tests")


@pytest.mark.parametrize(
    ("pem", "said"),
    [
        ("no certificate", "no certificate in PEM"),
        ("-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----", "no certificate in PEM"),
        ("ü", "no certificate in PEM"),
        ("-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----", "private key"),
    ],
)
def test_what_is_no_certificate_of_an_authority_is_refused_by_its_field(operator, pem, said):
    with pytest.raises(InputError) as caught:
        make(operator, ca_certificate=pem)
    [fault] = caught.value.faults
    assert fault.pointer == "/ca_certificate"
    assert said in fault.message


def test_a_connection_says_what_is_at_its_other_end(operator):
    make(operator)
    create_connection(operator, name="cache", kind="redis", addresses=["cache.example.com:6379"])
    connections = allowed_connections(operator.organization)
    assert [one.name for one in connections.of_kind("redis")] == ["cache"]
    assert connections.resolve(["kafka"]).kind == "kafka"
    with pytest.raises(UnknownConnectionError):
        connections.resolve(["cache"])
