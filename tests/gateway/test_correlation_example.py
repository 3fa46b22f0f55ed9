"""The documented example of correlation by user (Tyk Streams, end-to-end example): it is taken as written."""

import json

import pytest

from gateway.http_server import HTTP_SERVER_OUTPUT
from gateway.http_server_input import HTTP_SERVER_INPUT
from streams.builtin import core_registry
from streams.openapi import check_document
from streams.spec import Rules
from streams.variables import bind_config, variables_of
from tests.gateway.ingesting import Output, api, serving

REGISTRY = core_registry().with_component(HTTP_SERVER_INPUT, HTTP_SERVER_OUTPUT)
USER = "tyk_context.request_data_user"
KAFKA = {"addresses": ["localhost:9092"]}
PUSH = {
    "input": {"http_server": {"path": "/push-event", "ws_path": "/ws-out"}},
    "pipeline": {
        "processors": [{"mapping": f'root = this\nroot.user_id = "${USER}"\nroot.job_id = uuid_v4()'}]
    },
    "output": {"broker": {"outputs": [{"kafka": {**KAFKA, "topic": "jobs"}}, {"sync_response": {}}]}},
}
WORKER = {
    "input": {"kafka": {**KAFKA, "topics": ["jobs"], "consumer_group": "worker"}},
    "pipeline": {"processors": [{"mapping": 'root = this.merge({ "result": "bar" })'}]},
    "output": {"kafka": {**KAFKA, "topic": "completed"}},
}
GET = {
    "input": {"kafka": {**KAFKA, "topics": ["completed"], "consumer_group": f"${USER}"}},
    "pipeline": {"processors": [{"mapping": f'root = if this.user_id != "${USER}" {{ deleted() }}'}]},
    "output": {"http_server": {"path": "/get-event", "ws_path": "/ws-in"}},
}
DOCUMENT = {
    "info": {"title": "stream-demo"},
    "x-tyk-api-gateway": {
        "server": {"listenPath": {"value": "/stream-demo/", "strip": True}},
        "middleware": {"global": {"contextVariables": {"enabled": True}}},
    },
    "x-tyk-streaming": {"streams": {"in": PUSH, "Worker": WORKER, "out": GET}},
}


@pytest.fixture(scope="module")
def checked():
    found = check_document(json.dumps(DOCUMENT), REGISTRY, Rules(dialect="tyk"))
    assert found.errors == ()
    return found.document.streams


def test_its_streams_use_the_caller_where_they_have_one(checked):
    assert {name: set(variables_of(stream)) for name, stream in checked.items()} == {
        "in": {USER},
        "Worker": set(),
        "out": {USER},
    }
    assert bind_config(checked["out"].input, {USER: "alice"})["consumer_group"] == "alice"


async def test_who_pushes_an_event_gets_it_back_with_user_and_job():
    output = Output()
    text = json.dumps(PUSH).replace(
        '{"kafka": {"addresses": ["localhost:9092"], "topic": "jobs"}}', '{"kept": {}}'
    )
    async with serving(api(text, output, dialect="tyk")) as served:
        response = await served.post(b'{"foo":"bar"}', query=b"user=alice")

    made = json.loads(response.body)
    assert (made["foo"], made["user_id"], len(made["job_id"])) == ("bar", "alice", 36)
    assert json.loads(output.taken[0].content) == made
