"""Places in flight: as many as there are, in the order of asking, and none lost."""

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from streams.kafka.in_flight import InFlight


async def take(places, taken, name):
    if not places.enter():
        await places.wait()
    taken.append(name)


async def test_who_waits_gets_a_place_in_turn_and_nobody_goes_before():
    places, taken = InFlight(1), []
    await take(places, taken, "first")
    waiting = [asyncio.create_task(take(places, taken, name)) for name in ("second", "third")]
    await asyncio.sleep(0)

    places.leave()
    assert not places.enter()
    await waiting[0]
    assert taken == ["first", "second"]
    places.leave()
    await waiting[1]
    places.leave()

    assert taken == ["first", "second", "third"]
    assert places.enter()


async def test_a_place_given_to_who_was_cancelled_is_the_next_ones():
    places, taken = InFlight(1), []
    await take(places, taken, "first")
    cancelled, late = (asyncio.create_task(take(places, taken, name)) for name in ("cancelled", "late"))
    await asyncio.sleep(0)

    places.leave()
    cancelled.cancel()
    await asyncio.gather(cancelled, late, return_exceptions=True)

    assert taken == ["first", "late"]


@given(st.integers(1, 4), st.lists(st.tuples(st.integers(0, 9), st.booleans()), max_size=40))
def test_no_more_than_there_are_are_taken_and_all_come_back(limit, script):
    async def play():
        places, taken, tasks = InFlight(limit), [], []
        for turns, leaving in script:
            tasks.append(asyncio.create_task(take(places, taken, len(tasks))))
            for _ in range(turns % 3):
                await asyncio.sleep(0)
            if turns > 7:
                tasks[turns % len(tasks)].cancel()
            if leaving and taken:
                taken.pop()
                places.leave()
            assert len(taken) <= limit
        while any(not task.done() for task in tasks) or taken:
            await asyncio.sleep(0)
            if taken:
                taken.pop()
                places.leave()
        assert [places.enter() for _ in range(limit + 1)] == [True] * limit + [False]

    asyncio.run(asyncio.wait_for(play(), 60))
