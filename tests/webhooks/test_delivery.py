"""The delivery engine on real PostgreSQL and a real receiver: what is due is sent, signed, decided, recorded."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace

import pytest

from streams.outbound import Guard
from tests.webhooks.conftest import rows
from tests.webhooks.test_publish import event
from webhooks import delivery, queue
from webhooks.delivery import DeliveryEngine
from webhooks.destinations import Destination
from webhooks.health import CLOSED
from webhooks.partitions import KeptDays
from webhooks.publish import Publisher
from webhooks.request import Target
from webhooks.sender import Sender
from webhooks.signing import HmacKey, verify
from webhooks.subscribers import Recipient, Subscribers

KEY = HmacKey(b"k" * 32)
DEADLINE = 30


@dataclass
class Receiver:
    """An HTTP server in the test's loop that answers as the test says and remembers what came."""

    port: int = 0
    answer: Callable[[str, int], bytes | None] = lambda path, count: b"204 No Content"
    ids: list[str] = field(default_factory=list)
    counts: Counter = field(default_factory=Counter)
    open_now: Counter = field(default_factory=Counter)
    open_most: Counter = field(default_factory=Counter)
    tasks: set = field(default_factory=set)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.tasks.add(asyncio.current_task())
        try:
            while True:
                await self.one(reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def stop(self) -> None:
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)

    async def one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        path = head.split(" ")[1]
        headers = dict(line.split(": ", 1) for line in head.split("\r\n")[1:] if line)
        body = await reader.readexactly(int(headers["Content-Length"]))
        message_id = verify([KEY], headers, body, int(headers["webhook-timestamp"]))
        self.ids.append(message_id)
        self.counts[path, message_id] += 1
        self.open_now[path] += 1
        self.open_most[path] = max(self.open_most[path], self.open_now[path])
        try:
            status = self.answer(path, self.counts[path, message_id])
            if status is None:
                await reader.read()  # nothing more comes: it ends when the sender gives up
            writer.write(b"HTTP/1.1 %b\r\nContent-Length: 0\r\n\r\n" % (status or b""))
        finally:
            self.open_now[path] -= 1


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    made = Receiver()
    server = await asyncio.start_server(made.serve, "127.0.0.1", 0)
    made.port = server.sockets[0].getsockname()[1]
    yield made
    server.close()
    await made.stop()


@pytest.fixture
def destinations(receiver: Receiver) -> dict[int, Destination]:
    """Lanes 101 and 102, to /11 and /12."""
    return {
        lane: Destination(
            lane_id=lane,
            endpoint_id=lane - 90,
            target=Target.of(f"http://127.0.0.1:{receiver.port}/{lane - 90}"),
            signers=(KEY,),
            headers=b"",
            max_in_flight=4,
            paused=False,
            failing=False,
            breaker=CLOSED,
        )
        for lane in (101, 102)
    }


@contextlib.asynccontextmanager
async def running(pool, destinations, **sender_options) -> AsyncIterator[DeliveryEngine]:
    sender = Sender(Guard(["127.0.0.0/8"]), **sender_options)
    engine = DeliveryEngine(pool, sender, lambda: destinations)
    await engine.start()
    try:
        yield engine
    finally:
        await engine.stop()


def publisher_for(pool, engine: DeliveryEngine, *lanes: int) -> Publisher:
    kind = (1, "issue.opened")
    recipients = tuple(Recipient(lane - 90, lane, None) for lane in lanes)
    return Publisher(pool, engine, lambda: Subscribers({kind: recipients}, frozenset({kind})), KeptDays(30))


async def until(condition: Callable) -> None:
    """Wait for something to become so."""
    async with asyncio.timeout(DEADLINE):
        while not await condition():
            await asyncio.sleep(0.02)


async def count(pool, statement: str) -> int:
    [(number,)] = await rows(pool, f"SELECT count(*) FROM {statement}")
    return number


@pytest.fixture
def at_once(monkeypatch) -> None:
    """Retries come after milliseconds: the pauses are proved where they are decided."""
    quick = delivery.decide
    monkeypatch.setattr(
        delivery,
        "decide",
        lambda *args: replace(made, at=args[2]) if (made := quick(*args)).at is not None else made,
    )


