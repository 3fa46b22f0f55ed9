"""Parts that a URL names are used, not started; one that is not there is one line with the variable's name."""

import io

import pytest

from portal.embedded import parts, ports
from portal.embedded.children import Children
from portal.embedded.errors import EmbeddedError
from portal.embedded.logs import Log


@pytest.fixture
def children():
    return Children(Log(out=io.StringIO()))


@pytest.fixture
def given(postgres_url, valkey_url, tansu_bootstrap):
    return {
        "DATABASE_URL": postgres_url,
        "VALKEY_URL": valkey_url,
        "KAFKA_BOOTSTRAP_SERVERS": tansu_bootstrap,
    }


def start(children, tmp_path, environment):
    return parts.start(children, tmp_path, ports.free(), environment)


def test_parts_that_are_named_are_used_and_none_is_started(children, given, tmp_path):
    running = start(children, tmp_path, given)
    assert running.environment == given
    assert not running.embedded_kafka
    assert children.running == []


def test_a_database_that_is_not_there_is_named(children, given, tmp_path):
    nowhere = f"postgres://sluice@127.0.0.1:{ports.free()}/sluice"
    with pytest.raises(EmbeddedError, match="DATABASE_URL: no PostgreSQL there: "):
        start(children, tmp_path, {**given, "DATABASE_URL": nowhere})


@pytest.mark.parametrize("url", ["redis://127.0.0.1:1/0", "nonsense"])
def test_a_valkey_that_is_not_there_is_named(children, given, tmp_path, url):
    with pytest.raises(EmbeddedError, match="VALKEY_URL: no Valkey there: "):
        start(children, tmp_path, {**given, "VALKEY_URL": url})


@pytest.mark.parametrize("address", ["127.0.0.1:1", "nonsense", "host:port"])
def test_a_broker_that_is_not_there_is_named(children, given, tmp_path, address):
    with pytest.raises(EmbeddedError, match=f"KAFKA_BOOTSTRAP_SERVERS: nothing listens at {address}"):
        start(children, tmp_path, {**given, "KAFKA_BOOTSTRAP_SERVERS": address})


def test_one_broker_of_several_is_enough(children, given, tmp_path):
    several = f"127.0.0.1:1, {given['KAFKA_BOOTSTRAP_SERVERS']}"
    assert (
        start(children, tmp_path, {**given, "KAFKA_BOOTSTRAP_SERVERS": several}).kafka_bootstrap_servers
        == several
    )
