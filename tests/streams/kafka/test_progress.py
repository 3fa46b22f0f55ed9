"""The offset that may be committed."""

from hypothesis import given
from hypothesis import strategies as st

from streams.kafka.progress import Progress


@given(st.lists(st.integers(1, 5), min_size=1, max_size=30), st.randoms())
def test_the_offset_never_passes_a_batch_that_is_owed_and_ends_behind_the_last(sizes, random):
    progress, at, batches = Progress(), 0, {}
    for size in sizes:
        progress.take(at, at + size, size)
        batches[at] = at + size
        at += size
    order = list(batches)
    random.shuffle(order)
    committed = 0
    for first in order:
        moved = progress.finish(first)
        del batches[first]
        committed = committed if moved is None else moved
        assert committed == min(batches, default=at)
    assert progress.in_flight == 0


def test_what_was_given_back_holds_the_offset():
    progress = Progress()
    progress.take(0, 5, 5)
    progress.take(5, 9, 4)
    progress.give_back(0)
    assert progress.finish(5) is None
    assert progress.in_flight == 0
