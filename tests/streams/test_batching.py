"""Batching policies: when there is a batch, that none is lost or told wrong, and that nothing waits for ever."""

from __future__ import annotations

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from streams.batching import Gathering, Policy
from streams.batching_output import BatchedOutput
from streams.drain import Drain
from streams.errors import BatchError, OutputError
from streams.stopping import StopSignal
from tests.streams.making import ListOutput, message

SECONDS = 20.0


@given(st.lists(st.integers(1, 5), max_size=20), st.integers(1, 7))
def test_a_count_completes_a_batch_and_divides_none(sizes, count):
    gathering = Gathering(Policy(count=count))
    waiting = 0
    for size in sizes:
        complete = gathering.add([message(b"x") for _ in range(size)])
        waiting += size
        assert complete == (waiting >= count)
        if complete:
            assert len(gathering.take()) == waiting
            waiting = 0
    assert len(gathering.take()) == waiting


@given(st.floats(0.001, 100), st.floats(0, 1000), st.floats(0, 1000))
def test_a_batch_is_due_within_its_period_in_whole_periods_since_the_last(period, flushed, passed):
    now = flushed + passed
    due = Policy(period=period).due(flushed, now)
    assert due is not None
    assert now - 1e-6 <= due <= now + period * (1 + 1e-6)


def test_without_a_period_a_batch_is_never_due():
    assert Policy(count=5).due(0, 5) is None


def made(policy, output):
    drain, stopping = Drain(), StopSignal()
    return BatchedOutput(output, policy, drain, stopping), drain, stopping


async def written(batched, *contents):
    """Writes that are under way, each of one message."""
    tasks = [asyncio.create_task(batched.write([message(content.encode())])) for content in contents]
    await asyncio.sleep(0)
    return tasks


async def told(tasks):
    """What each write was told: nothing, or the error of its message."""
    async with asyncio.timeout(SECONDS):
        found = await asyncio.gather(*tasks, return_exceptions=True)
    return [str(one.errors[0]) if isinstance(one, BatchError) else one for one in found]


async def test_each_write_is_told_of_its_own_messages():
    output = ListOutput()
    output.failures = [BatchError({1: OutputError("bad")})]
    batched, _, _ = made(Policy(count=3), output)
    await batched.connect()
    assert await told(await written(batched, "1", "2", "3")) == [None, "bad", None]
    await batched.close()


async def test_what_waits_is_sent_when_its_period_is_over_when_nothing_more_comes_and_at_a_stop():
    for end in ("period", "drain", "stop", "close"):
        output = ListOutput()
        batched, drain, stopping = made(Policy(count=9, period=0.02 if end == "period" else 60.0), output)
        await batched.connect()
        tasks = await written(batched, "1", "2")
        assert output.taken == []
        if end == "drain":
            drain.turn_on()
        elif end == "stop":
            stopping.set()
        elif end == "close":
            await batched.close()
        assert await told(tasks) == [None, None]
        await batched.close()


async def test_a_write_that_was_given_up_holds_nothing_up():
    output = ListOutput()
    batched, _, _ = made(Policy(count=2), output)
    await batched.connect()
    (given_up,) = await written(batched, "1")
    given_up.cancel()
    assert await told(await written(batched, "2")) == [None]
    assert [one.content for one in output.taken] == [b"1", b"2"]
    await batched.close()


async def test_while_a_batch_is_under_way_the_rest_waits_for_more():
    class Held(ListOutput):
        def __init__(self):
            super().__init__()
            self.let = asyncio.Event()

        async def write(self, messages):
            await self.let.wait()
            await super().write(messages)

    output = Held()
    batched, drain, _ = made(Policy(count=2), output)
    await batched.connect()
    tasks = await written(batched, "1", "2", "3")
    drain.turn_on()
    output.let.set()
    assert await told(tasks[:2]) == [None, None]
    assert not tasks[2].done()
    await asyncio.sleep(0)
    drain.turn_on()
    assert await told(tasks[2:]) == [None]
    await batched.close()


async def test_a_fault_of_the_output_is_told_to_everybody_who_wrote():
    output = ListOutput()
    output.failures = [RuntimeError("broken")]
    batched, _, _ = made(Policy(count=2), output)
    await batched.connect()
    assert await told(await written(batched, "1", "2")) == ["RuntimeError('broken')"] * 2
    await batched.close()


async def test_an_output_that_never_answers_holds_no_end_up(monkeypatch):
    monkeypatch.setattr("streams.batching_output.CLOSE_SECONDS", 0.01)

    class Stuck(ListOutput):
        async def write(self, messages):
            await asyncio.Event().wait()

    batched, _, _ = made(Policy(count=1), Stuck())
    await batched.connect()
    given_up, waiting = await written(batched, "1", "2")
    given_up.cancel()
    async with asyncio.timeout(SECONDS):
        await batched.close()
    assert await told([waiting]) == ["the stream was stopped"]
