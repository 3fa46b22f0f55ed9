"""However hand-overs are cut into groups, each is told once, when all of it is written."""

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from webhooks.handover import Handovers


@given(
    sizes=st.lists(st.integers(0, 20), max_size=12),
    limits=st.lists(st.integers(1, 15), min_size=1, max_size=8),
)
def test_every_item_is_taken_once_in_order_and_every_hand_over_settles(sizes, limits):
    async def go():
        waiting, total = Handovers(), 0
        futures = []
        for size in sizes:
            futures.append(waiting.add(range(total, total + size)))
            total += size
        taken: list[int] = []
        while len(waiting):
            group = waiting.take(limits[len(taken) % len(limits)])
            taken += group.items
            group.finish()
        await asyncio.gather(*futures)
        assert taken == list(range(total))

    asyncio.run(go())


async def test_a_hand_over_in_two_groups_is_done_when_both_are_written():
    waiting = Handovers()
    written = waiting.add("abcd")
    first, second = waiting.take(2), waiting.take(2)
    second.finish()
    assert not written.done()
    first.finish()
    await written


async def test_one_failed_group_fails_its_hand_overs_and_takes_no_more_of_them():
    waiting = Handovers()
    long, short = waiting.add("abcd"), waiting.add("e")
    group = waiting.take(2)
    group.finish(OSError("away"))
    assert isinstance(long.exception(), OSError)
    rest = waiting.take(9)
    assert rest.items == ["e"]
    rest.finish()
    await short
