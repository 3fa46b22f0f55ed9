"""Which open streams end after a change: decided from what is, and the newest of too many."""

import asyncio
import datetime as dt
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.access_table import AccessTable, Grant, KnownCredential
from gateway.caller import Caller, Limits
from gateway.client import CloseReason
from gateway.client_counts import ClientCounts
from gateway.clients import LOOK_SECONDS, Clients, Rights, Standing, reason_to_end
from gateway.routes import Purpose, Route
from tests.gateway.serving import api, kafka_text

NOW = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
PAST, LATER = NOW - dt.timedelta(seconds=1), NOW + dt.timedelta(hours=1)
API = replace(api(kafka_text("b:1", "t", "g")), authenticated=True)
OTHER_TEXT = kafka_text("b:1", "another", "g")
CREDENTIAL = KnownCredential(id=3, app_id=1, organization_id=9, expires_at=None, revoked=False)
CALLER = Caller("192.0.2.1", Limits(), app_id=1, credential_id=3, subscription_id=7)


def grant(subscription_id=7, expires_at=None, attributes=None, **limits):
    return Grant(subscription_id, 5, 4, Limits(**limits), attributes or {}, expires_at)


def standing(*apis, credential=CREDENTIAL, grants=None, loop_time=0.0):
    grants = (grant(),) if grants is None else grants
    table = AccessTable({b"digest": credential} if credential else {}, {(1, API.definition_id): grants})
    return Standing({one.definition_id: one for one in apis}, table, NOW, loop_time)


def here():
    """The streams of one process that hears of no other."""
    return Clients(ClientCounts("redis://127.0.0.1:1", "here"))


async def opened(clients, caller=CALLER, of=API):
    client = clients.open(Route(of, Purpose.STREAM, of.streams["orders"]), caller)
    assert client is not None
    client.opened_at = 0.0
    return client


@pytest.mark.parametrize(
    ("now", "caller", "reason"),
    [
        (standing(API), CALLER, None),
        (standing(replace(API, revision=2, name="shop 2")), CALLER, None),
        (standing(), CALLER, CloseReason.DEACTIVATED),
        (standing(replace(API, listen_path="/moved/")), CALLER, CloseReason.CHANGED),
        (standing(replace(API, streams={})), CALLER, CloseReason.CHANGED),
        (standing(replace(API, streams=api(OTHER_TEXT).streams)), CALLER, CloseReason.CHANGED),
        (standing(replace(API, authenticated=False)), CALLER, CloseReason.CHANGED),
        (standing(API, credential=replace(CREDENTIAL, revoked=True)), CALLER, CloseReason.REVOKED),
        (standing(API, credential=replace(CREDENTIAL, expires_at=NOW)), CALLER, CloseReason.EXPIRED),
        (standing(API, credential=replace(CREDENTIAL, expires_at=LATER)), CALLER, None),
        (standing(API, credential=None), CALLER, CloseReason.REVOKED),
        (standing(API, credential=None), replace(CALLER, credential_id=None), None),  # by ticket
        (standing(API), replace(CALLER, expires_at=PAST), None),  # it was renewed meanwhile
        (standing(API, grants=()), CALLER, CloseReason.UNSUBSCRIBED),
        (standing(API, grants=(grant(8),)), CALLER, CloseReason.UNSUBSCRIBED),
        (standing(API, grants=(grant(expires_at=PAST),)), CALLER, CloseReason.EXPIRED),
        (standing(API, grants=(grant(client_age_seconds=10),), loop_time=10.5), CALLER, CloseReason.AGED),
        (standing(API, grants=(grant(client_age_seconds=10),), loop_time=9.5), CALLER, None),
        (standing(API, grants=()), Caller("192.0.2.1", Limits()), None),  # of an open API
    ],
)
async def test_a_stream_ends_when_what_it_was_opened_under_does(now, caller, reason):
    client = await opened(here(), caller)
    credential = next((one for one in now.table.credentials.values() if one.id == caller.credential_id), None)
    assert reason_to_end(client, now, Rights(credential, now.grant(caller, API.definition_id))) is reason


