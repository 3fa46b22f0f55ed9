"""Who calls: where keys stand, what they prove, and that no answer tells more than it must."""

import datetime as dt
import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.access_table import AccessTable, Grant, KnownCredential
from gateway.authentication import (
    OpenAccess,
    Refusal,
    api_key,
    authenticate,
    caller_of_app,
    shown_digest,
)
from gateway.caller import Caller, Limits
from gateway.protocol import first_values
from portal.components import every_component
from streams.openapi import KeyPlaces, check_document
from streams.secrets import api_key_digest
from streams.spec import Rules
from tests.gateway.serving import api as open_api
from tests.gateway.serving import kafka_text
from tests.gateway.shop import document

NOW = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
SOON, PAST = NOW + dt.timedelta(minutes=1), NOW - dt.timedelta(seconds=1)
KEY = "slk_a-key-that-is-known"
SECOND = dt.timedelta(seconds=1)
CLOSED = replace(open_api(kafka_text("localhost:9092", "t", "g")), authenticated=True)
OPEN = replace(CLOSED, authenticated=False)
PER_ADDRESS = OpenAccess(True, Limits(requests_per_second=5))
CREDENTIAL = KnownCredential(id=3, app_id=1, organization_id=9, expires_at=None, revoked=False)
GRANT = Grant(7, 5, 4, Limits(max_clients=2), {"tier": "gold"}, None)


def table(credential=CREDENTIAL, *grants, definition_id=CLOSED.definition_id):
    return AccessTable({api_key_digest(KEY): credential}, {(1, definition_id): grants or (GRANT,)})


def scope(*headers, query=b""):
    lowered = [(name.lower().encode(), value.encode()) for name, value in headers]
    return {"headers": lowered, "query_string": query, "client": ("192.0.2.7", 5)}


def ask(of=CLOSED, known=None, key=KEY, access=PER_ADDRESS, now=NOW):
    sent = scope(("X-API-Key", key)) if key else scope()
    return authenticate(sent, of, known or table(), access, now)


def test_a_known_key_with_an_approved_subscription_is_let_in_under_its_plan():
    caller = ask()
    assert caller == Caller(
        address="192.0.2.7",
        limits=Limits(max_clients=2),
        app_id=1,
        app_organization_id=9,
        credential_id=3,
        subscription_id=7,
        product_id=5,
        plan_id=4,
        attributes={"tier": "gold"},
    )


@pytest.mark.parametrize(
    ("credential", "code"),
    [
        (replace(CREDENTIAL, revoked=True), "key_revoked"),
        (replace(CREDENTIAL, expires_at=PAST), "key_expired"),
        (replace(CREDENTIAL, expires_at=NOW), "key_expired"),
    ],
)
def test_a_key_that_proves_nothing_any_more_is_a_401(credential, code):
    refusal = ask(known=table(credential))
    assert (refusal.status, refusal.code) == (401, code)


def test_who_has_no_valid_subscription_to_this_definition_is_a_403():
    elsewhere = table(definition_id=CLOSED.definition_id + 1)
    over = table(CREDENTIAL, replace(GRANT, expires_at=PAST))
    assert [(one.status, one.code) for one in (ask(known=elsewhere), ask(known=over))] == [
        (403, "not_subscribed")
    ] * 2


def test_of_several_subscriptions_the_oldest_that_is_valid_counts():
    grants = (replace(GRANT, expires_at=PAST), replace(GRANT, subscription_id=8), GRANT)
    assert ask(known=table(CREDENTIAL, *grants)).subscription_id == 8


def test_a_caller_ends_with_what_ends_first():
    late = replace(GRANT, expires_at=SOON + SECOND)
    assert ask(known=table(replace(CREDENTIAL, expires_at=SOON), late)).expires_at == SOON
    early = replace(GRANT, expires_at=SOON - SECOND)
    assert ask(known=table(replace(CREDENTIAL, expires_at=SOON), early)).expires_at == SOON - SECOND


def test_open_apis_are_limited_by_address_and_only_where_they_are_permitted():
    assert ask(OPEN, key="") == Caller("192.0.2.7", Limits(requests_per_second=5))
    refusal = ask(OPEN, access=replace(PER_ADDRESS, permitted=False))
    assert (refusal.status, refusal.code) == (403, "open_apis_refused")


def test_a_ticket_stands_for_an_app_and_no_key():
    caller = caller_of_app(scope(), 1, CLOSED, table(), NOW)
    assert (caller.app_id, caller.credential_id, caller.subscription_id) == (1, None, 7)
    assert caller_of_app(scope(), 2, CLOSED, table(), NOW).status == 403


