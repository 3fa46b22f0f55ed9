"""Streams share an event loop, and none of them keeps the others from it."""

import asyncio
import threading
import time

import pytest

from streams.pipeline import Pipeline
from streams.turns import LARGEST_PIECE, ComputingProcessor
from tests.streams.making import (
    IDENTITY,
    SERVICES,
    ListInput,
    ListOutput,
    MemoryQuarantine,
    message,
    stream,
    with_ends,
)

TEXT = "input: {{listed: {{}}}}\noutput: {{kept0: {{}}}}\npipeline: {{processors: [{}]}}\n"
LONG = "range(0, 200000).map_each(x -> x * 2).length()"


def pipeline(processor, batches, output):
    checked = stream(TEXT.format(processor), with_ends(ListInput(batches), output))
    return Pipeline(checked, IDENTITY, SERVICES, MemoryQuarantine())


@pytest.mark.parametrize(
    "greedy",
    [
        f"{{mapping: 'root = {LONG}'}}",
        f"{{branch: {{request_map: 'root = {LONG}', processors: [noop: {{}}]}}}}",
        f"{{switch: [{{check: '{LONG} > 0', processors: [noop: {{}}]}}]}}",
        f"{{group_by: [{{check: '{LONG} > 0', processors: [noop: {{}}]}}]}}",
        f"{{while: {{check: '{LONG} < 0', processors: [noop: {{}}]}}}}",
    ],
    ids=["mapping", "branch", "switch", "group_by", "while"],
)
async def test_a_stream_that_computes_long_for_each_message_lets_its_neighbour_through(greedy):
    taken: list[str] = []

    class Noted(ListOutput):
        def __init__(self, name: str) -> None:
            super().__init__()
            self.name = name

        async def write(self, messages):
            taken.extend(self.name for _ in messages)

    # The greedy one has a batch of two that it must take before the long one, so that it is at work for certain.
    first, rest = [[message(number=n)] for n in range(2)], [message(number=n) for n in range(1000)]
    running = asyncio.create_task(pipeline(greedy, [*first, rest], Noted("greedy")).run())
    try:
        while taken.count("greedy") < 2:
            await asyncio.sleep(0)
        await pipeline(
            "{mapping: root.n = 1}", [[message(number=n)] for n in range(100)], Noted("neighbour")
        ).run()
        assert taken.count("neighbour") == 100
        assert taken.count("greedy") == 2
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


class Computing:
    """Computes for so many seconds of processor time, and notes in which thread."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.threads: list[int] = []

    async def process(self, messages):
        self.threads.append(threading.get_ident())
        end = time.thread_time() + self.seconds
        while time.thread_time() < end:
            pass
        return [messages]


async def test_what_proves_quick_is_computed_on_the_loop():
    processor = Computing(0)
    computing = ComputingProcessor(processor)
    for _ in range(10):
        assert await computing.process([message(b"1")])
    assert processor.threads[0] != threading.get_ident()
    assert processor.threads[-1] == threading.get_ident()
    assert not computing.turns.is_slow


async def test_what_takes_long_comes_to_the_loop_again_when_it_was_quick_many_times():
    processor = Computing(0.06)
    computing = ComputingProcessor(processor)
    await computing.process([message()])
    processor.seconds = 0
    for _ in range(60):
        await computing.process([message()])
    assert threading.get_ident() not in processor.threads
    assert computing.turns.is_slow
    for _ in range(10):
        await computing.process([message()])
    assert processor.threads[-1] == threading.get_ident()
    assert not computing.turns.is_slow


async def test_pieces_are_small_where_computing_takes_time():
    computing = ComputingProcessor(processor := Computing(0))
    for _ in range(10):
        await computing.process([message()])
    assert computing.turns.piece == LARGEST_PIECE
    processor.seconds = 0.006
    await computing.process([message()])
    assert computing.turns.piece == LARGEST_PIECE // 2


async def test_one_processor_computes_one_batch_at_a_time():
    class Counting:
        inside = most = 0

        async def process(self, messages):
            self.inside += 1
            self.most = max(self.most, self.inside)
            time.sleep(0.002)  # noqa: ASYNC251 - lets other threads in, if there are any
            self.inside -= 1
            return [messages]

    computing = ComputingProcessor(processor := Counting())
    await asyncio.gather(*(computing.process([message()]) for _ in range(8)))
    assert processor.most == 1


async def test_what_a_processor_raises_is_raised_wherever_it_was_computed():
    class Failing:
        async def process(self, messages):
            raise LookupError("no such thing")

    computing = ComputingProcessor(Failing())
    for _ in range(6):
        with pytest.raises(LookupError, match="no such thing"):
            await computing.process([message()])


async def test_a_processor_that_waits_though_it_is_to_compute_is_named():
    class Waiting:
        async def process(self, messages):
            await asyncio.sleep(0)
            return [messages]

    with pytest.raises(TypeError, match="Waiting is declared to compute"):
        await ComputingProcessor(Waiting()).process([message()])
