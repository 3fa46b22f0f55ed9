"""Processes that correlate are killed again and again: every match comes out, and none that is not.

Each process reads the topic from its beginning, as if nothing had been acknowledged: the worst that a crash can do.
"""

import json
import random
import signal
import subprocess
import sys
import time

import pytest
from confluent_kafka import Producer

from gateway.models import Correlation
from streams.correlation.event import Event
from streams.correlation.key_state import KeyState, advanced, with_events
from streams.correlation.pattern import Pattern, Step
from tests.factories.gateway import ApiDefinitionFactory

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow, pytest.mark.timeout(600)]
DEADLINE = 200
LATENESS = 500
STREAM = """
input:
  pattern:
    input: {{kafka: {{addresses: ['{bootstrap}'], topics: [{topic}], consumer_group: {group}}}}}
    key: ${{! this.card }}
    timestamp_mapping: root = this.at / 1000
    identity: ${{! this.id }}
    within: 2s
    allowed_lateness: 500ms
    idle: 5s
    steps:
      - {{name: tried, check: this.kind == 0, times: 2}}
      - {{name: confirmed, check: this.kind == 1, absent: true}}
      - {{name: emptied, check: this.kind == 2}}
output: {{kept0: {{}}}}
"""
STEPS = (Step("tried", 0), Step("tried", 0), Step("confirmed", 1, absent=True), Step("emptied", 2))


def make_events(chance):
    """Events in the order in which they happened."""
    return [
        {
            "id": number,
            "card": f"card-{chance.randrange(12)}",
            "at": 1_600_000_000_000 + number * 40,
            "kind": kind,
        }
        for number in range(600)
        for kind in [chance.choice([0, 0, 1, 2])]
    ]


def expected(events):
    """What the pure rules find in order."""
    decider, matches = Pattern(STEPS, 2000), set()
    for card in {event["card"] for event in events}:
        mine = [event for event in events if event["card"] == card]
        own = [Event(event["at"], str(event["id"]), (event["kind"],), event["id"]) for event in mine]
        state = advanced(card, with_events(KeyState(), own)[0], decider, 10**15)
        matches |= {_shown(match.document) for match in state.fired}
    return matches


def _shown(match):
    def number(event):
        return event["id"] if isinstance(event, dict) else event

    steps = match["steps"]
    return match["key"], tuple(map(number, steps["tried"])), number(steps["emptied"])


def produce(bootstrap, topic, events, chance):
    """In an order that the lateness allows, some twice; then one from far away that ends the time of all."""
    arrivals = [(event["at"] + chance.uniform(0, LATENESS), event) for event in events]
    arrivals += [(at + 1, event) for at, event in arrivals if chance.random() < 0.2]
    producer = Producer({"bootstrap.servers": bootstrap})
    for _, event in sorted(arrivals, key=lambda arrival: arrival[0]):
        producer.produce(topic, json.dumps(event))
    producer.produce(topic, json.dumps({"id": -1, "card": "end", "at": 1_700_000_000_000, "kind": 1}))
    assert producer.flush(DEADLINE) == 0


def found(path):
    """What came out, without what came again; the last line may be half written."""
    lines = path.read_text().split("\n")[:-1] if path.exists() else []
    return {_shown(json.loads(line)) for line in lines}


def test_killed_processes_lose_nothing_and_make_nothing_up(
    tmp_path, postgres_url, tansu_bootstrap, topic_factory
):
    chance = random.Random(7)
    topic, events = topic_factory(tansu_bootstrap), make_events(chance)
    wanted = expected(events)
    assert len(wanted) > 20
    produce(tansu_bootstrap, topic, events, chance)
    text, out = tmp_path / "stream.yaml", tmp_path / "matches"
    definition = ApiDefinitionFactory()
    module = "tests.streams.correlation.correlating_process"
    command = [sys.executable, "-m", module, str(text), str(out), postgres_url, str(definition.pk)]
    for number in range(3):
        group = f"killed-{topic}-{number}"
        text.write_text(STREAM.format(bootstrap=tansu_bootstrap, topic=topic, group=group))
        before = version()
        process = subprocess.Popen(command)
        try:
            if number < 2:
                wait_until(lambda before=before: version() > before + 1)
                time.sleep(chance.uniform(0, 0.5))
            else:
                wait_until(lambda: found(out) == wanted)
        finally:
            process.send_signal(signal.SIGKILL)
            process.wait()
    assert found(out) == wanted


def version():
    """How often the state was written."""
    common = Correlation.objects.filter(key="").first()
    return 0 if common is None else common.version


def wait_until(true):
    until = time.monotonic() + DEADLINE
    while not true():
        assert time.monotonic() < until
        time.sleep(0.05)
