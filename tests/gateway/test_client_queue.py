"""Each message to one client: who is served, what is given back, and to whom it goes then."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway import client_queue
from gateway.client_queue import ClientQueue, QueueReader
from streams.errors import StreamStoppedError
from streams.message import Message


def messages(*contents: bytes) -> list[Message]:
    return [Message(content) for content in contents]


def contents(batch) -> list[bytes]:
    return [message.content for message in batch]


async def putting(queue: ClientQueue, *bodies: bytes, origin: str = "") -> list[asyncio.Task]:
    """Put each in by itself; returns when all are in the queue."""
    tasks = [asyncio.create_task(queue.put(messages(body), origin)) for body in bodies]
    await asyncio.sleep(0)
    return tasks


async def test_what_is_put_in_is_done_with_when_the_client_has_it():
    queue = ClientQueue()
    reader = queue.reader()
    (task,) = await putting(queue, b"1")
    batch = await anext(reader)
    assert contents(batch) == [b"1"]
    assert not task.done()
    await reader.handed_over(batch)
    await task


async def test_the_client_who_waits_longest_is_served_first():
    queue = ClientQueue()
    waiting = []
    for _ in range(3):
        waiting.append(asyncio.create_task(anext(queue.reader())))
        await asyncio.sleep(0)
    await putting(queue, b"1", b"2", b"3")
    assert [contents(await task) for task in waiting] == [[b"1"], [b"2"], [b"3"]]


async def test_a_client_takes_no_more_than_its_share_of_what_waits():
    queue = ClientQueue()
    first, second = queue.reader(), queue.reader()
    await putting(queue, *(b"%d" % n for n in range(10)))
    assert contents(await anext(first)) == [b"0", b"1", b"2", b"3", b"4"]
    assert contents(await anext(second)) == [b"5", b"6"]


async def test_what_belongs_together_goes_to_one_client():
    queue = ClientQueue()
    reader = queue.reader(most=1)
    task = asyncio.create_task(queue.put(messages(b"1", b"2")))
    batch = await anext(reader)
    assert contents(batch) == [b"1", b"2"]
    await reader.handed_over(batch[:1])
    await asyncio.sleep(0)
    assert not task.done()
    await reader.close()
    assert contents(await anext(queue.reader())) == [b"1", b"2"]


async def test_a_client_who_gave_up_waiting_is_in_nobodys_way():
    queue = ClientQueue()
    gone = asyncio.create_task(anext(queue.reader()))
    await asyncio.sleep(0)
    gone.cancel()
    await putting(queue, b"1")
    assert contents(await anext(queue.reader())) == [b"1"]


async def test_what_a_client_did_not_get_goes_to_the_next_before_what_came_later():
    queue = ClientQueue()
    leaving, staying = queue.reader(), queue.reader()
    await putting(queue, b"1", b"2", b"3", b"4")
    batch = await anext(leaving)
    assert contents(batch) == [b"1", b"2"]
    await leaving.handed_over(batch[:1])
    await leaving.close()
    assert contents(await anext(staying)) == [b"2", b"3", b"4"]


async def test_a_client_who_waits_gets_what_another_gives_back():
    queue = ClientQueue()
    leaving, staying = queue.reader(), queue.reader()
    await putting(queue, b"1")
    await anext(leaving)
    waiting = asyncio.create_task(anext(staying))
    await asyncio.sleep(0)
    await leaving.close()
    assert contents(await waiting) == [b"1"]


async def test_a_client_who_stops_waiting_as_it_is_served_loses_nothing():
    queue = ClientQueue()
    waiting = asyncio.create_task(anext(queue.reader()))
    await asyncio.sleep(0)
    asyncio.get_running_loop().call_soon(waiting.cancel)
    await putting(queue, b"1")
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert contents(await anext(queue.reader())) == [b"1"]


async def test_what_nobody_has_taken_is_given_back_and_the_rest_may_be_done():
    queue = ClientQueue()
    reader, other = queue.reader(most=1), queue.reader(most=1)
    tasks = await putting(queue, b"1", b"2", b"3")
    taken, lost = await anext(reader), await anext(other)
    queue.withdraw()
    with pytest.raises(StreamStoppedError):
        await tasks[2]
    await reader.handed_over(taken)
    await tasks[0]
    assert contents(lost) == [b"2"]
    await other.close()
    with pytest.raises(StreamStoppedError):
        await tasks[1]
    assert queue.length == 0


async def test_only_what_comes_from_the_origins_named_is_given_back():
    queue = ClientQueue()
    (leaving,) = await putting(queue, b"1", origin="orders/0")
    await putting(queue, b"2", origin="orders/1")
    queue.withdraw({"orders/0"})
    with pytest.raises(StreamStoppedError):
        await leaving
    assert contents(await anext(queue.reader())) == [b"2"]


async def test_what_its_stream_gave_up_reaches_no_client():
    queue = ClientQueue()
    first, _ = await putting(queue, b"1", b"2")
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    assert contents(await anext(queue.reader())) == [b"2"]


async def test_a_client_takes_so_many_bytes_and_the_queue_holds_so_many(monkeypatch):
    monkeypatch.setattr(client_queue, "MOST_TAKEN_BYTES", 5)
    monkeypatch.setattr(client_queue, "MOST_BYTES", 9)
    queue = ClientQueue()
    reader = queue.reader()
    await putting(queue, b"123", b"456", b"789")
    room = asyncio.create_task(queue.room())
    await room
    await putting(queue, b"0")
    room = asyncio.create_task(queue.room())
    batch = await anext(reader)
    assert contents(batch) == [b"123", b"456"]
    assert not room.done()
    await reader.handed_over(batch)
    await room


async def test_reading_ends_with_the_queue():
    queue = ClientQueue()
    waiting = asyncio.create_task(anext(queue.reader(), None))
    await asyncio.sleep(0)
    queue.end()
    assert await waiting is None
    assert [batch async for batch in queue.reader()] == []


@given(st.lists(st.sampled_from(["put", "put", "take", "hand", "leave"]), max_size=60), st.integers(1, 4))
def test_every_message_reaches_exactly_one_client_in_order(steps, clients):
    asyncio.run(_play(steps, clients))


async def _play(steps: list[str], clients: int) -> None:
    """Clients come, take, get or leave; what they got is everything, once; what one got is in order."""
    queue, tasks, got = ClientQueue(), [], []
    readers: list[tuple[QueueReader, list[Message]]] = [(queue.reader(), []) for _ in range(clients)]
    for at, step in enumerate([*steps, "leave"]):
        reader, held = readers[at % clients]
        if step == "put":
            tasks += await putting(queue, b"%04d" % len(tasks))
        elif step == "take" and queue.length:
            held += await anext(reader)
        elif step == "hand":
            await reader.handed_over(held)
            got += contents(held)
            held.clear()
        elif step == "leave":
            await reader.close()
            readers[at % clients] = (queue.reader(), [])
    for reader, _ in readers:
        await reader.close()
    last = queue.reader(most=1000)
    while queue.length:
        batch = await anext(last)
        assert contents(batch) == sorted(contents(batch))
        got += contents(batch)
        await last.handed_over(batch)
    await asyncio.gather(*tasks)
    assert sorted(got) == [b"%04d" % n for n in range(len(tasks))]
