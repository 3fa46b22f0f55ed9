"""`pattern` and `join` in streams: what goes in, what comes out, what happens to what is no event."""

import asyncio

import pytest

from streams.caches.local import LocalCache
from streams.correlation.clock import Patience
from streams.correlation.correlating_input import TICK_SECONDS, CorrelatingInput
from streams.correlation.correlator import Correlator
from streams.correlation.event import Event
from streams.correlation.pattern import Pattern, Step
from streams.correlation.state import CacheState
from streams.errors import EndOfInput, OutputError
from streams.message import Message, Source
from streams.pipeline import Pipeline
from streams.spec import Batch, ComponentSpec, Kind, Severity
from streams.statistics import SourceStatus
from tests.streams.making import IDENTITY, ListOutput, MemoryQuarantine, findings, stream, with_ends

CACHE = "cache_resources: [{label: kept, memory: {}}]\n"


def message(value, time, at, partition=0):
    return Message(value=value, source=Source(b"%d/%d" % (partition, at), time, f"t/{partition}@{at}"))


class Feed:
    """An input that gives batches of a list and then waits, or ends; remembers what it was told."""

    def __init__(self, *batches, ends=True):
        self.left = [list(batch) for batch in batches]
        self.acknowledged = []
        self.ends = ends
        self.closed = False

    async def connect(self): ...

    async def close(self):
        self.closed = True

    async def read(self):
        while not self.left:
            if self.ends:
                raise EndOfInput
            await asyncio.sleep(0.01)

        async def acknowledge(error):
            self.acknowledged.append(error)

        return Batch(self.left.pop(0), acknowledge)


def registry(output, **feeds):
    specs = [ComponentSpec(Kind.INPUT, name, "", lambda *_, made=feed: made) for name, feed in feeds.items()]
    return with_ends(Feed(), output).with_component(*specs)


def pattern(more="", steps="[{name: a, check: this.n == 1}, {name: b, check: this.n == 2}]"):
    fields = f"key: '${{! this.k }}', within: 10s, idle: 0s, state: kept, steps: {steps}{more}"
    return f"{CACHE}input: {{pattern: {{input: {{feed: {{}}}}, {fields}}}}}\noutput: {{kept0: {{}}}}\n"


def pipeline(text, output, quarantine=None, **feeds):
    checked = stream(text, registry(output, **feeds))
    return Pipeline(checked, IDENTITY, {}, quarantine or MemoryQuarantine())


async def run(text, *batches):
    output, quarantine, feed = ListOutput(), MemoryQuarantine(), Feed(*batches)
    await pipeline(text, output, quarantine, feed=feed).run()
    assert feed.acknowledged == [None] * len(batches)
    return output.taken, quarantine.held


async def test_a_sequence_comes_out_as_one_message():
    [found], _ = await run(
        pattern(),
        [
            message({"k": "x", "n": 1}, 1_600_000_000_000, 0),
            message({"k": "y", "n": 2}, 1_600_000_001_000, 1),
        ],
        [message({"k": "x", "n": 2}, 1_600_000_002_500, 2)],
    )
    assert found.value == {
        "key": "x",
        "started": "2020-09-13T12:26:40Z",
        "ended": "2020-09-13T12:26:42.5Z",
        "steps": {"a": {"k": "x", "n": 1}, "b": {"k": "x", "n": 2}},
    }
    assert found.metadata == {"correlation_key": "x"}
    assert (found.source.timestamp_ms, len(found.source.identity)) == (1_600_000_002_500, 16)


async def test_the_time_may_stand_in_the_event_and_the_order_of_arrival_does_not_count():
    text = pattern(", timestamp_mapping: root = this.at, allowed_lateness: 5s")
    late = {"k": "x", "n": 1, "at": "2020-01-01T00:00:00Z"}
    [found], _ = await run(
        text, [message({"k": "x", "n": 2, "at": 1577836803.5}, 9, 0)], [message(late, 9, 1)]
    )
    assert (found.value["started"], found.value["ended"]) == (
        "2020-01-01T00:00:00Z",
        "2020-01-01T00:00:03.5Z",
    )


async def test_an_event_that_comes_twice_counts_once():
    steps = "[{name: a, check: this.n == 1, times: 2}]"
    again = [[message({"k": "x", "n": 1, "id": 7}, 1000, at)] for at in (0, 1)]
    assert await run(pattern(", identity: '${! this.id }'", steps), *again) == ([], [])
    again = [[message({"k": "x", "n": 1}, 1000, 0)], [message({"k": "x", "n": 1}, 1000, 0)]]
    assert await run(pattern("", steps), *again) == ([], [])


async def test_what_is_no_event_goes_to_quarantine_and_the_rest_goes_on():
    text = pattern(", timestamp_mapping: root = this.at")
    bad = [message({"k": "x", "n": 1, "at": "soon"}, 0, 0), message({"n": 1, "at": 1}, 0, 1)]
    good = [message({"k": "x", "n": n, "at": n}, 0, 2 + n) for n in (1, 2)]
    taken, held = await run(text, [*bad, *good])
    assert len(taken) == 1
    assert [one.position for one in held] == ["t/0@0", "t/0@1"]
    assert held[1].error == "the event has no key"
    assert "`timestamp_mapping` gives no moment" in held[0].error


