"""The cache and the rate limit that processes have in common, on a real Valkey."""

import pytest

from portal.embedded import ports
from streams.caches.cache import CacheError, KeyMissingError, KeyTakenError
from streams.connections import ConnectionSettings
from streams.spec import Kind
from tests.streams.connecting import connections, resource, services
from tests.streams.making import findings


@pytest.fixture
async def offered():
    async with services() as made:
        yield made


def cache_of(server, offered, more=""):
    return resource(Kind.CACHE, f"redis: {{url: '{server.url}'{more}}}", offered)


async def test_what_one_process_keeps_another_finds(server, offered):
    one, other = (cache_of(server, offered, ", prefix: 'p:'") for _ in range(2))
    await one.set("key", b"\x00value")
    assert await other.get("key") == b"\x00value"
    assert server.keys() == [b"p:key"]
    with pytest.raises(KeyTakenError):
        await other.add("key", b"mine")
    await other.delete("key")
    with pytest.raises(KeyMissingError):
        await one.get("key")
    await one.add("key", b"new")
    assert await one.get("key") == b"new"
    await one.close()
    await other.close()


async def test_entries_end_when_they_are_told_to_and_else_when_the_cache_says(server, offered):
    cache = cache_of(server, offered, ", default_ttl: 100s")
    await cache.set("usual", b"")
    await cache.set("shorter", b"", 5.0)
    await cache.set("endless", b"", 0.0)
    assert 90 < server.ttl("usual") <= 100
    assert 0 < server.ttl("shorter") <= 5
    assert server.ttl("endless") == -1
    await cache.close()


async def test_a_server_that_is_away_is_asked_again_for_so_long_and_no_longer(offered):
    retries = "retries: {initial_interval: 1ms, max_interval: 2ms, max_elapsed_time: 5ms}"
    url = f"redis://127.0.0.1:{ports.free()}"
    cache = resource(Kind.CACHE, f"redis: {{url: '{url}', {retries}}}", offered)
    with pytest.raises(CacheError, match="does not answer"):
        await cache.get("key")


async def test_a_connection_says_which_keys_are_whose(server, offered, valkey_broker):
    allowed = ConnectionSettings(
        (f"127.0.0.1:{valkey_broker.port}",), name="main", kind="redis", allowed_topics=("orders:*",)
    )
    cache = resource(Kind.CACHE, "redis: {url: 'redis://main/0'}", {**offered, **connections(allowed)})
    await cache.set("orders:1", b"mine")
    with pytest.raises(CacheError, match="does not allow"):
        await cache.get("customers:1")
    await cache.close()


async def test_the_guard_decides_where_a_cache_may_be(server):
    async with services(allow=()) as offered:
        cache = cache_of(server, offered, ", retries: {max_elapsed_time: 0s}")
        with pytest.raises(CacheError, match="does not lead to an address that may be called"):
            await cache.get("key")


async def test_processes_share_the_goes_of_an_interval(server, offered):
    text = f"redis: {{url: '{server.url}', count: 3, interval: 1m, key: limit}}"
    one, other = (resource(Kind.RATE_LIMIT, text, offered) for _ in range(2))
    waits = [await limit.access(1) for limit in (one, other, one, other)]
    assert waits[:3] == [0, 0, 0]
    assert 50 < waits[3] <= 60
    server.delete("limit")  # the interval is over
    assert await other.access(1) == 0
    await one.close()
    await other.close()


async def test_nothing_goes_while_nobody_counts(offered):
    text = f"redis: {{url: 'redis://127.0.0.1:{ports.free()}', key: limit}}"
    assert await resource(Kind.RATE_LIMIT, text, offered).access(1) == 1.0


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("{url: 'http://a/0', key: k}", "bad_url"),
        ("{url: 'redis://a/zero', key: k}", "bad_url"),
        ("{url: 'redis://:secret@a/0', key: k}", "password_in_url"),
        ("{url: 'redis://a', key: k, count: 0}", "no_limit"),
        ("{url: 'redis://a', key: k, kind: cluster}", "field_refused"),
        ("{url: 'redis://a', key: k, tls: {enabled: true, skip_cert_verify: true}}", "field_refused"),
        ("{url: 'redis://a', key: k, tls: {enabled: true, root_cas: none}}", "bad_certificate"),
    ],
)
def test_what_cannot_be_used_is_said_when_it_is_written(body, code):
    text = (
        "input: {generate: {mapping: root = 1}}\noutput: {drop: {}}\n"
        f"rate_limit_resources: [{{label: one, redis: {body}}}]\n"
    )
    [found] = findings(text)
    assert found.code == code
    assert "secret" not in found.message
