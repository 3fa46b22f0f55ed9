"""Keys at work: processes die at any moment and others go on; nothing is lost, and nothing is found twice."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.caches.cache import CacheError
from streams.caches.local import LocalCache
from streams.correlation.clock import Patience
from streams.correlation.correlator import Correlator
from streams.correlation.event import Event
from streams.correlation.join import Join
from streams.correlation.key_state import KeyState, advanced, with_events
from streams.correlation.pattern import Pattern, Step
from streams.correlation.state import CacheState, StateError

LATENESS = 20
PATIENCE = Patience(LATENESS, 0)
DECIDERS = {
    "sequence": Pattern((Step("a", 0), Step("b", 1)), 60),
    "absence": Pattern((Step("a", 0), Step("b", 1, absent=True)), 40),
    "join": Join(25, frozenset({0, 1})),
}


class KilledError(Exception):
    """The process is no more."""


class MortalCache(LocalCache):
    """A cache that outlives processes, which die while they write to it."""

    def __init__(self):
        super().__init__()
        self.writes_left = None

    async def set(self, key, value, ttl=None):
        if self.writes_left == 0:
            raise KilledError
        if self.writes_left is not None:
            self.writes_left -= 1
        await super().set(key, value, ttl)


class Log:
    """What an input reads again until it is acknowledged, in batches; and who got which matches."""

    def __init__(self, arrivals):
        self.batches = arrivals
        self.done = 0
        self.now = 10**6
        self.delivered = []


async def live(log, decider, cache, chance):
    """One process: it reads where the one before was acknowledged, and dies by chance, or is done."""
    correlator = Correlator(decider, PATIENCE, CacheState(cache, "s"), lambda: log.now)
    await correlator.start()
    while log.done < len(log.batches):
        batch = log.batches[log.done]
        lanes = {"": max(event.time for _, event in batch)}
        await correlator.take(batch, lanes)
        if chance.random() < 0.1:
            raise KilledError
        log.done += 1
        while correlator.ready and chance.random() < 0.7:
            given = correlator.ready.popleft()
            if chance.random() < 0.1:
                raise KilledError
            log.delivered.append(given[1].identity)
            if chance.random() < 0.1:
                raise KilledError
            correlator.taken([given])
    await correlator.finish()
    cache.writes_left = None
    while correlator.ready:
        given = correlator.ready.popleft()
        log.delivered.append(given[1].identity)
        correlator.taken([given])
    await correlator.wait()


def expected(decider, events):
    latest = max(event.time for _, event in events)
    identities = set()
    for key in {key for key, _ in events}:
        state, _ = with_events(KeyState(), [event for of, event in events if of == key])
        identities |= {match.identity for match in advanced(key, state, decider, latest).fired}
    return identities


EVENTS = st.lists(
    st.tuples(st.sampled_from("klmnop"), st.integers(0, 300), st.integers(0, 1)),
    min_size=1,
    max_size=30,
    unique=True,
)


def arriving(events, chance):
    """In an order that is allowed, some twice, in batches."""
    arrivals = [(event.time + chance.uniform(0, LATENESS), key, event) for key, event in events]
    arrivals += [(at + 1, key, event) for at, key, event in arrivals if chance.random() < 0.2]
    left = [(key, event) for _, key, event in sorted(arrivals, key=lambda one: one[0])]
    batches = []
    while left:
        size = chance.randint(1, 5)
        batches.append(left[:size])
        left = left[size:]
    return batches


@pytest.mark.parametrize("name", DECIDERS)
def test_processes_may_die_at_any_moment(name):
    decider = DECIDERS[name]

    @settings(max_examples=80, deadline=None)
    @given(given_events=EVENTS, seed=st.integers(0, 10**6))
    def holds(given_events, seed):
        run_to_end(decider, given_events, seed)

    holds()


def run_to_end(decider, given_events, seed):
    chance = random.Random(seed)
    events = [(key, Event(time, f"{key}/{time}/{role}", (role,), None)) for key, time, role in given_events]
    log, cache = Log(arriving(events, chance)), MortalCache()
    for _ in range(1000):
        cache.writes_left = chance.randint(0, 30)
        try:
            finish(live(log, decider, cache, chance))
        except KilledError:
            continue
        break
    assert set(log.delivered) == expected(decider, events)
    # All was taken, so another process is owed nothing.
    other = Correlator(decider, PATIENCE, CacheState(cache, "s"), lambda: log.now)
    finish(other.start())
    assert not other.ready


def finish(coroutine):
    """Run what never waits for anything: Hypothesis' functions are no coroutines."""
    try:
        coroutine.send(None)
    except StopIteration:
        return
    raise AssertionError("it waits for something")


async def test_a_key_takes_no_more_events_than_it_may(monkeypatch):
    monkeypatch.setattr("streams.correlation.key_state.MAX_PENDING", 2)
    correlator = Correlator(DECIDERS["join"], PATIENCE, CacheState(LocalCache(), "s"), lambda: 0)
    await correlator.start()
    events = [Event(time, str(time), (0,), None) for time in (1, 2, 3)]
    assert await correlator.take([("k", event) for event in events], {"": 3}) == events[2:]


async def test_a_state_that_cannot_be_kept_is_said_and_the_next_try_goes_on():
    class Full(LocalCache):
        full = True

        def keep(self, key, value, ttl=None):
            if self.full:
                raise CacheError("the cache is full")
            super().keep(key, value, ttl)

    cache = Full()
    correlator = Correlator(DECIDERS["join"], Patience(0, 0), CacheState(cache, "s"), lambda: 0)
    await correlator.start()
    event = [("k", Event(1, "1", (0,), None)), ("k", Event(1, "2", (1,), None))]
    with pytest.raises(StateError, match="the cache is full"):
        await correlator.take(event, {"": 1})
    cache.full = False
    await correlator.take(event, {"": 1})
    assert len(correlator.ready) == 1
