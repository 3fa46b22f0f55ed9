"""Inputs made of others: sequence, read_until, batched, broker, inproc and resource."""

from __future__ import annotations

import asyncio

import pytest

from streams.channels import Channels
from streams.errors import BatchError, ConnectError, EndOfInput, OutputError, StreamStoppedError
from streams.outputs.inproc import INPROC
from streams.spec import BuildContext, Severity
from tests.streams.inputs.reading import READ_SECONDS, built, next_batch, texts
from tests.streams.making import IDENTITY, ListInput, findings, message, stream, with_ends


def numbered(*contents):
    return [message(content.encode(), number) for number, content in enumerate(contents)]


class Waiting(ListInput):
    """Gives its batches and then nothing, until it is closed."""

    async def read(self):
        if not self.left:
            await asyncio.Event().wait()
        return await super().read()


async def read_all(reading):
    """Everything an input gives until it ends, batch by batch, acknowledged as it comes."""
    await reading.connect()
    batches = []
    while True:
        try:
            batch = await next_batch(reading)
        except EndOfInput:
            await reading.close()
            return batches
        batches.append(texts(batch.messages))
        await batch.acknowledge(None)


def generate(text, count=1):
    return f"{{generate: {{mapping: 'root = \"{text}\"', interval: '', count: {count}}}}}"


async def test_a_sequence_reads_one_input_after_the_other():
    reading = built(f"{{sequence: {{inputs: [{generate('a', 2)}, {generate('b')}]}}}}")
    assert await read_all(reading) == [["a"], ["a"], ["b"]]


async def test_a_sequence_waits_for_an_input_that_cannot_be_reached_yet(monkeypatch):
    monkeypatch.setattr("streams.inputs.sequence._FIRST_PAUSE", 0.001)

    class Away(ListInput):
        failures = 2

        async def connect(self):
            if self.failures:
                self.failures -= 1
                raise ConnectError("away")

    listed = Away([numbered("b")])
    reading = built(
        f"{{sequence: {{inputs: [{generate('a')}, {{listed: {{}}}}]}}}}", registry=with_ends(listed)
    )
    assert await read_all(reading) == [["a"], ["b"]]


async def test_read_until_ends_with_the_message_that_passes_and_when_it_is_taken():
    listed = Waiting([numbered("1", "2"), numbered("3", "4", "5"), numbered("6")])
    reading = built("{read_until: {check: this >= 4, input: {listed: {}}}}", registry=with_ends(listed))
    await reading.connect()
    first, last = await next_batch(reading), await next_batch(reading)
    assert (texts(first.messages), texts(last.messages)) == (["1", "2"], ["3", "4"])
    assert [one.metadata for one in last.messages] == [{}, {"bento_read_until": "final"}]
    ending = asyncio.create_task(reading.read())
    await first.acknowledge(None)
    await last.acknowledge(None)
    with pytest.raises(EndOfInput):
        await asyncio.wait_for(ending, READ_SECONDS)
    # What was read with it and comes after it is offered again another time.
    assert [type(told) for told in listed.acknowledged] == [type(None), StreamStoppedError]
    await reading.close()


async def test_read_until_goes_on_where_nobody_took_the_last_message():
    listed = Waiting([numbered("1"), numbered("1")])
    reading = built("{read_until: {check: this == 1, input: {listed: {}}}}", registry=with_ends(listed))
    await reading.connect()
    for error in (OutputError("full"), None):
        await (await next_batch(reading)).acknowledge(error)
    with pytest.raises(EndOfInput):
        await next_batch(reading)
    await reading.close()


async def test_read_until_ends_after_a_silence():
    listed = Waiting([numbered("1")])
    reading = built("{read_until: {idle_timeout: 20ms, input: {listed: {}}}}", registry=with_ends(listed))
    assert await read_all(reading) == [["1"]]


async def test_read_until_begins_anew_where_the_input_ends_by_itself():
    reading = built(
        f'{{read_until: {{check: count("t") >= 3, restart_input: true, input: {generate("a")}}}}}'
    )
    assert await read_all(reading) == [["a"]] * 3


async def test_a_check_that_fails_counts_as_false():
    reading = built(f"{{read_until: {{check: this.a.b.uppercase() == 1, input: {generate('a')}}}}}")
    assert await read_all(reading) == [["a"]]


async def test_batched_puts_messages_together_and_acknowledges_what_they_were_read_in():
    listed = ListInput([numbered("1", "2", "3"), numbered("4")])
    policy = "{count: 2, processors: [{archive: {format: lines}}]}"
    reading = built(f"{{batched: {{child: {{listed: {{}}}}, policy: {policy}}}}}", registry=with_ends(listed))
    await reading.connect()
    first, second = await next_batch(reading), await next_batch(reading)
    assert (texts(first.messages), texts(second.messages)) == (["1\n2"], ["3\n4"])
    await first.acknowledge(None)
    assert listed.acknowledged == []
    await second.acknowledge(OutputError("full"))
    assert [str(told) for told in listed.acknowledged] == ["full", "full"]
    await reading.close()


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ("{byte_size: 3}", [["11", "2"], ["3", "44"]]),
        ("{check: this == 2}", [["11", "2"], ["3", "44"]]),
        ("{count: 3}", [["11", "2", "3"], ["44"]]),
        ("{period: 60s}", [["11", "2", "3", "44"]]),
    ],
)
async def test_each_policy_says_when_there_is_a_batch(policy, expected):
    listed = ListInput([numbered("11", "2", "3", "44")])
    reading = built(f"{{batched: {{child: {{listed: {{}}}}, policy: {policy}}}}}", registry=with_ends(listed))
    assert await read_all(reading) == expected


