"""Which streams of one definition would be called by the same requests."""

import json

import pytest

from gateway.definitions import create_definition
from gateway.errors import InputError
from gateway.models import Dialect
from portal.components import definition_registry
from tests.changes import actor_in
from tests.factories import OrganizationFactory
from tests.gateway.shop import document

KAFKA = {"kafka": {"addresses": ["localhost:9092"], "topics": ["t"], "consumer_group": "g"}}


def ingest(**config):
    return {"input": {"http_server": config}, "output": {"drop": {}}}


def save(**streams):
    text = json.dumps(document(streams))
    actor = actor_in(OrganizationFactory())
    return create_definition(actor, text, Dialect.SLUICE, definition_registry())


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"path": "/chat"}, {"path": "/chat"}),
        ({"path": "/chat/{room}"}, {"path": "/chat/{id}"}),
        ({"path": "/a", "ws_path": "/ws"}, {"path": "/b", "ws_path": "/ws"}),
        ({"path": "/chat", "allowed_verbs": ["PUT", "POST"]}, {"path": "/chat", "allowed_verbs": ["PUT"]}),
    ],
)
def test_streams_that_hear_the_same_requests_are_refused(first, second):
    with pytest.raises(InputError) as error:
        save(one=ingest(**first), two=ingest(**second))
    assert {(fault.pointer, fault.code) for fault in error.value.faults} == {
        ("/x-tyk-streaming/streams/two", "path_clash")
    }


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"path": "/chat"}, {"path": "/chat/"}),
        ({"path": "/chat/{room}"}, {"path": "/chat/all"}),
        ({"path": "/chat", "allowed_verbs": ["PUT"]}, {"path": "/chat", "allowed_verbs": ["POST"]}),
        ({"path": "/chat", "ws_path": ""}, {"path": "/ws", "ws_path": "/chat"}),
    ],
)
def test_streams_that_hear_different_requests_are_not(first, second):
    saved = save(one=ingest(**first), two=ingest(**second))
    assert not [
        fault for fault in saved.warnings if fault.code == "path_clash" and "/post" not in fault.message
    ]


@pytest.mark.django_db
def test_paths_that_both_left_as_they_are_by_default_are_warned_of():
    saved = save(one=ingest(path="/a"), two=ingest(path="/b"))
    assert [fault.code for fault in saved.warnings if "/post/ws" in fault.message] == ["path_clash"]
