"""Positions of callers in PostgreSQL: one holder at a time, and nothing from one that was taken for dead."""

import psycopg
import pytest

from gateway import position_writer
from gateway.models import Position
from gateway.position_writer import PositionWriter
from gateway.positions import PostgresPositions, Progress, forget_positions
from streams.spec import StreamIdentity
from tests.factories import ApiDefinitionFactory
from tests.gateway.serving import in_database, until
from webhooks.database import open_pool

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def stream(postgres_url):
    return StreamIdentity(ApiDefinitionFactory().pk, 1, "shop", "orders", "tyk", 1)


@pytest.fixture
async def pool(postgres_url):
    made = await open_pool(postgres_url)
    yield made
    await made.close()


async def expire():
    """As if the holder had not been heard of for long."""
    await in_database(lambda: Position.objects.update(held_until="2020-01-01T00:00Z"))


async def test_a_place_is_held_by_one_process_until_it_is_given_back(pool, stream):
    one, other = PostgresPositions(pool, "one"), PostgresPositions(pool, "other")
    held = await one.hold(stream, "alice")
    assert held.offsets == {}
    assert await other.hold(stream, "alice") is None
    assert await other.hold(stream, "bob") is not None
    assert await one.save([Progress(held, {"orders/0/": 7}, released=True)]) == frozenset()
    again = await other.hold(stream, "alice")
    assert again.offsets == {"orders/0/": 7}
    assert again.token > held.token


async def test_who_was_taken_for_dead_moves_nothing(pool, stream):
    one, other = PostgresPositions(pool, "one"), PostgresPositions(pool, "other")
    late = await one.hold(stream, "alice")
    await expire()
    held = await other.hold(stream, "alice")
    await other.save([Progress(held, {"orders/0/": 9})])
    assert await one.save([Progress(late, {"orders/0/": 5})]) == {late.id}
    await other.save([Progress(held, {}, released=True)])
    assert (await one.hold(stream, "alice")).offsets == {"orders/0/": 9}


async def test_partitions_move_by_themselves(pool, stream):
    positions = PostgresPositions(pool, "one")
    held = await positions.hold(stream, "alice")
    await positions.save([Progress(held, {"orders/0/": 1, "orders/1/": 4})])
    await positions.save([Progress(held, {"orders/1/": 5}, released=True)])
    assert (await positions.hold(stream, "alice")).offsets == {"orders/0/": 1, "orders/1/": 5}


async def test_a_group_of_any_text_has_a_place(pool, stream):
    positions = PostgresPositions(pool, "one")
    for group in ("", "x" * 5000, "nul\0", "\U0001f600"):
        assert await positions.hold(stream, group) is not None


async def test_a_definition_deleted_meanwhile_has_no_places(pool, stream):
    gone = StreamIdentity(stream.definition_id + 1, 1, "gone", "orders", "tyk", 1)
    assert await PostgresPositions(pool, "one").hold(gone, "alice") is None


async def test_what_moved_is_written_and_the_place_stays_held(pool, stream, monkeypatch):
    monkeypatch.setattr(position_writer, "RENEW_SECONDS", 0.1)
    writer = PositionWriter(PostgresPositions(pool, "one"))
    await writer.start()
    served = await writer.hold(stream, "alice", lambda: None)
    served.move("orders/0/", 3)
    offsets = lambda: in_database(lambda: Position.objects.get().offsets)  # noqa: E731
    while await offsets() != {"orders/0/": 3}:
        pass
    await expire()
    while (await in_database(lambda: Position.objects.get().held_until)).year == 2020:
        pass
    served.move("orders/0/", 4)
    await writer.release(served)
    assert await offsets() == {"orders/0/": 4}
    assert await PostgresPositions(pool, "other").hold(stream, "alice") is not None
    await writer.stop()


async def test_who_has_lost_a_place_is_told(pool, stream, monkeypatch):
    monkeypatch.setattr(position_writer, "RENEW_SECONDS", 0.1)
    lost = []
    writer = PositionWriter(PostgresPositions(pool, "one"))
    await writer.start()
    await writer.hold(stream, "alice", lambda: lost.append("alice"))
    await expire()
    # Ours may have renewed it in between: then there is nothing to lose yet.
    while await PostgresPositions(pool, "other").hold(stream, "alice") is None:
        await expire()
    await until(lambda: lost == ["alice"])
    await writer.stop()


async def test_a_place_is_let_go_before_another_can_hold_it_when_the_database_is_away(
    pool, stream, monkeypatch
):
    monkeypatch.setattr(position_writer, "RENEW_SECONDS", 0.1)
    monkeypatch.setattr(position_writer, "LET_GO_SECONDS", 0.3)
    lost = []
    writer = PositionWriter(PostgresPositions(pool, "one"))
    await writer.start()
    await writer.hold(stream, "alice", lambda: lost.append("alice"))
    await pool.close()
    await until(lambda: lost == ["alice"])
    await writer.stop()


def test_places_that_nobody_moved_for_long_are_forgotten(stream, postgres_url):
    place = {"definition_id": stream.definition_id, "stream": "orders", "holder": "one"}
    free = {"held_until": "2020-01-01T00:00Z"}
    Position.objects.create(
        digest=b"1", consumer_group="old", updated_at="2020-01-01T00:00Z", **free, **place
    )
    Position.objects.create(digest=b"2", consumer_group="new", **free, **place)
    with psycopg.connect(postgres_url) as connection:
        assert forget_positions(connection, 30) == 1
    assert [row.consumer_group for row in Position.objects.all()] == ["new"]
