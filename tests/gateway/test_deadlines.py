"""Limits of time that share one timer: as `asyncio.timeout`, to within a tick."""

import asyncio

import pytest

from gateway.deadlines import Deadlines


async def forever():
    await asyncio.Event().wait()


async def test_what_takes_too_long_is_ended_and_what_does_not_is_left_alone():
    deadlines = Deadlines()

    async def limited(seconds, work):
        with deadlines.within(seconds):
            await work()
        return "done"

    results = await asyncio.gather(
        limited(0.01, forever),
        limited(60.0, lambda: asyncio.sleep(0.1)),
        limited(0.01, forever),
        return_exceptions=True,
    )

    assert [type(results[0]), results[1], type(results[2])] == [TimeoutError, "done", TimeoutError]


async def test_a_task_goes_on_after_its_limit():
    deadlines = Deadlines()
    for _ in range(2):
        with pytest.raises(TimeoutError), deadlines.within(0.0):
            await forever()

    await asyncio.sleep(0)
    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0


async def test_a_limit_begins_anew():
    deadlines = Deadlines()

    with deadlines.within(0.2) as deadline:
        deadline.restart(60.0)
        await asyncio.sleep(0.4)


async def test_who_is_cancelled_by_somebody_else_stays_cancelled():
    deadlines = Deadlines()

    async def limited():
        with deadlines.within(60.0):
            await forever()

    task = asyncio.create_task(limited())
    await asyncio.sleep(0)
    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task


async def test_an_error_of_the_work_is_its_own():
    with pytest.raises(ZeroDivisionError), Deadlines().within(60.0):
        raise ZeroDivisionError
