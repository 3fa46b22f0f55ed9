"""What one stream may ask for and hold."""

import asyncio

import pytest

from streams.batching import Gathering, Policy
from streams.builtin import core_registry
from streams.limits import Holding, StreamLimits
from streams.message import Message
from streams.pipeline import Pipeline
from streams.registry import Registry
from tests.streams.making import (
    IDENTITY,
    SERVICES,
    ListInput,
    ListOutput,
    MemoryQuarantine,
    findings,
    message,
    stream,
    with_ends,
)

ENDS = "input: {listed: {}}\noutput: {kept0: {}}\n"
GENERATE = "input: {generate: {mapping: root = 1}}\n"


def limited(registry: Registry, **limits: int) -> Registry:
    return registry.with_limits(StreamLimits(**limits))


@pytest.mark.parametrize(
    ("text", "place", "setting"),
    [
        (
            GENERATE + "output: {http_client: {url: 'http://a/', batching: {count: 11}}}",
            (2, 60),
            "SLUICE_STREAM_BATCH_MESSAGES",
        ),
        (
            "output: {drop: {}}\ninput: {generate: {mapping: root = 1, batch_size: 11}}",
            (2, 51),
            "SLUICE_STREAM_BATCH_MESSAGES",
        ),
        (
            GENERATE + "output: {http_client: {url: 'http://a/', max_in_flight: 4}}",
            (2, 57),
            "SLUICE_STREAM_IN_FLIGHT",
        ),
        (
            GENERATE + "output: {drop: {}}\nbuffer: {memory: {limit: 1001}}",
            (3, 26),
            "SLUICE_STREAM_HELD_BYTES",
        ),
    ],
)
def test_a_definition_that_asks_for_more_is_refused_with_the_place_and_the_setting(text, place, setting):
    registry = limited(core_registry(), batch_messages=10, in_flight=3, held_bytes=1000)
    (found,) = [one for one in findings(text, registry) if one.code == "over_limit"]
    assert (found.line, found.column) == place
    assert setting in found.remedy


def test_what_asks_for_no_more_than_the_limit_is_taken():
    text = GENERATE + "output: {http_client: {url: 'http://a/', max_in_flight: 3, batching: {count: 10}}}"
    assert findings(text, limited(core_registry(), batch_messages=10, in_flight=3)) == []


@pytest.mark.parametrize("dialect", ["sluice", "tyk"])
async def test_a_message_that_is_too_large_goes_to_quarantine_unprocessed_and_the_others_on(dialect):
    listed = ListInput([[message(b'"small"'), message(b'"much too large"', 1), message(b'"last"', 2)]])
    output, quarantine = ListOutput(), MemoryQuarantine()
    text = f"{ENDS}pipeline: {{processors: [{{mapping: root = this.uppercase()}}]}}"
    checked = stream(text, limited(with_ends(listed, output), message_bytes=10))
    identity = IDENTITY.__class__(1, 1, "shop", "orders", dialect, 1)
    await Pipeline(checked, identity, SERVICES, quarantine).run()
    assert [one.content for one in output.taken] == [b"SMALL", b"LAST"]
    (held,) = quarantine.held
    assert held.content == b'"much too large"'
    assert "16 bytes; streams take 10" in held.error
    assert listed.acknowledged == [None]


@pytest.mark.parametrize("dialect", ["sluice", "tyk"])
async def test_a_message_that_becomes_too_large_goes_to_quarantine_as_it_was_read(dialect):
    listed = ListInput([[message(b'{"a":1}')]])
    output, quarantine = ListOutput(), MemoryQuarantine()
    text = f"{ENDS}pipeline: {{processors: [{{mapping: 'root.many = range(0, 9)'}}]}}"
    checked = stream(text, limited(with_ends(listed, output), message_bytes=20))
    identity = IDENTITY.__class__(1, 1, "shop", "orders", dialect, 1)
    await Pipeline(checked, identity, SERVICES, quarantine).run()
    assert output.taken == []
    assert [held.content for held in quarantine.held] == [b'{"a":1}']


async def test_a_stream_reads_no_more_than_it_may_hold_until_something_is_written():
    class Held(ListOutput):
        def __init__(self) -> None:
            super().__init__()
            self.waiting = 0
            self.goes_on = asyncio.Event()

        async def write(self, messages):
            self.waiting += 1
            await self.goes_on.wait()
            await super().write(messages)

    listed, output = ListInput([[message(b"x" * 10, n)] for n in range(8)]), Held()
    checked = stream(ENDS, limited(with_ends(listed, output), held_bytes=30))
    running = asyncio.create_task(Pipeline(checked, IDENTITY, SERVICES, MemoryQuarantine()).run())
    while output.waiting < 3:
        await asyncio.sleep(0)
    for _ in range(50):
        await asyncio.sleep(0)
    assert (output.waiting, len(listed.left)) == (3, 5)
    output.goes_on.set()
    await running
    assert len(output.taken) == 8


async def test_a_batch_larger_than_may_be_held_still_passes():
    listed, output = ListInput([[message(b"x" * 100, n)] for n in range(3)]), ListOutput()
    checked = stream(ENDS, limited(with_ends(listed, output), held_bytes=30))
    await Pipeline(checked, IDENTITY, SERVICES, MemoryQuarantine()).run()
    assert len(output.taken) == 3


@pytest.mark.parametrize("limits", [StreamLimits(batch_messages=3), StreamLimits(held_bytes=3)])
def test_a_batch_that_would_wait_for_more_than_the_limit_is_complete(limits):
    gathering = Gathering(Policy(period=60.0, limits=limits))
    assert [gathering.add([Message(b"1")]) for _ in range(3)] == [False, False, True]


async def test_there_is_room_again_when_enough_was_let_go():
    holding = Holding(10)
    holding.take(12)
    waiting = asyncio.create_task(holding.room())
    await asyncio.sleep(0)
    assert not waiting.done()
    holding.release(12)
    await waiting
