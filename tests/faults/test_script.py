from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from tests.faults.moments import Moment
from tests.faults.script import Accident, Kill, script


@given(st.integers(min_value=0, max_value=2**32))
def test_every_seed_kills_everything_and_breaks_every_part(seed):
    steps = script(seed)
    kills = [step for step in steps if isinstance(step, Kill)]
    assert len(kills) >= 30
    assert {kill.moment for kill in kills} == {*Moment, None}
    assert "beat" in {kill.process for kill in kills}
    accidents = Counter(step for step in steps if isinstance(step, Accident))
    expected = {Accident.VALKEY_EMPTIED: 2, Accident.POSTGRES_RESTARTED: 1, Accident.TOPIC_MADE_ANEW: 1}
    assert accidents == expected
    assert isinstance(steps[-1], Kill)


@given(st.integers(min_value=0, max_value=2**32))
def test_a_seed_can_be_repeated(seed):
    assert script(seed) == script(seed)
