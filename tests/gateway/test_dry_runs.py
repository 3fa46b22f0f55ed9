"""A definition tried on real messages of a broker; nothing is committed, written or called."""

import json

import pytest
from confluent_kafka.admin import AdminClient

from gateway import dry_runs
from gateway.dry_runs import DryRunRequest, try_definition
from gateway.errors import InputError
from gateway.models import ApiDefinition, Dialect, Quarantine, Role
from portal.embedded import ports
from streams.builtin import core_registry
from streams.connections import ConnectionSettings
from streams.dry_run.trial import Outcome
from streams.kafka.inspection import view_topic
from tests.changes import actor_in, refused
from tests.factories import ConnectionFactory, OrganizationFactory
from tests.gateway.test_definitions import GENERATE, document
from tests.streams.kafka.reading import DEADLINE, produce

pytestmark = pytest.mark.django_db

MAPPING = 'root = if this.sum == null { deleted() } else { {"cents": this.sum.number() * 100} }'


@pytest.fixture
def organization():
    return actor_in(OrganizationFactory(), Role.PUBLISHER).organization


@pytest.fixture
def broker(tansu_bootstrap):
    ConnectionFactory(name="main", addresses=[tansu_bootstrap])
    return tansu_bootstrap


@pytest.fixture
def orders(broker, topic_factory):
    topic = topic_factory(broker)
    values = [{"sum": 1}, {"sum": None}, {"sum": "many"}]
    produce(broker, topic, [json.dumps(value).encode() for value in values])
    return topic


def reads(topic, *processors, output=None, **more):
    kafka = {"addresses": ["main"], "topics": [topic], "consumer_group": "dry-run-test", **more}
    return {
        "input": {"kafka": kafka},
        "pipeline": {"processors": list(processors)},
        "output": output or {"kafka": {"addresses": ["main"], "topic": topic}},
    }


def try_(organization, streams, registry=None, **request):
    text = document(streams=streams)
    return try_definition(
        organization, text, Dialect.SLUICE, registry or core_registry(), DryRunRequest(**request)
    )


def faulty(pointer, organization, streams, **request):
    with pytest.raises(InputError) as caught:
        try_(organization, streams, **request)
    (fault,) = caught.value.faults
    assert fault.pointer == pointer
    return f"{fault.message}: {fault.remedy}"


def test_the_last_messages_show_what_comes_out_and_nothing_is_changed(organization, orders, broker):
    report = try_(organization, {"orders": reads(orders, {"mapping": MAPPING})})
    assert (report.stream, report.connection, report.topic, report.remarks) == ("orders", "main", orders, ())
    good, dropped, bad = report.trials
    assert [one.message.content for one in good.written] == [b'{"cents":100}']
    assert (good.written[0].output, good.written[0].component) == ("output", "kafka")
    assert good.trial.given[0].source.position == f"{orders}/0@0"
    assert (dropped.trial.outcome, dropped.trial.dropped_by) == (Outcome.DROPPED, "pipeline.processors.0")
    assert bad.trial.outcome is Outcome.QUARANTINED
    assert bad.trial.given[0].metadata["kafka_key"] == '{"sum": "many"}'

    assert len(view_topic(ConnectionSettings((broker,)), orders, 20).records) == 3
    groups = AdminClient({"bootstrap.servers": broker}).list_consumer_groups().result(DEADLINE).valid
    assert "dry-run-test" not in {group.group_id for group in groups}
    assert not Quarantine.objects.exists()
    assert not ApiDefinition.objects.exists()


def test_an_error_is_told_with_its_place_in_the_document(organization, orders):
    text = document(streams={"orders": reads(orders, {"mapping": "root = this\nroot.x = this.sum.number()"})})
    request = DryRunRequest(messages=1)
    report = try_definition(organization, text, Dialect.SLUICE, core_registry(), request)
    ((fault,),) = (one.errors for one in report.trials)
    assert fault.pointer == "/x-tyk-streaming/streams/orders/pipeline/processors/0"
    assert text[fault.column - 1 :].startswith("root.x = this.sum.number()")
    assert (fault.line, fault.code) == (1, "quarantined")


