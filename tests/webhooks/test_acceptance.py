"""Events posted to the gateway: written once, and left to the workers to deliver."""

import pytest

from gateway.http_server_input import HTTP_SERVER_INPUT
from streams.builtin import core_registry
from streams.secrets import KeyRing
from tests.gateway import ingesting
from tests.webhooks.conftest import rows
from webhooks import directory
from webhooks.acceptance import Acceptance
from webhooks.outputs import PORTAL_WEBHOOK
from webhooks.partitions import KeptDays
from webhooks.publish import Publisher
from webhooks.subscribers import Recipient, Subscribers

OPENED = (1, "issue.opened")
REGISTRY = core_registry().with_component(HTTP_SERVER_INPUT, PORTAL_WEBHOOK)
TEXT = """
input: {http_server: {path: /issues}}
output: {portal_webhook: {event_type: issue.opened}}
"""


@pytest.fixture
async def acceptance(pool, monkeypatch):
    async def load_subscribers(_connection):
        return Subscribers({OPENED: (Recipient(11, 101, None),)}, frozenset({OPENED}))

    monkeypatch.setattr(directory, "load_subscribers", load_subscribers)
    made = Acceptance(pool, KeyRing((b"k" * 32,)), KeptDays(30))
    yield made
    await made.stop()


@pytest.fixture
async def served(acceptance):
    api = ingesting.api(TEXT, registry=REGISTRY)
    async with ingesting.serving(api, services={Publisher: acceptance.publisher}) as served:
        yield served


async def test_what_is_posted_again_under_its_key_is_one_event(served, acceptance, pool):
    acceptance.apply([])
    await ingesting.until(lambda: acceptance._known)

    for _ in range(2):
        response = await served.post(b'{"number":1}', idempotency_key="issue-1")
        assert response.status == 200, response.body
    assert (await served.post(b'{"number":2}')).status == 200

    assert await rows(pool, "SELECT count(*) FROM webhooks_message") == [(2,)]
    assert await rows(pool, "SELECT lane_id, lease FROM webhooks_due ORDER BY 1") == [(101, None)] * 2


async def test_nothing_is_accepted_before_it_is_known_who_receives(served, pool, caplog):
    assert (await served.post(b'{"number":1}')).status == 502
    assert not [record for record in caplog.records if record.exc_info], "no fault of the code's"

    assert await rows(pool, "SELECT count(*) FROM webhooks_message") == [(0,)]
