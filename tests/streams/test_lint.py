"""Findings: each mistake with its code, its place and its remedy."""

import json
from dataclasses import replace

import pytest

from streams.builtin import core_registry
from streams.connections import Connections, ConnectionSettings
from streams.inputs.generate import GENERATE
from streams.openapi import check_document
from streams.spec import Kind, Rules, Severity
from tests.streams.making import findings, stream

GOOD = """\
input:
  kafka: {addresses: [main], topics: [orders], consumer_group: g}
pipeline:
  processors:
    - mapping: root = this
output:
  drop: {}
"""


def found(text, **options):
    return [(one.code, one.line, one.pointer) for one in findings(text, **options)]


def test_a_good_stream_has_no_findings():
    assert found(GOOD) == []


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (
            "topics",
            "topisc",
            [("missing_field", 2, "/input/kafka"), ("unknown_key", 2, "/input/kafka/topisc")],
        ),
        ("[orders]", "orders", [("wrong_type", 2, "/input/kafka/topics")]),
        ("consumer_group: g", "consumer_group: 5", [("wrong_type", 2, "/input/kafka/consumer_group")]),
        ("kafka:", "kafak:", [("component_unknown", 2, "/input/kafak")]),
        ("kafka:", "nsq:", [("component_not_built", 2, "/input/nsq")]),
        ("drop: {}", "label: a", [("component_missing", 7, "/output")]),
        ("drop: {}", "drop: {}\n  broker: {outputs: []}", [("component_ambiguous", 7, "/output")]),
        ("drop: {}", "drop: {}\nbuffer: {sqlite: {}}", [("component_not_built", 8, "/buffer/sqlite")]),
        ("drop: {}", "drop: {}\noutputt: {}", [("unknown_key", 8, "/outputt")]),
        ("drop: {}", "label: _x\n  drop: {}", [("label_malformed", 7, "/output/label")]),
        (", consumer_group: g", "", [("missing_field", 2, "/input/kafka")]),
        ("[orders]", "['orders:0-3']", [("not_supported", 2, "/input/kafka/topics/0")]),
        ("group: g", "group: g, commit_period: soon", [("wrong_type", 2, "/input/kafka/commit_period")]),
        ("group: g", "group: g, tls: {enabled: true}", [("field_refused", 2, "/input/kafka/tls")]),
        (
            "group: g",
            "group: g, checkpoint_limit: true",
            [("wrong_type", 2, "/input/kafka/checkpoint_limit")],
        ),
    ],
)
def test_each_mistake_is_found_where_it_stands(old, new, expected):
    assert sorted(found(GOOD.replace(old, new, 1))) == sorted(expected)


def test_an_unknown_key_comes_with_the_nearest_known_one():
    near = findings(GOOD.replace("consumer_group", "consumer_grup"))
    assert "did you mean 'consumer_group'?" in {one.remedy for one in near}


def test_a_bad_mapping_is_found_at_its_line_and_column():
    bad = GOOD.replace("mapping: root = this", "mapping: |\n        root.a = 1\n        root.b = %")
    (finding,) = findings(bad)
    assert (finding.code, finding.line, finding.column) == ("bad_mapping", 7, 18)


def test_a_label_stands_once():
    twice = GOOD.replace("drop", "label: a\n  drop").replace("  kafka", "  label: a\n  kafka")
    assert found(twice) == [("label_duplicate", 8, "/output/label")]


def test_a_component_the_operator_does_not_allow_is_refused_with_the_setting():
    only = core_registry().only({"kafka", "mapping"})
    (finding,) = findings(GOOD, registry=only)
    assert finding.code == "component_refused"
    assert "'drop'" in finding.message
    assert "SLUICE_STREAMING_COMPONENTS" in finding.remedy


def test_an_alias_is_allowed_with_its_component():
    only = core_registry().only({"kafka", "mapping", "drop"})
    assert findings(GOOD.replace("mapping", "bloblang"), registry=only) == []


def test_connections_and_their_topics_are_checked():
    main = ConnectionSettings(("kafka:9092",), allowed_topics=("order*",), name="main")
    rules = Rules(connections=Connections((main,)))
    assert found(GOOD, rules=rules) == []
    assert found(GOOD.replace("[main]", "['kafka:9092']"), rules=rules) == []
    assert found(GOOD.replace("main", "other"), rules=rules) == [
        ("unknown_connection", 2, "/input/kafka/addresses")
    ]
    assert found(GOOD.replace("[orders]", "[bills]"), rules=rules) == [
        ("topic_not_allowed", 2, "/input/kafka/topics/0")
    ]


