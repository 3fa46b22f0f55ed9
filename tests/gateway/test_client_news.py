"""What gateway processes tell each other by Valkey, and what they do without it."""

import pytest
import redis

from gateway.client_news import CHANNEL, ClientNews, News
from tests.gateway.serving import until


@pytest.fixture
async def two(valkey_url):
    """Two processes and what each has heard."""
    heard = {"one": [], "other": []}
    made = [
        ClientNews(valkey_url, name, lambda news, stream, to=to: to.append((news, stream)))
        for name, to in heard.items()
    ]
    for one in made:
        await one.start()
    with redis.Redis.from_url(valkey_url) as client:
        await until(lambda: client.pubsub_numsub(CHANNEL)[0][1] == 2)
        yield made, heard, client
    for one in made:
        await one.stop()


async def test_others_hear_what_is_told_and_the_teller_does_not(two):
    (one, other), heard, _ = two
    one.tell(News.GAINED, "1/orders")
    await until(lambda: heard["other"] == [(News.GAINED, "1/orders")])
    other.tell(News.STARVING, "2/orders")
    await until(lambda: heard["one"] == [(News.STARVING, "2/orders")])
    assert len(heard["other"]) == 1


@pytest.mark.parametrize(
    "text", [b"", b"5", b"{}", b'["x","gained"]', b'["x","evicted","1/orders"]', b"\xff"]
)
async def test_what_nobody_understands_is_passed_over(two, text):
    (one, _), heard, client = two
    client.publish(CHANNEL, text)
    one.tell(News.GAINED, "1/orders")
    await until(lambda: heard["other"] == [(News.GAINED, "1/orders")])


async def test_listening_goes_on_after_valkey_was_away(two):
    (one, _), heard, client = two
    client.client_kill_filter(_type="pubsub")
    await until(lambda: client.pubsub_numsub(CHANNEL)[0][1] == 2)
    one.tell(News.GAINED, "1/orders")
    await until(lambda: heard["other"])


async def test_without_valkey_nothing_is_said_and_nothing_fails():
    alone = ClientNews("redis://127.0.0.1:1", "one", lambda *_: None)
    await alone.start()
    alone.tell(News.GAINED, "1/orders")
    await alone.stop()
