"""Columns sent in binary come back from PostgreSQL as they were."""

import datetime as dt
import uuid

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from webhooks import arrays

INT8 = st.integers(-(2**63), 2**63 - 1)
TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=20)
MILLISECONDS = st.integers(-62_000_000_000_000, 250_000_000_000_000)


@pytest.fixture(scope="module")
def connection(postgres_url):
    with psycopg.connect(postgres_url, autocommit=True) as opened:
        arrays.register(opened)
        yield opened


def given_lists(strategy):
    quiet = settings(
        max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
    )
    return lambda test: quiet(given(values=st.lists(strategy, max_size=8))(test))


def echo(connection, column: arrays.BinaryArray, of: str):
    return connection.execute(f"SELECT %b::{of}[]", [column]).fetchone()[0]


@given_lists(INT8)
def test_bigints_come_back(connection, values):
    assert echo(connection, arrays.int8s(values), "bigint") == values


@given_lists(st.none() | st.integers(-(2**15), 2**15 - 1))
def test_smallints_and_nulls_come_back(connection, values):
    assert echo(connection, arrays.nullable_int2s(values), "smallint") == values


@given_lists(st.none() | TEXT)
def test_texts_and_nulls_come_back(connection, values):
    assert echo(connection, arrays.texts(values), "text") == values


@given_lists(st.none() | st.binary(max_size=30))
def test_bytes_and_nulls_come_back(connection, values):
    assert echo(connection, arrays.byteas(values), "bytea") == values


@given_lists(st.booleans())
def test_booleans_come_back(connection, values):
    assert echo(connection, arrays.booleans(values), "boolean") == values


@given_lists(st.none() | st.floats(allow_nan=False))
def test_floats_and_nulls_come_back(connection, values):
    assert echo(connection, arrays.nullable_float8s(values), "double precision") == values


@given_lists(st.binary(min_size=16, max_size=16))
def test_uuids_come_back(connection, values):
    assert echo(connection, arrays.uuids(values), "uuid") == [uuid.UUID(bytes=value) for value in values]


@given_lists(MILLISECONDS)
def test_moments_come_back_as_the_same_unix_time(connection, values):
    got = echo(connection, arrays.timestamps(values), "timestamptz")
    epoch = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
    assert got == [epoch + dt.timedelta(milliseconds=value) for value in values]


@given_lists(MILLISECONDS)
def test_a_moment_falls_on_its_utc_day(connection, values):
    got = echo(connection, arrays.dates([arrays.day_of(value) for value in values]), "date")
    epoch = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
    assert got == [(epoch + dt.timedelta(milliseconds=value)).date() for value in values]
