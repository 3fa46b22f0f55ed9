"""The rate limit of one process."""

from hypothesis import given
from hypothesis import strategies as st

from streams.rate_limits.local import LocalRateLimit


class Clock:
    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


async def test_an_interval_has_so_many_goes():
    clock = Clock()
    limit = LocalRateLimit(2, 0, 10.0, clock=clock)
    assert [await limit.access(1) for _ in range(3)] == [0.0, 0.0, 10.0]
    clock.now = 4
    assert await limit.access(1) == 6.0
    clock.now = 10
    assert await limit.access(1) == 0.0


async def test_an_interval_has_so_many_bytes_and_a_large_message_passes_once():
    limit = LocalRateLimit(0, 10, 1.0, clock=Clock())
    assert [await limit.access(size) for size in (4, 100, 1)] == [0.0, 0.0, 1.0]


@given(st.lists(st.floats(0, 3), max_size=50), st.integers(1, 5))
async def test_no_two_intervals_have_more_goes_than_allowed(pauses, count):
    clock = Clock()
    limit = LocalRateLimit(count, 0, 1.0, clock=clock)
    goes = []
    for pause in pauses:
        clock.now += pause
        if await limit.access(1) == 0.0:
            goes.append(clock.now)
    # Intervals begin when somebody asks, so that goes this far apart have a whole one between them.
    assert all(late - early >= 1.0 for early, late in zip(goes, goes[2 * count :], strict=False))
