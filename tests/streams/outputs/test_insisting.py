"""Outputs that insist or go on without (retry, drop_on), keep in a cache, or are named elsewhere."""

from __future__ import annotations

import asyncio

import pytest

from streams.caches.memory import MEMORY
from streams.errors import BatchError, OutputError, RejectedMessageError
from streams.pipeline import Pipeline
from streams.processed import build_output
from streams.spec import BuildContext, Severity
from streams.statistics import Statistics
from streams.stopping import StopSignal
from tests.streams.making import (
    IDENTITY,
    SERVICES,
    ListInput,
    ListOutput,
    MemoryQuarantine,
    findings,
    stream,
    with_ends,
)
from tests.streams.outputs.writing import made, texts, written

MESSAGES = [made("1"), made("2"), made("3")]
FAST = "backoff: {initial_interval: 1ms}"


async def test_retry_offers_only_what_was_not_taken_again():
    kept = ListOutput()
    kept.failures = [BatchError({1: OutputError("full")}), OutputError("away")]
    assert await written(f"{{retry: {{{FAST}, output: {{kept0: {{}}}}}}}}", MESSAGES, kept) == {}
    assert texts(kept) == ["2"]


async def test_retry_gives_up_after_its_tries_and_at_once_what_can_never_be_taken():
    kept = ListOutput()
    kept.failures = [BatchError({0: RejectedMessageError("bad"), 1: OutputError("a")}), OutputError("b")]
    output = f"{{retry: {{max_retries: 1, {FAST}, output: {{kept0: {{}}}}}}}}"
    assert await written(output, MESSAGES, kept) == {0: "bad", 1: "b"}


async def test_retry_gives_up_after_its_time():
    kept = ListOutput()
    kept.failures = [OutputError("a")] * 1000
    backoff = "backoff: {initial_interval: 1ms, max_elapsed_time: 10ms}"
    errors = await written(f"{{retry: {{{backoff}, output: {{kept0: {{}}}}}}}}", MESSAGES, kept)
    assert errors == dict.fromkeys(range(3), "a")
    assert kept.failures


async def test_drop_on_drops_what_fails():
    kept = ListOutput()
    kept.failures = [BatchError({1: OutputError("full")})]
    assert await written("{drop_on: {error: true, output: {kept0: {}}}}", MESSAGES, kept) == {}


async def test_drop_on_drops_only_what_fails_as_it_says():
    kept = ListOutput()
    kept.failures = [BatchError({0: OutputError("status 404"), 2: OutputError("status 500")})]
    output = "{drop_on: {error_patterns: ['4\\d\\d$'], output: {kept0: {}}}}"
    assert await written(output, MESSAGES, kept) == {2: "status 500"}


class Slow(ListOutput):
    """Takes nothing before it is let."""

    def __init__(self):
        super().__init__()
        self.let = asyncio.Event()

    async def write(self, messages):
        await self.let.wait()
        await super().write(messages)


@pytest.mark.parametrize(
    ("error", "expected"), [("true", None), ("false", "experienced back pressure beyond")]
)
async def test_drop_on_waits_no_longer_than_it_says_and_not_at_all_until_that_write_is_over(error, expected):
    slow = Slow()
    text = f"{{drop_on: {{error: {error}, back_pressure: 20ms, output: {{kept0: {{}}}}}}}}"
    checked = stream(f"input: {{generate: {{mapping: root = 1}}}}\noutput: {text}\n", with_ends(None, slow))
    output = build_output(
        checked.output, BuildContext(IDENTITY, {Statistics: Statistics(), StopSignal: StopSignal()})
    )

    async def told(one):
        try:
            await output.write([one])
        except BatchError as failed:
            return str(failed.errors[0])
        return None

    for one in (made("1"), made("2")):
        answer = await told(one)
        assert answer is None if expected is None else answer.startswith(expected)
    slow.let.set()
    while not slow.taken:
        await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert await told(made("3")) is None
    assert texts(slow) == ["1", "3"]
    await output.close()


async def test_a_cache_keeps_each_message_under_its_key():
    checked = stream(
        "input: {generate: {mapping: root = 1}}\noutput: {cache: {target: seen, key: 'k${! this }', ttl: 60s}}\n"
        "cache_resources:\n  - {label: seen, memory: {}}\n"
    )
    cache = MEMORY.build({"default_ttl": 60.0, "init_values": {}}, BuildContext(IDENTITY, {}))
    context = BuildContext(IDENTITY, {Statistics: Statistics()}, resources={"cache/seen": cache})
    output = build_output(checked.output, context)
    with pytest.raises(BatchError) as raised:
        await output.write([*MESSAGES[:2], made("no json")])
    assert (await cache.get("k1"), await cache.get("k2")) == (b"1", b"2")
    assert {at: type(error) for at, error in raised.value.errors.items()} == {2: RejectedMessageError}


async def run(text, batches, *outputs):
    listed = ListInput(batches)
    checked = stream(f"input: {{listed: {{}}}}\n{text}", with_ends(listed, *outputs))
    pipeline = Pipeline(checked, IDENTITY, SERVICES, MemoryQuarantine())
    async with asyncio.timeout(20):
        await pipeline.run()
    return listed.acknowledged


async def test_a_resource_is_written_to_with_the_processors_beside_both():
    processors = "[{mapping: 'root = content().string() + \"2\"'}]"
    resources = f"output_resources:\n  - {{label: sink, kept0: {{}}, processors: {processors}}}\n"
    inside = "{resource: sink, processors: [{mapping: 'root = content().string() + \"1\"'}]}"
    for output in (inside, f"{{broker: {{outputs: [{inside}]}}}}"):
        kept = ListOutput()
        assert await run(f"output: {output}\n{resources}", [[made("a")]], kept) == [None]
        assert texts(kept) == ["a12"]


async def test_outputs_at_the_root_are_those_of_a_broker():
    one, other = ListOutput(), ListOutput()
    assert await run("outputs: [{kept0: {}}, {kept1: {}}]\n", [[made("a")]], one, other) == [None]
    assert texts(one) == texts(other) == ["a"]


async def test_a_broker_makes_batches_for_all_its_outputs():
    kept = ListOutput()
    sizes = []

    async def write(messages):
        sizes.append(len(messages))

    kept.write = write
    output = "output: {broker: {outputs: [{kept0: {}}], batching: {count: 2, period: 60s}}}\n"
    assert await run(output, [[made("1")], [made("2")], [made("3")]], kept) == [None] * 3
    assert sizes == [2, 1]


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        ("output: {retry: {output: {reject: no}}}", [("endless_retry", Severity.ERROR)]),
        ("output: {drop_on: {output: {drop: {}}}}", [("nothing_dropped", Severity.ERROR)]),
        (
            "output: {drop_on: {error: true, error_patterns: [a], output: {drop: {}}}}",
            [("ineffective", Severity.ERROR)],
        ),
        ("output: {drop_on: {error_patterns: ['('], output: {drop: {}}}}", [("bad_pattern", Severity.ERROR)]),
        ("output: {cache: {target: nothing}}", [("resource_unknown", Severity.ERROR)]),
        ("outputs: [{drop: {}}]", [("outputs_at_root", Severity.WARNING)]),
        ("outputs: [{drop: {}}]\noutput: {drop: {}}", [("outputs_twice", Severity.ERROR)]),
    ],
)
def test_what_is_wrong_with_these_outputs_is_said(output, expected):
    found = findings(f"input: {{generate: {{mapping: root = 1}}}}\n{output}\n")
    assert [(one.code, one.severity) for one in found] == expected
