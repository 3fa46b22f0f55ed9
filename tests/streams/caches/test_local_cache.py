"""The caches in memory: what is found, until when, and what goes first."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.caches import local
from streams.caches.cache import CacheError, KeyMissingError, KeyTakenError
from streams.caches.local import LocalCache


class Clock:
    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


async def test_what_is_set_is_found_until_its_time_is_over():
    clock = Clock()
    cache = LocalCache(ttl=10, clock=clock)
    await cache.set("a", b"1")
    await cache.set("b", b"2", 20)
    clock.now = 10
    with pytest.raises(KeyMissingError, match="key does not exist"):
        await cache.get("a")
    assert await cache.get("b") == b"2"


async def test_a_key_is_added_once_until_its_time_is_over():
    clock = Clock()
    cache = LocalCache(ttl=10, clock=clock)
    await cache.add("a", b"1")
    with pytest.raises(KeyTakenError, match="key already exists"):
        await cache.add("a", b"2")
    clock.now = 10
    await cache.add("a", b"3")
    assert await cache.get("a") == b"3"


async def test_deleting_what_is_not_there_is_no_error():
    cache = LocalCache()
    await cache.delete("a")
    await cache.set("a", b"1")
    await cache.delete("a")
    with pytest.raises(KeyMissingError):
        await cache.get("a")


async def test_the_entry_unused_for_longest_makes_room():
    cache = LocalCache(capacity=2, evicting=True)
    for key in ("a", "b"):
        await cache.set(key, b"")
    await cache.get("a")
    await cache.set("c", b"")
    assert await cache.get("a") == b""
    with pytest.raises(KeyMissingError):
        await cache.get("b")


async def test_a_full_cache_refuses_until_something_has_ended(monkeypatch):
    monkeypatch.setattr(local, "MAX_BYTES", 1000)
    clock = Clock()
    cache = LocalCache(ttl=10, clock=clock)
    await cache.set("a", b"x" * 600)
    with pytest.raises(CacheError, match="full"):
        await cache.set("b", b"x" * 600)
    with pytest.raises(CacheError, match="larger than"):
        await cache.set("b", b"x" * 1000)
    clock.now = 10
    await cache.set("b", b"x" * 600)
    await cache.set("b", b"x" * 700)


@given(st.lists(st.tuples(st.sampled_from("abcde"), st.booleans()), max_size=40), st.integers(1, 4))
async def test_it_holds_what_a_list_of_the_last_used_would(uses, capacity):
    cache = LocalCache(capacity=capacity, evicting=True)
    model = []
    for key, writing in uses:
        if writing:
            await cache.set(key, key.encode())
        found = key in model
        if writing or found:
            model = [*(one for one in model if one != key), key][-capacity:]
        if not writing and found:
            assert await cache.get(key) == key.encode()
        elif not writing:
            with pytest.raises(KeyMissingError):
                await cache.get(key)
