"""Values of `$tyk_context` and `$tyk_meta`, and what they never give."""

import uuid

import pytest

from gateway.caller import Caller, Limits
from gateway.caller_variables import caller_variables
from gateway.withheld import Withheld

CALLER = Caller("192.0.2.1", Limits(), attributes={"team": "blue", "level": 3, "tags": ["a"], "sum": 10**20})
SCOPE = {
    "path": "/stream-demo/push-event",
    "headers": [
        (b"x-user-id", b"ann"),
        (b"authorization", b"Bearer k"),
        (b"x-key", b"k"),
        (b"cookie", b"s=1"),
    ],
    "query_string": b"user=alice&key=k",
}
WITHHELD = Withheld(Withheld().headers | {b"x-key"}, frozenset({"key"}))


def value(name, form=None):
    return caller_variables([name], SCOPE, CALLER, WITHHELD, form)[name]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("tyk_context.headers_X_User_Id", "ann"),
        ("tyk_context.request_data_user", "alice"),
        ("tyk_context.path", "/stream-demo/push-event"),
        ("tyk_context.path_parts", "stream-demo,push-event"),
        ("tyk_context.remote_addr", "192.0.2.1"),
        ("tyk_context.jwt_claims_sub", ""),
        ("tyk_context.headers_Missing", ""),
        ("tyk_meta.team", "blue"),
        ("tyk_meta.level", "3"),
        ("tyk_meta.tags", '["a"]'),
        ("tyk_meta.sum", "100000000000000000000"),
        ("tyk_meta.missing", ""),
    ],
)
def test_each_variable_has_the_value_of_its_caller(name, expected):
    assert value(name) == expected


@pytest.mark.parametrize(
    "name", ["headers_Authorization", "headers_Cookie", "headers_X_Key", "request_data_key", "cookies_s"]
)
def test_no_variable_gives_a_credential(name):
    assert value(f"tyk_context.{name}", {"key": "k"}) == ""


def test_a_field_of_a_form_comes_after_a_parameter_of_the_query():
    assert value("tyk_context.request_data_user", {"user": "bob"}) == "alice"
    assert value("tyk_context.request_data_other", {"other": "bob"}) == "bob"


def test_a_request_has_one_id():
    names = ["tyk_context.request_id"]

    assert uuid.UUID(value(names[0])) != uuid.UUID(value(names[0]))
