"""What an app has open is asked of every gateway process, and how many answered is said."""

import asyncio
import datetime as dt

import pytest

from gateway import announcements, client_counts, client_listing, client_news
from gateway.caller import Caller, Limits
from gateway.client_counts import ClientCounts
from gateway.client_listing import MOST_LISTED, ClientListing, ask_open_streams, count_open_streams
from gateway.clients import Clients
from gateway.routes import ActiveApi, Purpose, Route
from streams.connections import Connections
from tests.gateway.serving import until

APP = 7


def route():
    api = ActiveApi(3, 1, "shop", "sluice", 1, "/shop/", True, True, "", Connections())
    return Route(api, Purpose.STREAM)


def caller(app_id):
    return Caller("192.0.2.1", Limits(), app_id=app_id, credential_id=5, subscription_id=2)


@pytest.fixture
async def processes(valkey_url):
    """Two gateway processes' lists of what is open."""
    made = [Clients(ClientCounts(valkey_url, name)) for name in ("one", "two")]
    listings = [ClientListing(valkey_url, clients) for clients in made]
    for listing in listings:
        await listing.start()
    await until(lambda: _heard_by(valkey_url) == 2)
    yield made
    for listing in listings:
        await listing.stop()


def _heard_by(valkey_url):
    return ask_open_streams(valkey_url, 0, 0.05).asked


async def asked(valkey_url, app_id=APP):
    return await asyncio.to_thread(ask_open_streams, valkey_url, app_id, 20.0)


async def test_streams_of_an_app_are_listed_from_all_processes_and_those_of_others_are_not(
    processes, valkey_url
):
    one, other = processes
    first = one.open(route(), caller(APP))
    other.open(route(), caller(APP))
    other.open(route(), caller(8))
    found = await asked(valkey_url)
    assert (found.total, found.asked, found.answered, found.is_complete) == (2, 2, 2, True)
    assert {
        (each.definition_id, each.purpose, each.credential_id, each.address) for each in found.streams
    } == {(3, "stream", 5, "192.0.2.1")}
    assert all(
        abs(each.opened_at - dt.datetime.now(dt.UTC)) < dt.timedelta(minutes=1) for each in found.streams
    )
    counted = await asyncio.to_thread(count_open_streams, valkey_url, 3, 20.0)
    assert (counted.total, counted.streams, counted.is_complete) == (3, (), True)
    one.close(first)
    assert (await asked(valkey_url)).total == 1
    assert (await asked(valkey_url, 9)).streams == ()


async def test_of_very_many_the_latest_are_listed_and_the_rest_counted(processes, valkey_url):
    for _ in range(MOST_LISTED + 5):
        processes[0].open(route(), caller(APP))
    found = await asked(valkey_url)
    assert (len(found.streams), found.total) == (MOST_LISTED, MOST_LISTED + 5)


async def test_where_no_gateway_runs_nothing_is_known(valkey_url):
    found = await asked(valkey_url)
    assert (found.asked, found.is_complete) == (0, False)


async def test_without_valkey_nobody_can_be_asked():
    assert ask_open_streams("redis://127.0.0.1:1", APP, 0.2) is None


async def test_a_question_that_nobody_understands_is_passed_over(processes, valkey_url):
    processes[0].open(route(), caller(APP))
    listing = ClientListing(valkey_url, processes[0])
    for words in ([], ["app"], ["moon", 1, "reply"]):
        with pytest.raises(ValueError, match=r"unpack|moon"):
            listing._hear("asker", words)
    await listing.stop()
    assert (await asked(valkey_url)).total == 1


def test_no_other_channel_hears_the_questions():
    channels = [each.CHANNEL for each in (announcements, client_counts, client_listing, client_news)]
    assert len(set(channels)) == len(channels)