async def test_what_is_published_arrives_signed_and_is_recorded(pool, receiver, destinations):
    async with running(pool, destinations) as engine:
        await publisher_for(pool, engine, 101, 102).publish([event(number) for number in range(50)])
        await until(lambda: _all_delivered(pool, 100))
    assert len(receiver.ids) == 100
    assert await count(pool, "webhooks_due") == 0
    assert await count(pool, "webhooks_attempt WHERE status = 204 AND total_ms > 0") == 100


async def _all_delivered(pool, number: int) -> bool:
    return await count(pool, "webhooks_delivery WHERE state = 2") == number


async def test_more_than_fits_waits_its_turn_and_no_receiver_sees_more_than_its_cap(
    pool, receiver, destinations
):
    async with running(pool, destinations) as engine:
        await publisher_for(pool, engine, 101).publish([event(number) for number in range(300)])
        await until(lambda: _all_delivered(pool, 300))
    assert receiver.open_most["/11"] <= 4
    assert max(receiver.counts.values()) == 1


async def test_a_failed_try_is_made_again_under_the_same_id(pool, receiver, destinations, at_once):
    receiver.answer = lambda path, tries: b"500 Oops" if tries == 1 else b"200 OK"
    async with running(pool, destinations) as engine:
        await publisher_for(pool, engine, 101).publish([event(number) for number in range(20)])
        await until(lambda: _all_delivered(pool, 20))
    assert set(receiver.counts.values()) == {2}
    assert await count(pool, "webhooks_attempt WHERE status = 500 AND number = 1 AND decision = 1") == 20
    assert await count(pool, "webhooks_delivery WHERE attempts = 2 AND last_status = 200") == 20


async def test_a_delivery_that_fails_every_time_ends_exhausted(pool, receiver, destinations, at_once):
    receiver.answer = lambda path, tries: b"503 Busy"
    async with running(pool, destinations) as engine:
        await publisher_for(pool, engine, 101).publish([event()])
        await until(lambda: _is(pool, "webhooks_delivery WHERE state = 4"))
    assert await count(pool, "webhooks_attempt") == 10
    assert await count(pool, "webhooks_due") == 0


async def _is(pool, statement: str) -> bool:
    return await count(pool, statement) > 0


async def test_an_endpoint_that_hangs_holds_up_no_other(pool, receiver, destinations):
    receiver.answer = lambda path, tries: None if path == "/11" else b"204 No Content"
    async with running(pool, destinations, exchange_seconds=1.0) as engine:
        await publisher_for(pool, engine, 101, 102).publish([event(number) for number in range(100)])
        await until(lambda: _all_delivered(pool, 100))
        assert receiver.open_most["/11"] <= 4
        assert await count(pool, "webhooks_delivery WHERE endpoint_id = 12 AND state = 2") == 100


async def test_a_paused_endpoint_gathers_and_is_sent_to_on_resume(pool, receiver, destinations):
    destinations[101] = replace(destinations[101], paused=True)
    async with running(pool, destinations) as engine:
        await publisher_for(pool, engine, 101).publish([event(number) for number in range(5)])
        assert receiver.ids == []
        destinations[101] = replace(destinations[101], paused=False)
        await until(lambda: _all_delivered(pool, 5))


async def test_what_a_dead_worker_held_is_sent_by_another(pool, receiver, destinations):
    dead = await queue.begin_epoch(pool)
    async with running(pool, destinations) as engine:
        await publisher_for(pool, engine, 101).publish([])
        holder = _DeadDispatcher(dead)
        await publisher_for(pool, holder, 101, 102).publish([event(number) for number in range(10)])
        assert await count(pool, f"webhooks_due WHERE lease = {dead}") == 20
        await until(lambda: _all_delivered(pool, 20))
    assert set(receiver.counts.values()) == {1}


class _DeadDispatcher:
    """A worker that leases what it publishes and dies before it sends."""

    def __init__(self, epoch: int) -> None:
        self.epoch = epoch

    async def room(self, wanted: int) -> int:
        return wanted

    def take(self, lane_id: int) -> bool:
        return True

    def send(self, held) -> None:
        return None


async def test_leases_that_were_written_and_never_heard_of_go_free(pool, receiver, destinations):
    async with running(pool, destinations) as engine:
        await publisher_for(pool, _DeadDispatcher(engine.epoch), 101).publish(
            [event(number) for number in range(3)]
        )
        engine.suspect()
        await until(lambda: _all_delivered(pool, 3))