@pytest.mark.parametrize(
    ("places", "headers", "query", "found"),
    [
        (KeyPlaces(), [("Authorization", "k")], b"", "k"),
        (KeyPlaces(), [("Authorization", "Bearer k")], b"", "k"),
        (KeyPlaces(), [("Authorization", "bearer  k ")], b"", "k"),
        (KeyPlaces(), [("X-API-Key", "k")], b"", "k"),
        (KeyPlaces(), [("Authorization", "Bearer "), ("X-API-Key", "k")], b"", "k"),
        (KeyPlaces(), [], b"api_key=k&ticket=t", ""),
        (KeyPlaces(header="X-Shop"), [("X-Shop", "k"), ("Authorization", "other")], b"", "k"),
        (KeyPlaces(header="X-Shop"), [("Authorization", "other")], b"", ""),
        (KeyPlaces(header="X-Shop", query="key"), [], b"a=b&key=k%2Bk", "k+k"),
        (KeyPlaces(query="key"), [("Authorization", "k")], b"key=other", "k"),
    ],
)
def test_a_key_stands_where_the_definition_says(places, headers, query, found):
    assert api_key(first_values(scope(*headers)), query, places) == found


SHOWN = st.tuples(
    st.dictionaries(
        st.sampled_from([b"authorization", b"x-api-key", b"x-shop"]), st.sampled_from([b"", b"a", b"b"])
    ),
    st.sampled_from([b"", b"key=a", b"key=b"]),
)


@pytest.mark.parametrize(
    "places", [KeyPlaces(), KeyPlaces("X-Shop"), KeyPlaces(query="key"), KeyPlaces("X-Shop", "key")], ids=str
)
@given(SHOWN, SHOWN)
def test_who_shows_another_key_is_not_taken_for_who_came_before(places, one, other):
    (headers, query), (other_headers, other_query) = one, other
    if api_key(headers, query, places) != api_key(other_headers, other_query, places):
        assert shown_digest(headers, query, places) != shown_digest(other_headers, other_query, places)


@given(st.text(st.characters(max_codepoint=255), max_size=600), st.binary(max_size=80))
def test_whatever_is_sent_is_answered_and_never_repeated(sent, query):
    asked = {"headers": [(b"authorization", sent.encode("latin-1"))], "query_string": query, "client": None}
    refusal = authenticate(asked, CLOSED, table(), PER_ADDRESS, NOW)
    assert isinstance(refusal, Refusal)
    assert refusal.status == 401
    told = f"{refusal.detail} {refusal.code} {refusal.headers}"
    assert len(sent.strip()) < 30 or sent.strip() not in told


def places(schemes, **root):
    text = {**document(authentication={"enabled": True, "securitySchemes": schemes}), **root}
    return check_document(json.dumps(text), every_component(), Rules()).document.key_places


def declared(**scheme):
    return {"components": {"securitySchemes": {"key": scheme}}}


@pytest.mark.parametrize(
    ("schemes", "root", "expected"),
    [
        ({}, {}, KeyPlaces()),
        ({"key": {"enabled": True, "header": {"enabled": True, "name": "X-A"}}}, {}, KeyPlaces("X-A")),
        ({"key": {"header": {"name": "X-A"}, "query": {"name": "k"}}}, {}, KeyPlaces("X-A")),
        ({"key": {"query": {"enabled": True, "name": "k"}}}, {}, KeyPlaces("", "k")),
        ({"key": {"enabled": False, "header": {"name": "X-A"}}}, {}, KeyPlaces()),
        ({"key": {"enabled": True}}, declared(**{"type": "apiKey", "in": "header", "name": "X-B"}), KeyPlaces("X-B")),
        ({"key": {"enabled": True}}, declared(**{"type": "apiKey", "in": "query", "name": "q"}), KeyPlaces("", "q")),
        ({"key": {"enabled": True}}, declared(type="http", scheme="bearer"), KeyPlaces()),
        ({"key": {"enabled": False}, "b": {"header": {"name": "X-C"}}}, {}, KeyPlaces("X-C")),
    ],
)  # fmt: skip
def test_the_places_are_read_as_tyk_writes_them(schemes, root, expected):
    assert places(schemes, **root) == expected


@pytest.mark.parametrize("name", ['X" -d @/etc/passwd', "X'Key", "X Key", "-H", "X:Y", "X`id`", "ключ"])
def test_a_header_that_is_no_name_is_refused_on_save(name):
    schemes = {"key": {"header": {"name": name}}}
    text = json.dumps(document(authentication={"enabled": True, "securitySchemes": schemes}))
    checked = check_document(text, every_component(), Rules())
    assert [finding.code for finding in checked.errors] == ["header_malformed"]