async def test_a_mended_event_is_taken_from_quarantine_and_a_late_one_is_not():
    output, quarantine = ListOutput(), MemoryQuarantine()
    feed = Feed([message({"k": "x", "n": 2}, 1000, 0), message({"n": 1}, 900, 1)], ends=False)
    text = pattern(", allowed_lateness: 5s")
    running = pipeline(text, output, quarantine, feed=feed)
    task = asyncio.create_task(running.run())
    async with asyncio.timeout(20):
        while not quarantine.held:
            await asyncio.sleep(0.01)
    await running.reprocess([message({"k": "x", "n": 1}, 900, 1)])
    feed.left.append([message({"k": "y", "n": 1}, 100_000, 2)])
    async with asyncio.timeout(20):
        while not output.taken:
            await asyncio.sleep(0.01)
    with pytest.raises(OutputError, match="the moment of this event is over"):
        await running.reprocess([message({"k": "z", "n": 1}, 901, 3)])
    running.stop()
    await task
    assert [one.value["key"] for one in output.taken] == ["x"]


async def test_processors_beside_the_input_filter_and_enrich_events():
    text = pattern().replace("feed: {}", 'feed: {}, processors: [{mutation: "root.n = this.n + 1"}]')
    events = [message({"k": "x", "n": n}, n, n) for n in (0, 1)]
    taken, held = await run(text, [*events, message({"k": "x", "n": "bad"}, 5, 5)])
    assert [one.value["steps"]["b"]["n"] for one in taken] == [2]
    assert held[0].content == b'{"k":"x","n":"bad"}'


async def test_a_check_that_fails_counts_as_false():
    steps = "[{name: a, check: this.n > 1}]"
    events = [message({"k": "x", "n": 2}, 2, 2), message({"k": "x"}, 9, 9)]
    taken, held = await run(pattern("", steps), events)
    assert (len(taken), held) == (1, [])


async def test_two_inputs_are_joined():
    text = f"""{CACHE}
input:
  join:
    left: {{orders: {{}}}}
    right: {{payments: {{}}}}
    type: left
    key: ${{! this.id }}
    within: 10s
    state: kept
output: {{kept0: {{}}}}
"""
    output = ListOutput()
    orders = Feed([message({"id": at}, 1000 * at, at) for at in (1, 2, 30)])
    payments = Feed([message({"id": 1, "paid": True}, 2000, 0)])
    await pipeline(text, output, orders=orders, payments=payments).run()
    found = {one.value["key"]: (one.value["left"], one.value["right"]) for one in output.taken}
    assert found == {"1": ({"id": 1}, {"id": 1, "paid": True}), "2": ({"id": 2}, None)}
    assert (orders.closed, payments.closed) == (True, True)


async def test_time_alone_completes_an_absence_while_no_event_comes():
    steps = "[{name: a, check: this.n == 1}, {name: b, check: this.n == 2, absent: true}]"
    text = pattern("", steps).replace("within: 10s", "within: 50ms")
    output, feed = ListOutput(), Feed([message({"k": "x", "n": 1}, 1000, 0)], ends=False)
    running = pipeline(text, output, feed=feed)
    task = asyncio.create_task(running.run())
    async with asyncio.timeout(20):
        while not output.taken:
            await asyncio.sleep(0.01)
    running.stop()
    await task
    assert output.taken[0].value["steps"] == {"a": {"k": "x", "n": 1}, "b": None}


async def test_time_stands_still_while_an_input_cannot_read():
    """Two days pass: what was written meanwhile is not late when it comes."""
    now, status = 10**6, [SourceStatus(error="no broker answers")]
    decider = Pattern((Step("a", 0), Step("b", 1, absent=True)), 10)
    correlator = Correlator(decider, Patience(0, 500), CacheState(LocalCache(), "s"), lambda: now)
    feed = Feed(ends=False)
    joined = CorrelatingInput([feed], None, correlator, "pattern", [lambda: status[0]])
    await joined.connect()
    await correlator.take([("k", Event(1000, "1", (0,), "first"))], {"": 1000})
    now += 2 * 86_400_000
    reading = asyncio.create_task(joined.read())
    done, _ = await asyncio.wait([reading], timeout=3 * TICK_SECONDS)
    assert not done
    status[0] = SourceStatus()
    waited = [Event(1005, "2", (1,), "prevents it"), Event(1020, "3", (0,), "second")]
    await correlator.take([("k", event) for event in waited], {"": 1020})
    now += 1000
    async with asyncio.timeout(20):
        batch = await reading
    await joined.close()
    assert [one.value["steps"]["a"] for one in batch.messages] == ["second"]


def problems(text, **feeds):
    found = findings(text, registry(ListOutput(), feed=Feed(), **feeds))
    return [one.code for one in found if one.severity is Severity.ERROR]


@pytest.mark.parametrize(
    ("steps", "code"),
    [
        ("[]", "bad_steps"),
        ("[{name: a, check: 'true', absent: true}]", "bad_steps"),
        ("[{name: a, check: 'true'}, {name: a, check: 'true'}]", "bad_steps"),
        ("[{name: a, check: 'true', times: 0}]", "bad_steps"),
        ("[{name: a, check: 'true', times: 51}]", "bad_steps"),
        ("[{name: a, check: ''}]", "bad_mapping"),
        ("[{name: a, check: 'this ='}]", "bad_mapping"),
        ("[{check: 'true'}]", "missing_field"),
    ],
)
def test_steps_that_cannot_be_are_refused(steps, code):
    assert problems(pattern("", steps)) == [code]


def test_durations_and_inputs_that_cannot_be_are_refused():
    assert problems(pattern().replace("within: 10s", "within: 0s")) == ["wrong_value"]
    assert problems(pattern(", allowed_lateness: -1s")) == ["wrong_value"]


def test_such_a_stream_runs_in_one_worker_at_a_time():
    assert stream(pattern(), registry(ListOutput(), feed=Feed())).single