async def test_messages_wait_for_others_no_longer_than_the_period():
    listed = Waiting([numbered("1")])
    reading = built(
        "{batched: {child: {listed: {}}, policy: {count: 9, period: 20ms}}}", registry=with_ends(listed)
    )
    await reading.connect()
    assert texts((await next_batch(reading)).messages) == ["1"]
    await reading.close()


async def test_processors_beside_an_input_run_before_its_messages_are_put_together():
    listed = ListInput([numbered("1", "2", "3")])
    child = "{listed: {}, processors: [{mapping: 'root = if this == 2 { deleted() } else { this * 10 }'}]}"
    reading = built(f"{{broker: {{inputs: [{child}], batching: {{count: 2}}}}}}", registry=with_ends(listed))
    assert await read_all(reading) == [["10", "30"]]
    assert listed.acknowledged == [None]


@pytest.mark.parametrize(
    "reading",
    [
        "{broker: {inputs: [{listed: {}}]}}",
        "{batched: {child: {listed: {}}, policy: {count: 2}}}",
        "{read_until: {idle_timeout: 60s, input: {listed: {}}}}",
        "{sequence: {inputs: [{listed: {}}]}}",
    ],
)
@pytest.mark.parametrize("error", [ConnectError("away"), RuntimeError("a fault of its own")])
async def test_what_goes_wrong_in_an_input_is_heard_of_outside(reading, error):
    class Failing(ListInput):
        async def read(self):
            raise error

    made = built(reading, registry=with_ends(Failing([])))
    await made.connect()
    with pytest.raises(type(error), match=str(error)):
        await next_batch(made)
    await made.close()


async def test_a_resource_is_read_with_the_processors_beside_both():
    resources = (
        "input_resources:\n  - {label: source, generate: {mapping: 'root = \"a\"', interval: '', count: 1}, "
        "processors: [{mapping: 'root = content().string() + \"1\"'}]}"
    )
    inside = "{broker: {inputs: [{resource: source, processors: [{mapping: 'root = content().string() + \"2\"'}]}]}}"
    for reading in ("{resource: source}", inside):
        text = f"input: {reading}\noutput: {{drop: {{}}}}\n{resources}\n"
        assert stream(text).single
    (batch,) = [await next_batch(one) for one in [built("{resource: source}", resources=resources)]]
    assert texts(batch.messages) == ["a"]
    assert len(batch.before) == 1


async def test_inproc_hands_messages_and_their_acknowledgement_over():
    channels = Channels()
    services = {Channels: channels}
    reading = built("{inproc: steps}", services)
    writing = INPROC.build({"name": "steps"}, BuildContext(IDENTITY, services))
    for error in (None, OutputError("full"), StreamStoppedError("over"), BatchError({1: OutputError("bad")})):
        handing = asyncio.create_task(writing.write(numbered("1", "2")))
        batch = await next_batch(reading)
        assert (texts(batch.messages), batch.grouped) == (["1", "2"], True)
        await batch.acknowledge(error)
        told = (await asyncio.gather(handing, return_exceptions=True))[0]
        assert not isinstance(told, StreamStoppedError)
        assert str(told) == str(error)


@pytest.mark.parametrize(
    "reading",
    [
        "{inproc: steps}",
        "{batched: {child: {inproc: steps}, policy: {count: 9}}}",
        "{broker: {inputs: [{inproc: steps}]}}",
    ],
)
async def test_what_inproc_has_not_dealt_with_at_its_end_goes_back_to_the_stream_that_wrote_it(reading):
    services = {Channels: Channels()}
    made = built(reading, services)
    writing = INPROC.build({"name": "steps"}, BuildContext(IDENTITY, services))
    await made.connect()
    handing = asyncio.create_task(writing.write(numbered("1")))
    if "count" not in reading:
        await next_batch(made)
    for _ in range(5):
        await asyncio.sleep(0)
    await made.close()
    with pytest.raises(OutputError, match="has ended"):
        await asyncio.wait_for(handing, READ_SECONDS)


ENDS = "output: {drop: {}}\n"
HTTP = "generate: {mapping: root = 1}"


@pytest.mark.parametrize(
    ("reading", "expected"),
    [
        ("{sequence: {inputs: []}}", "missing_field"),
        (f"{{sequence: {{inputs: [{generate('a')}], sharded_join: {{type: outer}}}}}}", "field_refused"),
        (f"{{read_until: {{input: {generate('a')}}}}}", "missing_field"),
        ("{resource: nothing}", "resource_unknown"),
        (f"{{batched: {{child: {generate('a')}, policy: {{count: -1}}}}}}", "wrong_value"),
    ],
)
def test_what_is_wrong_with_inputs_of_inputs_is_said(reading, expected):
    found = findings(f"input: {reading}\n{ENDS}")
    assert [(one.code, one.severity) for one in found] == [(expected, Severity.ERROR)]