def test_dialect_tyk_warns_that_failed_messages_flow_on():
    (finding,) = findings(GOOD, rules=Rules(dialect="tyk"))
    assert (finding.code, finding.severity) == ("failed_messages_flow_on", Severity.WARNING)


def test_blocks_of_the_operator_are_warned_about():
    assert found(GOOD + "logger: {level: INFO}\n") == [("ignored", 8, "/logger")]


def test_who_may_run_a_stream_follows_from_its_inputs():
    assert not stream(GOOD).single
    assert stream("input: {generate: {mapping: root = 1}}\noutput: {drop: {}}").single
    nested = "input: {broker: {inputs: [{generate: {mapping: root = 1}}]}}\noutput: {drop: {}}"
    assert stream(nested).single


def test_a_stream_is_replayable_when_every_mapping_is_pure():
    assert stream(GOOD).replayable
    assert not stream(GOOD.replace("root = this", "root = now()")).replayable


@pytest.mark.parametrize("spec", core_registry().specs(), ids=lambda spec: f"{spec.kind.value}-{spec.name}")
def test_the_examples_of_every_component_pass_the_check(spec):
    base = {
        "input": {"generate": {"mapping": "root = 1"}},
        "output": {"drop": {}},
        "cache_resources": [{"label": "cache", "memory": {}}],
        "rate_limit_resources": [{"label": "limit", "local": {}}],
        "processor_resources": [{"label": "steps", "noop": {}}],
        "input_resources": [{"label": "source", "generate": {"mapping": "root = 1"}}],
        "output_resources": [{"label": "sink", "drop": {}}],
    }
    for example in spec.examples:
        named = {spec.name: example}
        config = {**base, spec.kind.value: named}
        if spec.kind is Kind.PROCESSOR:
            config = {**base, "pipeline": {"processors": [named]}}
        elif spec.kind in {Kind.CACHE, Kind.RATE_LIMIT}:
            config = {**base, f"{spec.kind.value}_resources": [{"label": "other", **named}]}
        elif spec.kind is Kind.SCANNER:
            reading = {"url": "http://a.example/", "stream": {"enabled": True, "scanner": named}}
            config = {**base, "input": {"http_client": reading}}
        assert findings(json.dumps(config)) == []


CALLED = core_registry().with_component(replace(GENERATE, name="called", in_gateway=True))
REQUEST = "{called: {mapping: root = 1}}"
NAMED = "{label: in, called: {mapping: root = 1}}"
ELSEWHERE = "{generate: {mapping: root = 1}}"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"input: {{broker: {{inputs: [{ELSEWHERE}, {REQUEST}]}}}}", "inputs_mixed"),
        (
            f"input: {{broker: {{inputs: [{ELSEWHERE}, {{broker: {{inputs: [{REQUEST}]}}}}]}}}}",
            "inputs_mixed",
        ),
        (f"input: {{broker: {{inputs: [{REQUEST}], batching: {{count: 2}}}}}}", "requests_held_back"),
        (f"input: {{sequence: {{inputs: [{REQUEST}]}}}}", "requests_held_back"),
        (f"input: {{read_until: {{check: this.last, input: {REQUEST}}}}}", "requests_held_back"),
        (f"input: {{batched: {{child: {REQUEST}, policy: {{count: 2}}}}}}", "requests_held_back"),
        (f"input: {REQUEST}\nbuffer: {{memory: {{}}}}", "buffer_without_effect"),
        (f"input: {REQUEST}\nbuffer: {{system_window: {{size: 1m}}}}", "buffer_of_requests"),
        (
            f"input: {{broker: {{inputs: [{ELSEWHERE}, {{resource: in}}]}}}}\ninput_resources: [{NAMED}]",
            "inputs_mixed",
        ),
    ],
)
def test_requests_are_answered_when_the_output_has_them_so_that_nothing_holds_them_back(text, expected):
    assert [one.code for one in findings(f"{text}\noutput: {{drop: {{}}}}\n", CALLED)] == [expected]


def test_a_channel_leads_to_no_other_process():
    assert [one.code for one in findings(f"input: {REQUEST}\noutput: {{inproc: a}}\n", CALLED)] == [
        "channel_elsewhere"
    ]


def test_a_stream_whose_messages_are_put_together_cannot_be_replayed():
    assert not stream(GOOD + "buffer: {system_window: {size: 1m}}\n").replayable
    assert not stream(GOOD.replace("group: g", "group: g, batching: {count: 5}")).replayable
    assert stream(GOOD + "buffer: {none: {}}\n").replayable


