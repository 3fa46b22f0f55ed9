"""What `pattern` remembers, in PostgreSQL: taken over by another worker, forgotten with other rules."""

import pytest

from gateway.correlation import PostgresCorrelationStates
from gateway.models import Correlation
from streams.correlation.clock import Patience
from streams.correlation.correlator import Correlator
from streams.correlation.event import Event
from streams.correlation.pattern import Pattern, Step
from streams.correlation.state import Record, StateError
from streams.spec import StreamIdentity
from tests.factories.gateway import ApiDefinitionFactory
from tests.gateway.test_stores import using

__all__ = ["using"]
pytestmark = pytest.mark.django_db(transaction=True)
DECIDER = Pattern((Step("a", 0), Step("b", 1)), 1000)


@pytest.fixture
def place():
    definition = ApiDefinitionFactory()
    return StreamIdentity(definition.pk, definition.organization_id, definition.name, "orders", "sluice", 1)


def correlator(pool, place, rules="r"):
    state = PostgresCorrelationStates(pool).state(place, "input", rules)
    return Correlator(DECIDER, Patience(0, 0), state, lambda: 0)


def event(time, role, key="k"):
    return key, Event(time, f"{key}/{time}", (role,), {"t": time})


def test_another_worker_goes_on_where_one_was_killed(using, place):
    async def work(pool):
        first = correlator(pool, place)
        await first.start()
        await first.take([event(1, 0), event(1, 0, "other\u2603")], {"": 1})
        second = correlator(pool, place)
        await second.start()
        await second.take([event(1, 0), event(5, 1)], {"": 5})
        with pytest.raises(StateError, match="another worker"):
            await first.take([event(5, 1)], {"": 5})
        third = correlator(pool, place)
        await third.start()
        found = list(third.ready)
        third.taken(found)
        await third.wait()
        fourth = correlator(pool, place)
        await fourth.start()
        return [match.document["steps"] for _, match in found], len(fourth.ready)

    assert using(work) == ([{"a": {"t": 1}, "b": {"t": 5}}], 0)
    assert sorted(Correlation.objects.values_list("key", flat=True)) == ["", "k", "other\u2603"]


def test_what_is_over_is_not_kept(using, place):
    async def work(pool):
        one = correlator(pool, place)
        await one.start()
        await one.take([event(1, 0)], {"": 1})
        await one.take([event(5000, 2, "x")], {"": 5000})
        await one.take([event(6000, 2, "x")], {"": 6000})

    using(work)
    assert list(Correlation.objects.exclude(key="").values_list("key", flat=True)) == ["x"]


def test_what_was_kept_under_other_rules_is_forgotten(using, place):
    async def work(pool):
        one = correlator(pool, place)
        await one.start()
        await one.take([event(1, 0)], {"": 1})
        other = correlator(pool, place, "other")
        await other.start()
        await other.take([event(0, 1), event(2, 1)], {"": 2})
        return len(other.ready)

    assert using(work) == 0


def test_all_of_a_step_is_kept_or_nothing(using, place):
    async def work(pool):
        state = PostgresCorrelationStates(pool).state(place, "input", "r")
        await state.begin()
        with pytest.raises(StateError):
            await state.save(b"common", {"k": Record(b"v", 2**70, owing=False)})
        return await state.load(["k"]), await PostgresCorrelationStates(pool).state(
            place, "input", "r"
        ).begin()

    assert using(work) == ({}, None)


def test_a_definition_takes_its_state_with_it(using, place):
    async def work(pool):
        one = correlator(pool, place)
        await one.start()
        await one.take([event(1, 0)], {"": 1})

    using(work)
    Correlation.objects.first().definition.delete()
    assert not Correlation.objects.exists()
