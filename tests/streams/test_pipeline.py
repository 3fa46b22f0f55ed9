"""What becomes of every message: taken, quarantined, tried again or given back, and its input told so."""

import asyncio

import pytest

from streams.errors import BatchError, OutputError, RejectedMessageError, StreamStoppedError
from streams.pipeline import Pipeline
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

ENDS = "input: {listed: {}}\noutput: {kept0: {}}\n"


def made(text, batches, *outputs, dialect="sluice"):
    """A pipeline of a text with its input and quarantine."""
    listed, quarantine = ListInput(batches), MemoryQuarantine()
    identity = IDENTITY.__class__(1, 1, "shop", "orders", dialect, 1)
    checked = stream(text, with_ends(listed, *outputs))
    return Pipeline(checked, identity, SERVICES, quarantine), listed, quarantine


def mapped(mapping):
    return f"{ENDS}pipeline: {{processors: [{{mapping: '{mapping}'}}]}}\n"


async def test_a_batch_is_acknowledged_when_the_output_has_it():
    output = ListOutput()
    pipeline, listed, _ = made(ENDS, [[message(b"1"), message(b"2", 1)], [message(b"3", 2)]], output)
    await pipeline.run()
    assert [one.content for one in output.taken] == [b"1", b"2", b"3"]
    assert listed.acknowledged == [None, None]
    assert (pipeline.received, pipeline.sent) == (3, 3)


async def test_a_filtered_message_is_acknowledged():
    output = ListOutput()
    pipeline, listed, _ = made(mapped("root = deleted()"), [[message()]], output)
    await pipeline.run()
    assert output.taken == []
    assert listed.acknowledged == [None]


async def test_a_message_that_fails_goes_to_quarantine_as_it_was_read():
    output = ListOutput()
    bad = "{label: bad, mapping: 'root = this.b.uppercase()'}"
    text = f"{ENDS}pipeline: {{processors: [{{mapping: 'root.a = 1'}}, {bad}]}}\n"
    pipeline, listed, quarantine = made(text, [[message(b'{"in":1}', 7)]], output)
    await pipeline.run()
    assert output.taken == []
    (held,) = quarantine.held
    assert (held.stage, held.line, held.content, held.position) == ("bad", 1, b'{"in":1}', "orders/0@7")
    assert listed.acknowledged == [None]


async def test_in_dialect_tyk_a_message_that_fails_flows_on_flagged():
    output = ListOutput()
    text = mapped("root = this.b.uppercase()")
    pipeline, _, quarantine = made(text, [[message(b"{}")]], output, dialect="tyk")
    await pipeline.run()
    assert [one.error is not None for one in output.taken] == [True]
    assert quarantine.held == []


async def test_what_the_output_did_not_take_is_tried_again_and_nothing_else():
    output = ListOutput()
    output.failures = [BatchError({1: OutputError("busy")})]
    pipeline, listed, _ = made(ENDS, [[message(b"1"), message(b"2", 1)]], output)
    await pipeline.run()
    assert [one.content for one in output.taken] == [b"2"]
    assert listed.acknowledged == [None]


async def test_a_message_the_output_rejects_goes_to_quarantine_in_either_dialect():
    for dialect in ("sluice", "tyk"):
        output = ListOutput()
        output.failures = [BatchError({0: RejectedMessageError("too large")})]
        pipeline, listed, quarantine = made(ENDS, [[message(b"1")]], output, dialect=dialect)
        await pipeline.run()
        assert [held.error for held in quarantine.held] == ["too large"]
        assert listed.acknowledged == [None]


async def test_a_stream_that_stops_gives_back_what_its_output_never_took():
    output = ListOutput()
    output.failures = [OutputError("away")] * 1000
    pipeline, listed, _ = made(ENDS, [[message(b"1")]], output)
    running = asyncio.create_task(pipeline.run())
    while not output.failures or len(output.failures) == 1000:
        await asyncio.sleep(0)
    pipeline.stop()
    await running
    assert isinstance(listed.acknowledged[0], StreamStoppedError)


async def test_fan_out_tries_only_the_output_that_failed_again():
    good, bad = ListOutput(), ListOutput()
    bad.failures = [OutputError("busy")]
    text = "input: {listed: {}}\noutput: {broker: {outputs: [{kept0: {}}, {kept1: {}}]}}\n"
    pipeline, listed, _ = made(text, [[message(b"1")]], good, bad)
    await pipeline.run()
    assert [one.content for one in good.taken] == [b"1"]
    assert [one.content for one in bad.taken] == [b"1"]
    assert listed.acknowledged == [None]


