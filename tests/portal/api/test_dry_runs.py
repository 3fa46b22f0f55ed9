"""A dry run by the management API."""

import base64
import json

import pytest

from gateway.models import ApiDefinition, Revision
from tests import factories
from tests.gateway.test_definitions import BROKEN, GENERATE, document
from tests.streams.kafka.reading import produce

MAPPING = 'root = if this.sum == null { deleted() } else { {"cents": this.sum.number() * 100} }'


@pytest.fixture
def orders(tansu_bootstrap, topic_factory):
    factories.ConnectionFactory(name="main", addresses=[tansu_bootstrap])
    topic = topic_factory(tansu_bootstrap)
    produce(tansu_bootstrap, topic, [b'{"sum":1}', b'{"sum":null}', b'{"sum":"many"}'])
    return topic


def reading(topic):
    kafka = {"addresses": ["main"], "topics": [topic], "consumer_group": "g"}
    return {
        "input": {"kafka": kafka},
        "pipeline": {"processors": [{"http": {"url": "http://127.0.0.1:1/"}}, {"mapping": MAPPING}]},
        "output": {"label": "sink", "drop": {}},
    }


def test_a_document_is_tried_and_nothing_is_saved(publisher, orders):
    body = {"document": document(streams={"orders": reading(orders)})}
    report = publisher.post("definitions/dry-run", body).json()
    assert (report["stream"], report["connection"], report["topic"]) == ("orders", "main", orders)
    written, dropped, held = report["trials"]
    assert [one["outcome"] for one in report["trials"]] == ["written", "dropped", "quarantined"]
    (out,) = written["written"]
    assert (out["output"], out["component"], out["error"]) == ("sink", "drop", None)
    assert out["message"]["text"] == '{"cents":100}'
    assert base64.b64decode(out["message"]["content"]) == b'{"cents":100}'
    assert written["read"][0]["metadata"]["kafka_topic"] == orders
    assert written["read"][0]["position"] == f"{orders}/0@0"
    assert dropped["dropped_by"] == "pipeline.processors.1"
    assert held["errors"][0]["pointer"].endswith("/pipeline/processors/1")
    assert "http is not run" in held["left_out"][0]["message"]
    assert not ApiDefinition.objects.exists()


def test_a_definition_is_tried_as_it_is_saved_or_otherwise(publisher, orders):
    row = factories.ApiDefinitionFactory(
        organization=publisher.organization, document=document(streams={"orders": reading(orders)})
    )
    address = f"definitions/{row.public_id}/dry-run"
    assert len(publisher.post(address, {"messages": 1}).json()["trials"]) == 1
    other = json.loads(document(streams={"orders": GENERATE}))
    chosen = {"document": other, "connection": "main", "topic": orders}
    report = publisher.post(address, chosen).json()
    assert report["trials"][2]["written"][0]["message"]["text"] == '{"sum":"many"}'
    assert not Revision.objects.filter(definition=row).exists()


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        ({"document": BROKEN}, 400, "no_such_input"),
        ({"document": document()}, 400, "reads no topic of Kafka"),
        ({"document": document(), "messages": 21}, 400, "20"),
        ({"document": document(), "connection": "nowhere", "topic": "a"}, 400, "nowhere"),
        ({"document": document(), "lines": 1}, 400, "There is no such field"),
        ({}, 400, "required"),
    ],
)
def test_what_cannot_be_tried_is_told(publisher, body, status, said):
    response = publisher.post("definitions/dry-run", body)
    assert response.status_code == status
    assert said in response.content.decode()


def test_an_empty_topic_is_told_with_a_remedy(publisher, tansu_bootstrap, topic_factory):
    factories.ConnectionFactory(name="main", addresses=[tansu_bootstrap])
    body = {"document": document(streams={"orders": reading(topic_factory(tansu_bootstrap))})}
    response = publisher.post("definitions/dry-run", body)
    assert response.status_code == 409
    assert response.json()["errors"][0]["remedy"].startswith("write a message")