@pytest.mark.parametrize(
    ("attributes", "reason"),
    [
        ({"team": 1, "level": 1}, None),
        ({"team": 1}, None),  # it reads the other one
        ({"team": 2, "level": 1}, CloseReason.CHANGED),
        ({"team": True, "level": 1}, CloseReason.CHANGED),
        ({"level": 1}, CloseReason.CHANGED),
    ],
)
async def test_a_stream_ends_when_an_attribute_that_it_reads_is_another(attributes, reason):
    reading = replace(API, streams=api(kafka_text("b:1", "t", "$tyk_meta.team")).streams)
    now = standing(reading, grants=(grant(attributes=attributes),))
    client = await opened(here(), replace(CALLER, attributes={"team": 1, "level": 1}), reading)
    rights = Rights(CREDENTIAL, now.grant(client.caller, API.definition_id))
    assert reason_to_end(client, now, rights) is reason


@given(
    opened_by=st.lists(st.sampled_from([7, 8]), max_size=12),
    left=st.sets(st.integers(0, 11)),
    limit=st.none() | st.integers(0, 6),
)
def test_of_too_many_the_oldest_stay_open(opened_by, left, limit):
    async def decide():
        clients = here()
        made = [await opened(clients, replace(CALLER, subscription_id=pk)) for pk in opened_by]
        present = [client for place, client in enumerate(made) if place not in left]
        for client in made:
            if client not in present:
                clients.close(client)
        clients.enforce(standing(API, grants=(grant(7, max_clients=limit), grant(8, max_clients=limit))))
        for subscription_id in (7, 8):
            own = [client for client in present if client.caller.subscription_id == subscription_id]
            kept = [client for client in own if not client.ending.done()]
            assert kept == (own if limit is None else own[:limit])
            assert {client.ending.result() for client in own if client.ending.done()} <= {CloseReason.LIMITED}

    asyncio.run(decide())


async def test_a_plan_says_how_many_streams_are_open_at_a_time():
    clients, caller = here(), replace(CALLER, limits=Limits(max_clients=1))
    first = await opened(clients, caller)
    route = first.route
    assert clients.open(route, caller) is None
    clients.close(first)
    clients.close(first)  # counted once
    assert clients.open(route, caller) is not None


async def test_who_drains_lets_nobody_in_and_waits_for_all_to_leave():
    clients = here()
    client = await opened(clients)
    clients.end_all(CloseReason.SHUTDOWN)
    assert client.ending.result() is CloseReason.SHUTDOWN
    assert clients.open(client.route, CALLER) is None
    waiting = asyncio.create_task(clients.all_left())
    await asyncio.sleep(0)
    assert not waiting.done()
    clients.close(client)
    await waiting


async def test_a_stale_configuration_ends_streams_and_lets_others_in_later():
    clients = here()
    client = await opened(clients)
    clients.end_all(CloseReason.STALE)
    assert (client.ending.result(), clients.draining) == (CloseReason.STALE, False)


@pytest.mark.parametrize(
    ("now", "due"),
    [
        (standing(API), LOOK_SECONDS),
        (standing(API, credential=replace(CREDENTIAL, expires_at=NOW + dt.timedelta(seconds=3))), 3.0),
        (standing(API, grants=(grant(expires_at=NOW + dt.timedelta(seconds=2)),)), 2.0),
        (standing(API, grants=(grant(client_age_seconds=1),)), 1.0),
        (standing(API, grants=(grant(client_age_seconds=60),)), LOOK_SECONDS),
    ],
)
async def test_streams_are_looked_at_when_the_next_may_end_by_time(now, due):
    clients = here()
    await opened(clients)
    clients.enforce(now)
    assert (clients.is_due(due - 0.001), clients.is_due(due)) == (False, True)


async def test_a_stream_that_ends_sooner_than_all_others_is_looked_at_in_time():
    clients = here()
    loop_time = asyncio.get_running_loop().time()
    clients.enforce(standing(API, loop_time=loop_time))
    await opened(clients, replace(CALLER, limits=Limits(client_age_seconds=1)))
    assert clients.is_due(asyncio.get_running_loop().time() + 1)