async def test_round_robin_deals_messages_out_in_turn():
    one, two = ListOutput(), ListOutput()
    text = (
        "input: {listed: {}}\noutput: {broker: {pattern: round_robin, outputs: [{kept0: {}}, {kept1: {}}]}}\n"
    )
    batches = [[message(b"%d" % n, n) for n in range(3)], [message(b"3", 3)]]
    pipeline, _, _ = made(text, batches, one, two)
    await pipeline.run()
    assert sorted(each.content for each in one.taken) == [b"0", b"2"]
    assert sorted(each.content for each in two.taken) == [b"1", b"3"]


async def test_processors_beside_an_output_touch_that_output_only():
    plain, changed = ListOutput(), ListOutput()
    text = (
        "input: {listed: {}}\noutput: {broker: {outputs: [{kept0: {}},"
        " {kept1: {}, processors: [{mapping: 'root = this.a'}]}]}}\n"
    )
    pipeline, _, _ = made(text, [[message(b'{"a":"x"}')]], plain, changed)
    await pipeline.run()
    assert [one.content for one in plain.taken] == [b'{"a":"x"}']
    assert [one.content for one in changed.taken] == [b"x"]


async def test_a_broker_ends_when_its_inputs_have_and_runs_their_processors_first():
    output = ListOutput()
    text = """
input:
  broker:
    inputs:
      - generate: {mapping: 'root = "a"', interval: '', count: 2}
        processors: [{mapping: 'root = content().string() + "1"'}]
      - generate: {mapping: 'root = "b"', interval: '', count: 1}
  processors: [{mapping: 'root = content().string() + "2"'}]
output: {kept0: {}}
"""
    pipeline, _, _ = made(text, [], output)
    await pipeline.run()
    assert sorted(one.content for one in output.taken) == [b"a12", b"a12", b"b2"]


async def test_generated_messages_have_identities_of_their_own_and_end_at_the_count():
    output = ListOutput()
    text = "input: {generate: {mapping: 'root = 1', interval: '', count: 5, batch_size: 2}}\noutput: {kept0: {}}\n"
    pipeline, _, _ = made(text, [], output)
    await pipeline.run()
    assert len({one.source.identity for one in output.taken if one.source}) == 5


async def test_what_the_output_lets_go_of_goes_back_to_the_input_while_the_rest_goes_on():
    output = ListOutput()
    output.failures = [StreamStoppedError("another process has it now")]
    pipeline, listed, _ = made(ENDS, [[message(b"1")], [message(b"2", 1)]], output)
    await pipeline.run()
    assert [type(told) for told in listed.acknowledged] == [StreamStoppedError, type(None)]
    assert [one.content for one in output.taken] == [b"2"]


class Stuck(ListOutput):
    """Takes what it is given and never says so."""

    async def write(self, messages):
        await super().write(messages)
        await asyncio.Event().wait()


WAITING = "pipeline: {processors: [{label: slow, sleep: {duration: 1h}}]}\n"
BATCHED = "input: {listed: {}}\noutput: {broker: {outputs: [{kept0: {}}], batching: {count: 1}}}\n"


@pytest.mark.parametrize(("text", "read"), [(ENDS, 64), (ENDS + WAITING, 1), (BATCHED, 64)])
async def test_whatever_holds_a_stream_up_it_ends_in_time_and_gives_everything_back(text, read):
    batches = [[message(b"1", number)] for number in range(100)]
    pipeline, listed, _ = made(f"{text}shutdown_timeout: 10ms\n", batches, Stuck())
    running = asyncio.create_task(pipeline.run())
    async with asyncio.timeout(20):
        while pipeline.received < read:
            await asyncio.sleep(0)
        pipeline.stop()
        await running
    assert [type(told) for told in listed.acknowledged] == [StreamStoppedError] * read


async def test_a_fault_of_one_output_repeats_nothing_in_the_others():
    good, faulty = ListOutput(), ListOutput()
    faulty.failures = [RuntimeError("a fault of its own")]
    text = "input: {listed: {}}\noutput: {broker: {outputs: [{kept0: {}}, {kept1: {}}]}}\n"
    pipeline, listed, _ = made(text, [[message(b"1")]], good, faulty)
    await pipeline.run()
    assert [one.content for one in good.taken] == [one.content for one in faulty.taken] == [b"1"]
    assert listed.acknowledged == [None]