@pytest.mark.parametrize("more", ["buffer: {system_window: {size: 1m}}\n", ""])
def test_messages_of_one_caller_are_not_put_together(more):
    text = GOOD.replace("consumer_group: g", "consumer_group: $tyk_context.request_id") + more
    text = text if more else text.replace("request_id", "request_id, batching: {count: 5}")
    codes = {one.code for one in findings(text)}
    assert codes & {"buffer_of_caller", "batches_of_caller"}


RESOURCES = """\
input: {generate: {mapping: root = 1}}
cache_resources:
  - {label: seen, lru: {cap: 5}}
pipeline:
  processors:
    - dedupe: {cache: seen, key: a}
output: {drop: {}}
"""


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("seen, k", "senn, k", ("resource_unknown", 6, "/pipeline/processors/0/dedupe/cache")),
        ("seen, k", "5, k", ("wrong_type", 6, "/pipeline/processors/0/dedupe/cache")),
        ("label: seen, ", "", ("missing_field", 3, "/cache_resources/0")),
        ("label: seen, ", "label: 5, ", ("label_malformed", 3, "/cache_resources/0/label")),
        ("lru: {cap: 5}", "lru: {cap: x}", ("wrong_type", 3, "/cache_resources/0/lru/cap")),
        ("lru: {cap: 5}", "sql: {}", ("component_not_built", 3, "/cache_resources/0/sql")),
        ("lru: {cap: 5}", "lur: {}", ("component_unknown", 3, "/cache_resources/0/lur")),
        (
            "{cap: 5}}",
            "{cap: 5}}\n  - {label: seen, lru: {}}",
            ("label_duplicate", 4, "/cache_resources/1/label"),
        ),
        ("cache_resources:", "cache_resources: 5\nlogger:", ("wrong_type", 2, "/cache_resources")),
    ],
)
def test_resources_are_checked_and_so_is_who_names_them(old, new, expected):
    assert found(RESOURCES) == []
    assert expected in found(RESOURCES.replace(old, new, 1))


DOCUMENT = """\
openapi: 3.0.3
info: {title: Orders, version: '1'}
paths: {}
x-tyk-api-gateway:
  info: {name: Orders, state: {active: true}}
  server: {listenPath: {value: /orders, strip: true}}
  upstream: {url: ''}
x-tyk-streaming:
  streams:
    default:
      input: {generate: {mapping: root = 1}}
      output: {drop: {}}
"""


def test_a_tyk_document_yields_its_streams():
    checked = check_document(DOCUMENT, core_registry(), Rules())
    assert checked.findings == ()
    assert checked.document is not None
    assert (checked.document.name, checked.document.listen_path) == ("Orders", "/orders/")
    assert list(checked.document.streams) == ["default"]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("value: /orders", "value: /healthz", ("listen_path_reserved", 6)),
        ("value: /orders", "value: orders", ("listen_path_malformed", 6)),
        ("value: /orders", "value: /a/../b", ("listen_path_malformed", 6)),
        ("  streams:\n", "  extra: 1\n  streams:\n", ("unknown_key", 9)),
        ("drop: {}", "dorp: {}", ("component_unknown", 12)),
        ("active: true", "active: yes", ("wrong_type", 5)),
    ],
)
def test_a_mistake_in_the_document_is_found_and_nothing_of_it_is_used(old, new, expected):
    rules = Rules(reserved_paths=frozenset({"/healthz"}))
    checked = check_document(DOCUMENT.replace(old, new, 1), core_registry(), rules)
    assert checked.document is None
    assert [(one.code, one.line) for one in checked.errors] == [expected]


def test_a_document_without_streams_is_refused():
    checked = check_document(DOCUMENT.split("x-tyk-streaming", maxsplit=1)[0], core_registry(), Rules())
    assert [one.code for one in checked.errors] == ["missing_field"]


@pytest.mark.parametrize(
    ("kind", "name"),
    [("processor", "command"), ("processor", "subprocess"), ("input", "file"), ("output", "stdout")],
)
def test_what_reaches_for_the_machine_is_refused_with_the_reason(kind, name):
    parts = {"input": "generate: {mapping: root = 1}", "output": "drop: {}", "processor": "noop: {}"}
    parts[kind] = f"{name}: {{}}"
    text = f"input: {{{parts['input']}}}\noutput: {{{parts['output']}}}\n"
    [found] = findings(f"{text}pipeline: {{processors: [{{{parts['processor']}}}]}}")
    assert found.code == "component_refused"
    assert f"the {kind} '{name}' is refused: " in found.message
