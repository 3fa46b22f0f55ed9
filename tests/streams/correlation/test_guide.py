"""The guide in docs/how-to/correlate.md does what it says."""

import json
import re
from pathlib import Path

import pytest
import yaml

from portal.components import every_component
from streams.pipeline import Pipeline
from streams.spec import ComponentSpec, Kind, Rules
from tests.streams.correlation.test_correlating_inputs import Feed, message
from tests.streams.making import IDENTITY, ListOutput, MemoryQuarantine, findings, stream

GUIDE = (Path(__file__).parents[3] / "docs/how-to/correlate.md").read_text()
STREAMS = re.findall(r"```yaml\n(.*?)```", GUIDE, re.DOTALL)
CACHE = [{"label": "kept", "memory": {}}]


def test_there_is_a_stream_for_each_step():
    assert len(STREAMS) == 5


@pytest.mark.parametrize("text", STREAMS)
def test_its_streams_are_good(text):
    rules = Rules(event_types=frozenset({"order.unpaid", "card.emptied"}))
    assert findings(text, every_component(), rules) == []


async def matches(text, correlator, **feeds):
    """What a stream of the guide gives, when its inputs are lists and its state is in memory."""
    configuration = yaml.safe_load(text)
    body = configuration["input"][correlator]
    for name, events in feeds.items():
        body[name] = {f"feed_{name}": {}, "processors": body[name].get("processors", [])}
        feeds[name] = Feed([message(event, 0, at) for at, event in enumerate(events)])
    configuration |= {"cache_resources": CACHE, "output": {"kept": {}}}
    body["state"] = "kept"
    output = ListOutput()
    ends = [
        ComponentSpec(Kind.INPUT, f"feed_{name}", "", lambda *_, made=feed: made)
        for name, feed in feeds.items()
    ]
    ends.append(ComponentSpec(Kind.OUTPUT, "kept", "", lambda *_: output))
    checked = stream(json.dumps(configuration), every_component().with_component(*ends))
    await Pipeline(checked, IDENTITY, {}, MemoryQuarantine()).run()
    return [one.value for one in output.taken]


def payment(number, minute, amount, **more):
    event = {"id": f"p-{number}", "card": "4000", "order": "o-1", "kind": "payment", "amount": amount}
    return {**event, "at": f"2026-01-01T10:{minute:02}:00Z", **more}


async def test_the_sequence_is_found_out_of_order_and_once():
    events = [payment(8, 2, 1), payment(7, 0, 1.5), payment(7, 0, 1.5), payment(9, 4, 900)]
    [found] = await matches(STREAMS[3], "pattern", input=events)
    assert (found["key"], found["started"], found["ended"]) == (
        "4000",
        "2026-01-01T10:00:00Z",
        "2026-01-01T10:04:00Z",
    )
    assert [one["id"] for one in found["steps"]["tried"]] == ["p-7", "p-8"]
    assert (found["steps"]["confirmed"], found["steps"]["emptied"]["id"]) == (None, "p-9")


async def test_a_confirmation_between_them_prevents_it():
    events = [payment(7, 0, 1.5), payment(8, 2, 1), payment(1, 3, 0, kind="confirmation"), payment(9, 4, 900)]
    assert await matches(STREAMS[3], "pattern", input=events) == []


async def test_orders_that_nobody_paid_are_found():
    orders = [{"id": f"o-{at}", "at": f"2026-01-01T{9 + at:02}:00:00Z"} for at in (1, 2, 5)]
    paid = [payment(1, 30, 5), payment(2, 0, 5, order="o-x", at="2026-01-01T14:00:00Z")]
    found = await matches(STREAMS[2], "join", left=orders, right=paid)
    assert [one["id"] for one in found] == ["o-2"]