async def test_a_stop_lets_what_is_under_way_end_and_gives_the_rest_back(pool, receiver, destinations):
    async with running(pool, destinations) as engine:
        await publisher_for(pool, engine, 101).publish([event(number) for number in range(100)])
    delivered = await count(pool, "webhooks_delivery WHERE state = 2")
    assert await count(pool, "webhooks_due WHERE lease IS NOT NULL") == 0
    assert await count(pool, "webhooks_due") == 100 - delivered
    assert len(receiver.ids) == delivered
    assert await count(pool, "webhooks_deliveryworker") == 0


@pytest.fixture
async def endpoint(pool) -> AsyncIterator[int]:
    """The id of an endpoint in the database; its lane 101 leads to /11."""
    [(organization,)] = await rows(
        pool,
        "INSERT INTO gateway_organization (name, slug, is_active, created_at)"
        " VALUES ('Partner', 'partner', true, now()) RETURNING id",
    )
    [(app,)] = await rows(
        pool,
        "INSERT INTO gateway_app (organization_id, name, description, created_at)"
        " VALUES (%s, 'Till', '', now()) RETURNING id",
        (organization,),
    )
    [(made,)] = await rows(
        pool,
        "INSERT INTO webhooks_endpoint (app_id, public_id, url, description, max_in_flight, state, state_reason,"
        " created_at) VALUES (%s, 'ep_1', 'http://till.example', '', 4, 'enabled', '', now()) RETURNING id",
        (app,),
    )
    yield made
    async with pool.connection() as connection:
        await connection.execute("DELETE FROM gateway_audit")
        await connection.execute("DELETE FROM webhooks_endpoint")
        await connection.execute("DELETE FROM gateway_app")
        await connection.execute("DELETE FROM gateway_organization")


def to_endpoint(destinations, endpoint: int) -> Recipient:
    destinations[101] = replace(destinations[101], endpoint_id=endpoint)
    return Recipient(endpoint, 101, None)


async def publish_to(pool, engine, recipient: Recipient, numbers: range) -> None:
    kind = (1, "issue.opened")
    subscribers = Subscribers({kind: (recipient,)}, frozenset({kind}))
    await Publisher(pool, engine, lambda: subscribers, KeptDays(30)).publish([event(n) for n in numbers])


async def test_an_endpoint_that_answers_410_is_disabled_with_the_reason(
    pool, receiver, destinations, endpoint
):
    receiver.answer = lambda path, tries: b"410 Gone"
    recipient = to_endpoint(destinations, endpoint)
    async with running(pool, destinations) as engine:
        await publish_to(pool, engine, recipient, range(3))
        await until(lambda: _is(pool, "webhooks_endpoint WHERE state = 'disabled'"))
    assert await rows(pool, "SELECT state_reason FROM webhooks_endpoint") == [
        ("the receiver answered 410 Gone",)
    ]
    assert await count(pool, "gateway_audit WHERE verb = 'endpoint.disable'") == 1
    assert await count(pool, "webhooks_attempt WHERE decision = 3") >= 1


async def test_a_run_of_failures_is_noted_when_it_begins_and_ends(
    pool, receiver, destinations, endpoint, at_once
):
    receiver.answer = lambda path, tries: b"503 Busy" if len(receiver.ids) < 4 else b"200 OK"
    recipient = to_endpoint(destinations, endpoint)
    async with running(pool, destinations) as engine:
        await publish_to(pool, engine, recipient, range(1))
        await until(lambda: _is(pool, "webhooks_endpoint WHERE failing_since IS NOT NULL"))
        await until(lambda: _all_delivered(pool, 1))
        await until(lambda: _is(pool, "webhooks_endpoint WHERE failing_since IS NULL"))


async def test_a_receiver_that_refuses_connections_is_left_alone_and_the_pause_is_written(
    pool, receiver, destinations, endpoint
):
    recipient = to_endpoint(destinations, endpoint)
    destinations[101] = replace(destinations[101], target=Target.of("http://127.0.0.1:1/11"))
    async with pool.connection() as connection:
        await connection.execute(
            "INSERT INTO webhooks_lane (id, endpoint_id, key, failures) VALUES (101, %s, '', 0)", [endpoint]
        )
    try:
        async with running(pool, destinations) as engine:
            await publish_to(pool, engine, recipient, range(40))
            await until(lambda: _is(pool, "webhooks_lane WHERE open_at > now() AND failures >= 10"))
        assert 10 <= await count(pool, "webhooks_attempt WHERE error = 'connect_refused'") < 40
    finally:
        async with pool.connection() as connection:
            await connection.execute("DELETE FROM webhooks_lane")
