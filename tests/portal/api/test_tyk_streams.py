"""The requests and answers of Tyk's Dashboard for streams."""

import json

import pytest

from gateway.models import ApiDefinition, Audit, Revision, RevisionCounter
from tests.factories import ConnectionFactory

TYK = "application/vnd.tyk.streams.oas"


def document(name="jippity-chat", streams=None, **state):
    """The shape of the guide's producer.json."""
    stream = {
        "input": {
            "http_server": {
                "address": "",
                "allowed_verbs": ["POST"],
                "path": "/chat",
                "rate_limit": "",
                "timeout": "5s",
            },
            "label": "",
        },
        "output": {
            "kafka": {"addresses": ["broker.example.com:9092"], "max_in_flight": 10, "topic": "chat"},
            "label": "",
        },
    }
    return {
        "openapi": "3.0.3",
        "info": {"title": name, "version": "1.0.0"},
        "servers": [{"url": f"http://tyk-gateway.localhost:8080/{name}/"}],
        "components": {},
        "paths": {},
        "x-tyk-api-gateway": {
            "info": {"name": name, "state": {"active": True, **state}},
            "server": {"listenPath": {"value": f"/{name}/", "strip": True}},
            "upstream": {"url": ""},
            "middleware": {
                "global": {"contextVariables": {"enabled": True}, "trafficLogs": {"enabled": True}}
            },
        },
        "x-tyk-streaming": {"streams": streams or {"default_stream": stream}},
    }


CONSUMER = {
    "default_stream": {
        "input": {
            "kafka": {
                "addresses": ["broker.example.com:9092"],
                "auto_replay_nacks": True,
                "checkpoint_limit": 1024,
                "consumer_group": "tyk-streams",
                "target_version": "3.3.0",
                "topics": ["discussion"],
            },
            "label": "",
        },
        "output": {
            "http_server": {"address": "", "allowed_verbs": ["GET"], "stream_path": "/sse"},
            "label": "",
        },
    }
}


@pytest.fixture(autouse=True)
def broker(db):
    return ConnectionFactory(name="kafka", addresses=["broker.example.com:9092"])


def create(caller, body=None, content_type=TYK):
    """As `curl -d @producer.json` sends it: without line ends."""
    text = body if isinstance(body, str) else json.dumps(body or document())
    return caller.request("POST", "apis/streams", text, content_type)


@pytest.mark.parametrize("content_type", [TYK, "application/json"])
@pytest.mark.parametrize(
    "body", [document(), document("jippity-discuss", CONSUMER)], ids=["producer", "consumer"]
)
def test_the_guides_documents_are_created_and_answered_as_tyk_does(publisher, content_type, body):
    response = create(publisher, body, content_type)
    assert response.status_code == 200, response.content
    definition = ApiDefinition.objects.get()
    assert response.json() == {
        "Status": "OK",
        "Message": "API created",
        "Meta": definition.public_id,
        "ID": definition.public_id,
    }
    assert (definition.dialect, definition.state) == ("tyk", "active")
    assert definition.listen_path == f"/{definition.name}/"
    assert definition.active_revision.number == 1
    assert len(definition.public_id) == 32


def test_a_document_may_be_yaml(publisher):
    yaml = """\
openapi: 3.0.3
info: {title: t, version: "1"}
x-tyk-api-gateway:
  info: {name: poll, state: {active: true}}
  server: {listenPath: {value: /poll/}}
x-tyk-streaming:
  streams:
    default:
      input: {generate: {mapping: 'root = "ping"'}}
      output: {drop: {}}
"""
    assert create(publisher, yaml).status_code == 200
    assert create(publisher, yaml.replace("/poll/", "/other/"), "application/yaml").status_code == 200
    public_id = ApiDefinition.objects.first().public_id
    assert publisher.get(f"apis/streams/{public_id}").json()["info"] == {"title": "t", "version": "1"}


def test_one_that_says_it_is_not_active_is_a_draft(publisher):
    create(publisher, document(active=False))
    definition = ApiDefinition.objects.get()
    assert (definition.state, definition.active_revision) == ("draft", None)


def test_get_answers_with_the_document(publisher):
    public_id = create(publisher).json()["ID"]
    response = publisher.get(f"apis/streams/{public_id}", Accept=TYK)
    assert response["Content-Type"] == TYK
    assert json.loads(response.content) == document()
    assert [item["id"] for item in publisher.get("apis/streams").json()["items"]] == [public_id]


def test_put_of_an_active_definition_runs_at_once_as_a_new_revision(publisher):
    public_id = create(publisher).json()["ID"]
    before = RevisionCounter.objects.get().value
    changed = document()
    changed["x-tyk-streaming"]["streams"]["default_stream"]["output"]["kafka"]["topic"] = "talk"
    response = publisher.request("PUT", f"apis/streams/{public_id}", json.dumps(changed), TYK)
    assert response.json()["Message"] == "API updated"
    definition = ApiDefinition.objects.get()
    assert definition.active_revision.number == 2
    assert '"talk"' in definition.active_revision.document
    assert RevisionCounter.objects.get().value > before


