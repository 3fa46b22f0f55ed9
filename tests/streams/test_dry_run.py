"""What a dry run shows of a stream, and that nothing outside is reached by it."""

import asyncio

import pytest

from streams.builtin import core_registry
from streams.dry_run import trial
from streams.dry_run.places import find_stage, place_of
from streams.dry_run.topics import topic_readings
from streams.dry_run.trial import Outcome, dry_run
from streams.spec import DryRun, Kind
from tests.streams.making import message, stream

NOWHERE = "http://127.0.0.1:1/"


def run(text, *contents, before=(), dialect="sluice", grouped=False):
    made = stream(text)
    messages = [message(content, number) for number, content in enumerate(contents)]
    batches = [messages] if grouped else [[one] for one in messages]
    return asyncio.run(dry_run(made, before, dialect, batches, grouped=grouped))


def piped(processors, output="{drop: {}}", more=""):
    reading = "input: {generate: {mapping: root = 1}}"
    return f"{reading}\npipeline: {{processors: [{processors}]}}\noutput: {output}\n{more}"


def contents(one):
    return [written.message.content for written in one.written]


def test_what_comes_out_what_is_dropped_and_what_fails_are_told_apart():
    mapping = 'root = if this.kind == "noise" { deleted() } else { this.kind.number() + 1 }'
    kinds = (b'{"kind":"1"}', b'{"kind":"noise"}', b'{"kind":"x"}')
    good, noise, bad = run(piped(f"{{mapping: '{mapping}'}}, {{noop: {{}}}}"), *kinds)
    assert (good.outcome, contents(good)) == (Outcome.WRITTEN, [b"2"])
    assert (noise.outcome, noise.written, noise.dropped_by) == (
        Outcome.DROPPED,
        (),
        "pipeline.processors.0",
    )
    assert (bad.outcome, bad.written) == (Outcome.QUARANTINED, ())
    (held,) = bad.held
    assert (held.stage, held.line, held.content) == ("pipeline.processors.0", 1, b'{"kind":"x"}')
    assert held.position == "orders/0@2"


def test_one_message_may_become_several_of_which_some_fail():
    (one,) = run(
        piped("{unarchive: {format: json_array}}, {mapping: 'root = this.number()'}"), b'["1","x","3"]'
    )
    assert (one.outcome, contents(one), len(one.held)) == (Outcome.QUARANTINED, [b"1", b"3"], 1)


def test_in_the_dialect_of_tyk_what_failed_flows_on_with_its_error():
    (one,) = run(piped("{mapping: 'root = this.number()'}"), b'"x"', dialect="tyk")
    assert (one.outcome, contents(one), one.held) == (Outcome.WRITTEN, [b'"x"'], ())
    assert one.written[0].message.error.stage == "pipeline.processors.0"


@pytest.mark.parametrize(
    "processor",
    [
        f"{{http: {{url: '{NOWHERE}'}}}}",
        "{sql_raw: {driver: sqlite, dsn: 'x.db', query: 'delete from orders'}}",
        "{cache: {resource: remote, operator: set, key: a, value: b}}",
        "{dedupe: {cache: remote, key: a}}",
        "{log: {message: hello}}",
    ],
)
def test_what_reaches_outside_is_passed_unchanged_and_said(processor):
    resources = "cache_resources: [{label: remote, redis: {url: 'redis://127.0.0.1:1'}}]"
    (one,) = run(piped(f"{processor}, {{mapping: 'root = this.x'}}", more=resources), b'{"x":1}')
    assert (one.outcome, contents(one)) == (Outcome.WRITTEN, [b"1"])
    (left_out,) = one.left_out
    assert left_out.reason is DryRun.OUTSIDE
    assert left_out.component.pointer == "/pipeline/processors/0"


def test_waits_are_passed_and_a_processor_deep_inside_others_too():
    inner = "{sleep: {duration: 1h}}, {http: {url: 'http://127.0.0.1:1/'}}"
    branch = f"{{branch: {{processors: [{{try: [{inner}]}}], result_map: 'root.y = this.x'}}}}"
    (one,) = run(piped(branch), b'{"x":1}')
    assert contents(one) == [b'{"x":1,"y":1}']
    assert [left.reason for left in one.left_out] == [DryRun.WAIT, DryRun.OUTSIDE]


def test_caches_in_memory_work_and_begin_empty():
    resources = "cache_resources: [{label: seen, memory: {}}]"
    text = piped("{dedupe: {cache: seen, key: '${! content() }'}}", more=resources)
    for _ in range(2):
        first, second = run(text, b"1", b"1")
        assert (first.outcome, second.outcome) == (Outcome.WRITTEN, Outcome.DROPPED)


