"""Which servers the URLs of a definition name."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.connections import Connections, ConnectionSettings
from streams.errors import ConfigError, UnknownConnectionError
from streams.servers import Scheme, find_servers, topic_refusal

SCHEME = Scheme("amqp", {"amqp": 5672, "amqps": 5671}, frozenset({"amqps"}))
MAIN = ConnectionSettings(
    ("a.example.com:5673", "b.example.com"),
    tls=True,
    username="sluice",
    password="secret",
    allowed_topics=("orders.*",),
    name="main",
    kind="amqp",
)
OTHER = ConnectionSettings(("c.example.com:5672",), name="other", kind="mqtt")
KNOWN = Connections((MAIN, OTHER))
ANYBODY = Connections(raw_addresses=True)


def shown(servers):
    return [(one.host, one.port, one.tls, one.username, one.password, one.path) for one in servers]


@pytest.mark.parametrize("url", ["main", "amqps://main", "amqp://ignored:too@main/"])
def test_a_connection_by_its_name(url):
    servers = find_servers([url], SCHEME, KNOWN)
    assert shown(servers) == [
        ("a.example.com", 5673, True, "sluice", "secret", ""),
        ("b.example.com", 5671, True, "sluice", "secret", ""),
    ]
    assert servers[0].connection is MAIN
    assert "secret" not in repr(servers)


def test_a_connection_by_one_of_its_addresses_with_what_the_url_says_besides():
    [server] = find_servers(["amqp://A.example.com:5673/host%2Fone?x=y"], SCHEME, KNOWN)
    assert (server.connection, server.path, server.query, server.tls) == (MAIN, "host/one", "x=y", True)


@pytest.mark.parametrize(
    "url", ["other", "amqp://c.example.com", "amqp://d.example.com", "amqp://a.example.com"]
)
def test_no_other_server_unless_the_operator_lets_them(url):
    with pytest.raises(UnknownConnectionError, match="there are: main"):
        find_servers([url], SCHEME, KNOWN)


def test_addresses_of_anybodys_own_are_the_guards_to_judge():
    texts = ["amqp://u:p%40@one.example.com/v, two.example.com:99", "amqps://[2001:db8::1]"]
    servers = find_servers(texts, SCHEME, ANYBODY)
    assert shown(servers) == [
        ("one.example.com", 5672, False, "u", "p@", "v"),
        ("two.example.com", 99, False, "", "", ""),
        ("2001:db8::1", 5671, True, "", "", ""),
    ]
    assert all(server.connection is None for server in servers)


@pytest.mark.parametrize(
    "url", ["", " , ", "http://a", "amqp://", "amqp://a:port", "amqp://0x7f.1", "amqp://a b"]
)
def test_what_is_no_url_is_refused(url):
    with pytest.raises(ConfigError):
        find_servers([url], SCHEME, ANYBODY)


@given(st.text(max_size=40))
def test_any_text_names_servers_or_is_refused(text):
    with suppress(ConfigError):
        assert find_servers([text], SCHEME, ANYBODY)


def test_a_connection_lets_its_topics_through():
    servers = find_servers(["main"], SCHEME, KNOWN)
    assert topic_refusal(servers, "orders.new") == ""
    assert "does not allow" in topic_refusal(servers, "customers")
    assert topic_refusal(find_servers(["amqp://a"], SCHEME, ANYBODY), "customers") == ""