def test_a_bad_put_changes_nothing(publisher):
    public_id = create(publisher).json()["ID"]
    counter = RevisionCounter.objects.get().value
    before = list(ApiDefinition.objects.values())
    bad = document()
    bad["x-tyk-streaming"]["streams"]["default_stream"]["output"]["kafka"]["topik"] = "talk"
    response = publisher.request("PUT", f"apis/streams/{public_id}", json.dumps(bad), TYK)
    assert response.status_code == 400
    assert list(ApiDefinition.objects.values()) == before
    assert Revision.objects.count() == 1
    assert RevisionCounter.objects.get().value == counter


def test_put_with_state_inactive_stops_it(publisher):
    public_id = create(publisher).json()["ID"]
    body = json.dumps(document(active=False))
    assert publisher.request("PUT", f"apis/streams/{public_id}", body, TYK).status_code == 200
    assert ApiDefinition.objects.get().state == "draft"


def test_patch_merges_into_the_document(publisher):
    public_id = create(publisher).json()["ID"]
    patch = {"info": {"title": "Chat"}, "servers": None}
    response = publisher.request("PATCH", f"apis/streams/{public_id}", json.dumps(patch), TYK)
    assert response.status_code == 200, response.content
    after = publisher.get(f"apis/streams/{public_id}").json()
    assert after["info"] == {"title": "Chat", "version": "1.0.0"}
    assert "servers" not in after
    assert after["x-tyk-streaming"] == document()["x-tyk-streaming"]


@pytest.mark.parametrize("body", ["", "[]", "{", "7"])
def test_what_is_no_patch_is_refused(publisher, body):
    public_id = create(publisher).json()["ID"]
    assert publisher.request("PATCH", f"apis/streams/{public_id}", body, TYK).status_code == 400


def test_delete(publisher):
    public_id = create(publisher).json()["ID"]
    response = publisher.delete(f"apis/streams/{public_id}")
    assert response.json()["Message"] == "API deleted"
    assert publisher.get(f"apis/streams/{public_id}").status_code == 404
    assert Audit.objects.filter(verb="definition.delete").exists()


def _unknown_key(body):
    body["x-tyk-streaming"]["streams"]["default_stream"]["input"]["http_server"]["pth"] = "/x"
    return "/x-tyk-streaming/streams/default_stream/input/http_server/pth"


def _wrong_type(body):
    body["x-tyk-streaming"]["streams"]["default_stream"]["output"]["kafka"]["topic"] = 7
    return "/x-tyk-streaming/streams/default_stream/output/kafka/topic"


def _missing_field(body):
    del body["x-tyk-streaming"]["streams"]["default_stream"]["output"]["kafka"]["topic"]
    return "/x-tyk-streaming/streams/default_stream/output/kafka"


def _bad_mapping(body):
    body["x-tyk-streaming"]["streams"]["default_stream"]["pipeline"] = {
        "processors": [{"mapping": "root = ("}]
    }
    return "/x-tyk-streaming/streams/default_stream/pipeline/processors/0/mapping"


def _reserved_path(body):
    body["x-tyk-api-gateway"]["server"]["listenPath"]["value"] = "/metrics/"
    return "/x-tyk-api-gateway/server/listenPath/value"


def _unknown_connection(body):
    body["x-tyk-streaming"]["streams"]["default_stream"]["output"]["kafka"]["addresses"] = ["elsewhere:9092"]
    return "/x-tyk-streaming/streams/default_stream/output/kafka/addresses"


@pytest.mark.parametrize(
    "spoil",
    [_unknown_key, _wrong_type, _missing_field, _bad_mapping, _reserved_path, _unknown_connection],
    ids=lambda spoil: spoil.__name__.strip("_"),
)
def test_each_fault_is_told_with_its_place_and_nothing_is_saved(publisher, spoil, settings):
    settings.RAW_ADDRESSES = False
    body = document()
    pointer = spoil(body)
    text = json.dumps(body, indent=2)
    response = create(publisher, text)
    assert response.status_code == 400
    assert response["Content-Type"] == "application/problem+json"
    problem = response.json()
    assert problem["Status"] == "Error"
    assert problem["Message"] == problem["detail"]
    fault = problem["errors"][0]
    assert fault["pointer"].startswith(pointer)
    assert 1 < fault["line"] <= text.count("\n")
    assert fault["column"] > 1
    assert fault["message"]
    assert not ApiDefinition.objects.exists()


def test_a_listen_path_is_taken_across_organizations(publisher, developer):
    create(publisher)
    developer.user.memberships.update(role="publisher")
    response = create(developer, json.dumps(document(), indent=2))
    fault = response.json()["errors"][0]
    assert (response.status_code, fault["code"]) == (400, "listen_path_taken")
    assert fault["pointer"] == "/x-tyk-api-gateway/server/listenPath/value"
    assert fault["line"] > 1
    assert publisher.organization.name not in response.content.decode()


def test_streaming_switched_off_names_the_setting(publisher, settings):
    settings.STREAMING_ENABLED = False
    response = create(publisher)
    assert response.status_code == 409
    assert "SLUICE_STREAMING_ENABLED" in response.json()["errors"][0]["remedy"]


def test_a_component_the_operator_refuses_is_named_with_the_setting(publisher, settings):
    settings.STREAMING_COMPONENTS = frozenset({"http_server"})
    response = create(publisher)
    assert response.status_code == 400
    assert "kafka" in response.content.decode()
    assert "SLUICE_STREAMING_COMPONENTS" in response.content.decode()


def test_a_form_as_curl_sends_it_without_a_content_type_is_refused_with_415(publisher):
    assert create(publisher, content_type="application/x-www-form-urlencoded").status_code == 415