def test_outputs_get_nothing_and_those_that_would_are_named():
    output = """
      switch:
        cases:
          - check: this.x == 1
            output: {label: bad, reject: 'no ${! this.x }'}
          - check: this.x == 2
            output: {label: call, http_client: {url: 'http://127.0.0.1:1/'}, processors: [{mapping: root.y = this.x}]}
"""
    rejected, called, nobody = run(piped("", output=output), b'{"x":1}', b'{"x":2}', b'{"x":3}')
    assert (rejected.outcome, rejected.rejection) == (Outcome.REJECTED, "no 1")
    (written,) = called.written
    assert (written.component.label, written.message.content) == ("call", b'{"y":2}')
    assert (nobody.outcome, nobody.dropped_by) == (Outcome.DROPPED, "output")


def test_what_never_ends_is_let_go_of(monkeypatch):
    monkeypatch.setattr(trial, "BATCH_SECONDS", 0.05)
    output = (
        "{retry: {output: {switch: {strict_mode: true, cases: [{check: 'this == 2', output: {drop: {}}}]}}}}"
    )
    endless, good = run(piped("", output=output), b"1", b"2")
    assert (endless.outcome, good.outcome) == (Outcome.UNFINISHED, Outcome.WRITTEN)


def test_a_batch_of_the_author_is_one_trial():
    (one,) = run(piped("{archive: {format: json_array}}"), b"1", b"2", grouped=True)
    assert contents(one) == [b"[1,2]"]
    assert len(one.given) == 2


def test_no_policy_of_an_output_waits_for_more():
    output = "{broker: {outputs: [{drop: {}}], batching: {count: 100, period: 1h}}}"
    assert contents(run(piped("", output=output), b"1")[0]) == [b"1"]


def test_of_very_many_messages_some_are_kept_and_the_others_counted():
    (one,) = run(piped("{unarchive: {format: json_array}}"), b"[%b]" % b",".join([b"1"] * 60))
    assert (len(one.written), one.unshown) == (50, 10)


KAFKA = """
input:
  broker:
    inputs:
      - kafka: {addresses: [main], topics: ["a,b"], consumer_group: g}
        processors: [{label: inner, noop: {}}]
      - kafka:
          addresses: [main]
          topics: [c]
          consumer_group: g
          batching: {count: 2, processors: [{label: of_batch, noop: {}}]}
  processors: [{label: outer, noop: {}}]
output: {drop: {}}
"""


def test_the_topics_a_stream_reads_come_with_what_is_done_before_the_pipeline():
    found = topic_readings(stream(KAFKA))
    assert [(one.topic, [step.label for step in one.before], one.grouped) for one in found] == [
        ("a", ["inner", "outer"], False),
        ("b", ["inner", "outer"], False),
        ("c", ["of_batch", "outer"], True),
    ]


def test_matches_are_no_records_and_what_is_generated_is_read_nowhere():
    join = "input: {join: {left: %s, right: %s, key: k, within: 1m}}\noutput: {drop: {}}"
    kafka = "{kafka: {addresses: [main], topics: [a], consumer_group: g}}"
    assert topic_readings(stream(join % (kafka, kafka))) == []
    assert topic_readings(stream(piped(""))) == []


DOCUMENT = """x-tyk-streaming:
  streams:
    orders:
      input: {generate: {mapping: root = 1}}
      pipeline:
        processors:
          - noop: {}
          - label: sums
            bloblang: |
              root = this

              root.x = this.y.number()
          - branch:
              processors:
                - mapping: root = throw("x")
      output: {drop: {}}
"""


def test_a_stage_is_found_in_the_text_and_so_is_the_line_of_its_mapping():
    inside = DOCUMENT.partition("orders:\n")[2]
    made = stream(inside)
    path = ("x-tyk-streaming", "streams", "orders")
    lines = DOCUMENT.split("\n")

    def found(stage, line=None):
        place = place_of(DOCUMENT, path, find_stage(made, stage), line)
        return lines[place.line - 1][place.column - 1 :]

    assert found("pipeline.processors.0") == "noop: {}"
    assert found("sums") == "label: sums"
    assert found("sums", 3) == "root.x = this.y.number()"
    assert found("pipeline.processors.2.branch.processors.0", 1) == 'root = throw("x")'
    assert find_stage(made, "nowhere") is None


def test_every_processor_that_a_dry_run_leaves_out_is_known():
    left_out = {
        spec.name
        for spec in core_registry().specs()
        if spec.kind is Kind.PROCESSOR and spec.dry_run is not DryRun.RUN
    }
    assert left_out == {
        "http", "log", "rate_limit", "schema_registry_decode", "schema_registry_encode", "sleep", "sql_insert",
        "sql_raw", "sql_select",
    }  # fmt: skip
