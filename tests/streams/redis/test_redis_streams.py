"""Streams of Redis as input and output, on a real Valkey."""

import asyncio

from redis.asyncio import Redis

from streams.errors import OutputError
from streams.message import Message
from tests.streams.connecting import (
    contents,
    errors_of,
    numbered,
    output_of,
    reading,
    until,
)
from tests.streams.making import ListOutput
from tests.streams.secured import check_names


def reads(server, more=""):
    return (
        f"{{redis_streams: {{url: '{server.url}', streams: [a, b], consumer_group: g,"
        f" commit_period: 50ms, timeout: 100ms{more}}}}}"
    )


def pending(server, stream="a"):
    return server.xpending(stream, "g")["pending"]


async def test_entries_come_with_their_fields_and_are_acknowledged(server):
    server.xadd("a", {"body": b"\xff\x00", "kind": "x"})
    number = server.xadd("b", {"body": "later"})
    async with reading(reads(server)) as (_, output):
        await until(lambda: len(output.taken) == 2)
        await until(lambda: pending(server) == pending(server, "b") == 0)
    first, second = sorted(output.taken, key=lambda one: one.source.position)
    assert first.content == b"\xff\x00"
    assert first.metadata["kind"] == "x"
    assert second.metadata == {"redis_stream": number.decode()}
    assert second.source.position == f"b@{number.decode()}"
    assert second.source.timestamp_ms == int(number.split(b"-")[0])


async def test_what_was_given_back_is_read_again_as_the_same(server):
    for content in numbered(3):
        server.xadd("a", {"body": content})
    output = ListOutput()
    output.failures = [OutputError("not now")] * 1000
    async with reading(reads(server), output) as (pipeline, _):
        await until(lambda: pipeline.statistics.failing)
    assert pending(server) == 3
    async with reading(reads(server)) as (_, again):
        await until(lambda: len(again.taken) == 3)
    assert contents(again) == numbered(3)
    assert pending(server) == 0, "what was dealt with is acknowledged at the end"
    assert len({one.source.identity for one in again.taken}) == 3


async def test_an_acknowledgement_that_the_end_cuts_short_is_made_again(server, monkeypatch):
    begun, whole = asyncio.Event(), Redis.xack

    async def cut_short(*arguments):
        if not begun.is_set():
            begun.set()
            await asyncio.Event().wait()
        return await whole(*arguments)

    monkeypatch.setattr(Redis, "xack", cut_short)
    server.xadd("a", {"body": "one"})
    async with reading(reads(server)):
        await until(begun.is_set)
    assert pending(server) == 0


async def test_rejected_entries_are_dropped_where_the_author_says_so(server):
    server.xadd("a", {"body": "one"})
    output = ListOutput()
    output.failures = [OutputError("never")]
    async with reading(reads(server, ", auto_replay_nacks: false"), output):
        await until(lambda: not output.failures)
        await until(lambda: pending(server) == 0)
    assert output.taken == []


async def test_a_group_that_begins_with_the_newest_leaves_the_rest(server):
    server.xadd("a", {"body": "old"})
    async with reading(reads(server, ", start_from_oldest: false")) as (_, output):
        server.xadd("a", {"other": "no body"})
        server.xadd("a", {"body": "new"})
        await until(lambda: output.taken)
    assert contents(output) == [b"new"]


async def test_messages_become_entries_with_their_metadata(server):
    text = (
        f"{{redis_streams: {{url: '{server.url}', stream: 'to-${{! this.to }}', body_key: payload,"
        " metadata: {exclude_prefixes: [private]}}}"
    )
    good = Message(b'{"to": "x"}', metadata={"n": 1, "private": "p", "payload": "weaker"})
    async with output_of(text) as output:
        errors = await errors_of(output, [good, Message(b"no object"), good])
    assert list(errors) == [1]
    entries = [fields for _, fields in server.xrange("to-x")]
    assert entries == [{b"n": b"1", b"payload": b'{"to": "x"}'}] * 2


async def test_a_stream_is_kept_about_as_long_as_it_is_told(server):
    text = f"{{redis_streams: {{url: '{server.url}', stream: s, max_length: 10}}}}"
    async with output_of(text) as output:
        await output.write([Message(content) for content in numbered(500)])
    assert server.xlen("s") < 200


async def test_a_key_that_is_no_stream_takes_nothing_and_the_rest_is_taken(server):
    server.set("taken", "text")
    text = f"{{redis_streams: {{url: '{server.url}', stream: '${{! content() }}'}}}}"
    async with output_of(text) as output:
        errors = await errors_of(output, [Message(b"taken"), Message(b"free")])
    assert list(errors) == [0]
    assert "WRONGTYPE" in errors[0]
    assert server.xlen("free") == 1


async def test_a_certificate_is_checked_for_the_servers_name(valkey_broker, tmp_path):
    def writes(server, tls):
        return f"{{redis_streams: {{url: 'redis://{server}', stream: s{tls}}}}}"

    await check_names(tmp_path, valkey_broker.port, "redis", writes, Message(b"secret"))