def test_as_many_as_asked_are_tried_the_newest(organization, orders):
    assert len(try_(organization, {"orders": reads(orders)}, messages=2).trials) == 2
    assert "between 1 and 20" in faulty("/messages", organization, {"orders": reads(orders)}, messages=21)


def test_a_service_is_not_called_and_it_is_said(organization, orders):
    called = {"http": {"url": f"http://127.0.0.1:{ports.free()}/"}}
    report = try_(organization, {"orders": reads(orders, called)}, messages=1)
    ((fault,),) = (one.left_out for one in report.trials)
    assert "http is not run: it reaches outside the stream" in fault.message
    assert report.trials[0].trial.outcome is Outcome.WRITTEN


def test_a_stream_that_reads_no_topic_is_tried_on_one_that_is_chosen(organization, orders):
    streams = {"orders": {**GENERATE, "pipeline": {"processors": [{"mapping": MAPPING}]}}}
    assert "choose a connection and a topic" in faulty("/topic", organization, streams)
    assert "name the topic" in faulty("/topic", organization, streams, connection="main")
    assert "the connection" in faulty("/connection", organization, streams, topic=orders)
    report = try_(organization, streams, connection="main", topic=orders)
    assert "The input generate does not run" in report.remarks[0]
    assert report.trials[0].written[0].message.content == b'{"cents":100}'


def test_of_several_topics_and_streams_one_is_chosen(organization, orders):
    two = {"a": reads(f"nowhere,{orders}", output={"drop": {}}), "b": GENERATE}
    assert "choose one: a, b" in faulty("/stream", organization, two)
    assert "no stream 'c'" in faulty("/stream", organization, two, stream="c")
    assert f"choose one: nowhere, {orders}" in faulty("/topic", organization, two, stream="a")
    report = try_(organization, two, stream="a", topic=orders)
    assert (report.topic, report.remarks, len(report.trials)) == (orders, (), 3)


def test_what_the_input_makes_a_batch_of_is_tried_as_one(organization, orders):
    stream = reads(orders, {"archive": {"format": "json_array"}}, batching={"count": 10})
    report = try_(
        organization,
        {
            "orders": stream,
        },
        stream="orders",
    )
    (one,) = report.trials
    assert json.loads(one.written[0].message.content)[0] == {"sum": 1}
    assert "are one" in report.remarks[0]


def test_a_buffer_is_passed_and_it_is_said(organization, orders):
    report = try_(organization, {"orders": {**reads(orders), "buffer": {"memory": {}}}})
    assert report.remarks == ("The buffer memory does not run. Messages go past it.",)


def test_connections_and_topics_of_others_cannot_be_read(organization, orders, broker):
    theirs = ConnectionFactory(name="theirs", addresses=[broker])
    theirs.organizations.set([OrganizationFactory()])
    narrow = ConnectionFactory(name="narrow", addresses=[broker], allowed_topics=["a-*"])
    streams = {"orders": GENERATE}
    chosen = {"connection": "theirs", "topic": orders}
    assert "no connection 'theirs'" in faulty("/connection", organization, streams, **chosen)
    with refused("topic"):
        try_(organization, streams, connection=narrow.name, topic=orders)


def test_what_cannot_be_read_is_told_with_a_remedy(organization, broker, topic_factory):
    with refused("nothing_read"):
        try_(organization, {"orders": reads(topic_factory(broker))})
    ConnectionFactory(name="away", addresses=[f"127.0.0.1:{ports.free()}"])
    with refused("broker"):
        try_(organization, {"orders": GENERATE}, connection="away", topic="orders")


def test_errors_of_the_document_are_its_findings_and_nothing_is_read(organization):
    with pytest.raises(InputError) as caught:
        try_(organization, {"orders": {**GENERATE, "pipeline": {"processors": [{"mappng": "x"}]}}})
    (fault,) = caught.value.faults
    assert fault.code == "component_unknown"


def test_only_so_many_run_at_a_time(organization, orders, monkeypatch):
    monkeypatch.setattr(dry_runs._running, "acquire", lambda blocking: False)
    with refused("busy"):
        try_(organization, {"orders": reads(orders)})
