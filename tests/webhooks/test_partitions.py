"""A day's partition goes only when nothing in it is unfinished."""

import datetime as dt
import time

import psycopg
import pytest

from webhooks.arrays import day_of
from webhooks.partitions import OVERFLOW_DAY, KeptDays, drop_old_partitions, make_coming_partitions

KEPT = KeptDays(30)
DAY_MS = 86_400_000
OLD = dt.date(2024, 2, 29)
NAME = "webhooks_delivery_20240229"


@pytest.fixture
def connection(postgres_url):
    """A transaction that is rolled back; lane 1 leads to an enabled endpoint."""
    with psycopg.connect(postgres_url) as opened:
        opened.execute("SELECT webhooks_ensure_partitions(%s, %s)", [OLD, OLD])
        opened.execute(
            "SET CONSTRAINTS ALL DEFERRED;"
            "INSERT INTO webhooks_endpoint (id, app_id, public_id, url, description, max_in_flight, state,"
            " state_reason, created_at) VALUES (1, 1, 'ep', 'http://till.example', '', 4, 'enabled', '', now());"
            "INSERT INTO webhooks_lane (id, endpoint_id, key, failures) VALUES (1, 1, '', 0)"
        )
        yield opened
        opened.rollback()


def state_of_delivery(connection) -> int:
    return connection.execute("SELECT state FROM webhooks_delivery WHERE id = 7").fetchone()[0]


def exists(connection, name: str) -> bool:
    return connection.execute("SELECT to_regclass(%s)", [name]).fetchone()[0] is not None


def add_delivery(connection, day: dt.date, *, unfinished: bool) -> None:
    connection.execute(
        "INSERT INTO webhooks_delivery (id, day, message_id, endpoint_id, event_type, state)"
        " VALUES (7, %s, gen_random_uuid(), 1, 'x', 0)",
        [day],
    )
    if unfinished:
        connection.execute(
            "INSERT INTO webhooks_due (delivery_id, day, lane_id, due_at) VALUES (7, %s, 1, now())", [day]
        )


def test_the_partitions_of_a_day_past_retention_are_dropped(connection):
    add_delivery(connection, OLD, unfinished=False)
    dropped = drop_old_partitions(connection, KEPT)
    assert sorted(dropped) == [
        "webhooks_attempt_20240229",
        "webhooks_delivery_20240229",
        "webhooks_message_20240229",
        "webhooks_payload_20240229",
    ]
    assert not exists(connection, NAME)


def test_a_day_with_an_unfinished_delivery_stays(connection):
    add_delivery(connection, OLD, unfinished=True)
    assert drop_old_partitions(connection, KEPT) == []
    assert exists(connection, NAME)


def test_what_a_disabled_endpoint_left_unfinished_is_cancelled_and_its_day_goes(connection):
    add_delivery(connection, OLD, unfinished=True)
    connection.execute("UPDATE webhooks_endpoint SET state = 'disabled'")
    assert drop_old_partitions(connection, KEPT)
    assert not exists(connection, NAME)


def test_what_waits_for_an_endpoint_that_is_gone_is_cancelled(connection):
    make_coming_partitions(connection)
    add_delivery(connection, dt.datetime.now(dt.UTC).date(), unfinished=True)
    connection.execute("UPDATE webhooks_due SET lane_id = 999")
    drop_old_partitions(connection, KEPT)
    assert state_of_delivery(connection) == 5
    assert connection.execute("SELECT count(*) FROM webhooks_due").fetchone() == (0,)


def test_days_that_are_kept_and_the_overflow_stay(connection):
    make_coming_partitions(connection)
    drop_old_partitions(connection, KEPT)
    today = dt.datetime.now(dt.UTC).date()
    for name in (today, today + dt.timedelta(days=2), dt.date(1970, 1, 1)):
        assert exists(connection, f"webhooks_message_{name:%Y%m%d}")


def test_overflow_rows_go_by_when_they_were_accepted(connection):
    for age in (1, 99):
        connection.execute(
            "INSERT INTO webhooks_message (id, day, organization_id, definition_id, stream, event_type, position,"
            " record_at, accepted_at, matched) VALUES (gen_random_uuid(), '1970-01-01', 1, 1, 's', 't', 'p', now(),"
            " now() - make_interval(days => %s), 0)",
            [age],
        )
    drop_old_partitions(connection, KEPT)
    ages = connection.execute(
        "SELECT extract(day FROM now() - accepted_at)::int FROM webhooks_message WHERE day = '1970-01-01'"
    ).fetchall()
    assert ages == [(1,)]


@pytest.mark.parametrize(("days", "own"), [(0, True), (30, True), (31, False), (-1, True), (-2, False)])
def test_a_record_has_a_partition_of_its_own_within_the_kept_days(days, own):
    now = int(time.time() * 1000)
    day = KEPT.partition_of(now - days * DAY_MS)
    assert day == (day_of(now) - days if own else OVERFLOW_DAY)
