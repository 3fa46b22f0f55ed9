"""Buffers between an input and an output: what waits, what is acknowledged when, and what the text may say."""

from __future__ import annotations

import asyncio
import json
import time

import pytest

from streams.buffers import system_window
from streams.pipeline import Pipeline
from streams.spec import Severity
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


def pipeline_of(buffer, batches, output, processors="[]"):
    listed, quarantine = ListInput(batches), MemoryQuarantine()
    ends = "input: {listed: {}}\noutput: {kept0: {}}\n"
    text = f"{ends}buffer: {buffer}\npipeline:\n  processors: {processors}\n"
    checked = stream(text, with_ends(listed, output))
    return Pipeline(checked, IDENTITY, SERVICES, quarantine), listed, quarantine


async def run(buffer, batches, output, processors="[]"):
    pipeline, listed, quarantine = pipeline_of(buffer, batches, output, processors)
    async with asyncio.timeout(20):
        await pipeline.run()
    return listed.acknowledged, quarantine.held


def single(*contents):
    return [[message(content.encode(), number)] for number, content in enumerate(contents)]


@pytest.mark.parametrize("buffer", ["{none: {}}", "{memory: {}}", "{memory: {limit: 1}}"])
async def test_a_buffer_lets_everything_through_and_acknowledges_it_when_the_output_has_it(buffer):
    output = ListOutput()
    acknowledged, _ = await run(buffer, single("1", "2", "3"), output)
    assert [one.content for one in output.taken] == [b"1", b"2", b"3"]
    assert acknowledged == [None, None, None]


async def test_what_waits_in_memory_is_not_acknowledged():
    output = ListOutput()
    output.failures = [RuntimeError("away")] * 1000
    pipeline, listed, _ = pipeline_of("{memory: {}}", single("1", "2"), output)
    running = asyncio.create_task(pipeline.run())
    while listed.left or len(output.failures) == 1000:
        await asyncio.sleep(0)
    assert listed.acknowledged == []
    pipeline.stop()
    await running


async def test_memory_makes_batches_and_their_processors_see_them():
    output = ListOutput()
    policy = "{enabled: true, count: 2, processors: [{archive: {format: json_array}}]}"
    acknowledged, _ = await run(f"{{memory: {{batch_policy: {policy}}}}}", single("1", "2", "3"), output)
    assert [one.content for one in output.taken] == [b"[1,2]", b"[3]"]
    assert acknowledged == [None, None, None]


def events(*moments):
    return single(*(json.dumps({"at": moment, "n": number}) for number, moment in enumerate(moments)))


SUM = r"""
  - mapping: |
      root.n = json("n").from_all()
      root.end = @window_end_timestamp
      root = if batch_index() > 0 { deleted() }
"""


async def test_messages_of_a_window_are_one_batch_with_its_end_and_acknowledged_with_it():
    # Windows that were over before: they are sent on when nothing more comes for them.
    output = ListOutput()
    batches = events("2024-01-01T12:00:10Z", "2024-01-01T12:00:50Z", "2024-01-01T12:01:00.5Z")
    window = "{system_window: {timestamp_mapping: root = this.at, size: 1m}}"
    acknowledged, _ = await run(window, batches, output, SUM)
    assert [one.value for one in output.taken] == [
        {"n": [0, 1], "end": "2024-01-01T12:01:00Z"},
        {"n": [2], "end": "2024-01-01T12:02:00Z"},
    ]
    assert acknowledged == [None, None, None]


async def test_a_message_is_in_each_window_that_slides_over_it_and_acknowledged_with_the_last():
    output = ListOutput()
    moment = 1_704_110_410  # 12:00:10
    window = "{system_window: {timestamp_mapping: root = this.at, size: 1m, slide: 30s}}"
    acknowledged, _ = await run(window, events(moment), output, SUM)
    assert [one.value["end"] for one in output.taken] == ["2024-01-01T12:00:30Z", "2024-01-01T12:01:00Z"]
    assert acknowledged == [None]


async def test_by_the_clock_a_window_is_sent_on_when_it_is_over():
    output = ListOutput()
    acknowledged, _ = await run("{system_window: {size: 100ms}}", single("1", "2"), output)
    assert {one.content for one in output.taken} == {b"1", b"2"}
    assert all(one.metadata["window_end_timestamp"] for one in output.taken)
    assert acknowledged == [None, None]


async def test_a_message_without_a_time_fails_and_holds_nothing_up():
    output = ListOutput()
    window = "{system_window: {timestamp_mapping: root = this.at, size: 1m}}"
    acknowledged, held = await run(window, [*single("{}"), *events(1_704_110_410)], output)
    assert len(output.taken) == 1
    assert [one.stage for one in held] == ["buffer"]
    assert acknowledged == [None, None]


async def test_windows_that_hold_too_much_are_sent_on_in_parts(monkeypatch):
    monkeypatch.setattr(system_window, "MOST_BYTES", 100)
    output = ListOutput()
    window = "{system_window: {timestamp_mapping: root = this.at, size: 1h}}"
    batches = events(*(time.time() + 1800 for _ in range(20)))
    pipeline, listed, _ = pipeline_of(window, batches, output)
    running = asyncio.create_task(pipeline.run())
    while len(listed.acknowledged) < 15:
        await asyncio.sleep(0.001)
    pipeline.stop()
    await running
    ends = {one.metadata["window_end_timestamp"] for one in output.taken}
    assert len(ends) == 1
    assert len(output.taken) == len(listed.acknowledged)


@pytest.mark.parametrize(
    ("buffer", "expected"),
    [
        ("{memory: {spillover: true}}", [("field_refused", Severity.ERROR)]),
        ("{memory: {batch_policy: {enabled: true}}}", [("no_batches", Severity.ERROR)]),
        ("{memory: {limit: 0}}", [("wrong_value", Severity.ERROR)]),
        ("{system_window: {}}", [("missing_field", Severity.ERROR)]),
        ("{system_window: {size: 0s}}", [("wrong_value", Severity.ERROR)]),
        ("{system_window: {size: 1m, slide: 1m}}", [("wrong_value", Severity.ERROR)]),
        ("{system_window: {size: 1m, slide: 10s, offset: 10s}}", [("wrong_value", Severity.ERROR)]),
        ("{system_window: {size: 1m, allowed_lateness: 1m}}", [("wrong_value", Severity.ERROR)]),
        ("{system_window: {size: 1m, slide: 1ms}}", [("wrong_value", Severity.ERROR)]),
        ("{system_window: {size: 1m, timestamp_mapping: 'root = %'}}", [("bad_mapping", Severity.ERROR)]),
        ("{windows: {}}", [("component_unknown", Severity.ERROR)]),
        ("{}", []),
    ],
)
def test_what_is_wrong_with_a_buffer_is_said(buffer, expected):
    found = findings(
        f"input: {{generate: {{mapping: root = 1}}}}\nbuffer: {buffer}\noutput: {{drop: {{}}}}\n"
    )
    assert [(one.code, one.severity) for one in found] == expected
