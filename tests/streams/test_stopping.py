"""Tasks are over when they are ended, whatever they make of a cancellation."""

import asyncio

from streams.stopping import end_tasks


async def test_a_task_that_swallows_a_cancellation_is_ended_all_the_same():
    swallowed = 0

    async def stubborn():
        nonlocal swallowed
        while swallowed < 2:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                swallowed += 1
        await asyncio.Event().wait()

    task = asyncio.create_task(stubborn())
    await asyncio.sleep(0)
    await end_tasks([task])
    assert (task.cancelled(), swallowed) == (True, 2)


async def test_what_a_task_raises_at_its_end_is_kept():
    async def failing():
        try:
            await asyncio.Event().wait()
        finally:
            raise RuntimeError

    task = asyncio.create_task(failing())
    await asyncio.sleep(0)
    await end_tasks([task])
    assert isinstance(task.exception(), RuntimeError)
