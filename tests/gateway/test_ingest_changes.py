"""Definitions change while streams serve: what goes on, what ends, and what nobody is kept from."""

import asyncio
from dataclasses import replace

import pytest

from gateway.ingest_refusal import IngestRefusedError
from tests.gateway.ingesting import PLAIN, Output, Served, api, asking, serving, until


@pytest.fixture
def output():
    return Output()


@pytest.fixture
async def served(output):
    async with serving(api(PLAIN, output)) as served:
        yield served


async def test_what_is_unchanged_goes_on_and_what_changed_finishes_its_requests(served, output):
    served.ingest.apply([api(PLAIN, output, revision=2)])
    pipeline = served.pipeline
    assert not output.closed
    output.gate.clear()
    begun = asyncio.create_task(served.post(b"old"))
    await until(lambda: output.begun)
    successor = Output()

    served.api = api(PLAIN.replace("60s", "50s"), successor, revision=3)
    served.ingest.apply([served.api])
    await until(lambda: served.pipeline is not pipeline and served.pipeline._state.value == "open")
    assert (await served.post(b"new")).status == 200
    assert not output.closed

    output.gate.set()
    assert (await begun).status == 200
    await until(lambda: output.closed)
    assert [one.content for one in output.taken] == [b"old"]
    assert [one.content for one in successor.taken] == [b"new"]


async def test_a_body_that_comes_while_its_stream_changes_goes_to_the_stream_as_it_is_then(served, output):
    successor, changed = Output(), asyncio.Event()
    begin = {"type": "http.request", "body": b"slow", "more_body": True}
    begun = []

    async def receive():
        if not begun:
            begun.append(1)
            return begin
        await changed.wait()
        return {"type": "http.request", "body": b"ly", "more_body": False}

    answer = asyncio.create_task(asking(served, receive))
    await until(lambda: begun)
    served.ingest.apply([api(PLAIN.replace("60s", "50s"), successor, revision=2)])
    await until(lambda: output.closed and served.pipeline._state.value == "open")
    changed.set()

    assert await answer == {"status": 200}
    assert ([one.content for one in successor.taken], output.taken) == ([b"slowly"], [])


async def test_a_stream_that_closes_lets_nobody_in_who_waited_for_something_else(served, output):
    pipeline = served.pipeline
    served.ingest.apply([])
    await until(lambda: output.closed)
    with pytest.raises(IngestRefusedError) as refused:
        pipeline.enter()
    assert refused.value.code == "not_ready"


async def test_a_stream_that_cannot_be_built_by_a_fault_of_its_own_keeps_no_other_from_running(output):
    def build(*_):
        raise ValueError("a fault of its own")

    broken = Output()
    broken.spec = replace(broken.spec, build=build)
    other = replace(api(PLAIN, broken), definition_id=2)
    served = Served(other)
    served.api = api(PLAIN, output)

    served.ingest.apply([other, served.api])

    assert (await served.post(b"all the same")).status == 200
    await served.ingest.stop()


async def test_what_is_no_longer_active_is_not_served(served, output):
    served.ingest.apply([])
    await until(lambda: output.closed)

    assert (await served.post()).status == 503


async def test_stopping_finishes_what_was_begun(output):
    served = Served(api(PLAIN, output))
    async with asyncio.timeout(60):
        while (await served.post(b"0")).status != 200:
            await asyncio.sleep(0.01)
    output.gate.clear()
    begun = asyncio.create_task(served.post(b"1"))
    await until(lambda: output.begun == 2)
    stopping = asyncio.create_task(served.ingest.stop())
    output.gate.set()

    assert (await begun).status == 200
    await stopping
    assert output.closed
