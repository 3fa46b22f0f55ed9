"""AMQP 1.0 as input and output, on RabbitMQ's plugin; without its client only that it is refused."""

import asyncio
import subprocess
import sys

import pytest

from streams.amqp_1.optional import IS_INSTALLED
from streams.errors import ConnectError, OutputError
from streams.message import Message
from tests.streams.connecting import contents, errors_of, numbered, output_of, reading, until, write_at_last
from tests.streams.making import ListOutput

CLIENT = "python-qpid-proton, the optional client of AMQP 1.0, is not installed"
needs_client = pytest.mark.skipif(not IS_INSTALLED, reason=CLIENT)


def reads(url, queue, more=""):
    return f"{{amqp_1: {{urls: ['{url}'], source_address: /amq/queue/{queue.name}{more}}}}}"


def writes(url, queue, more=""):
    return f"{{amqp_1: {{urls: ['{url}'], target_address: /amq/queue/{queue.name}{more}}}}}"


WITHOUT_CLIENT = """\
import importlib.util
find = importlib.util.find_spec
importlib.util.find_spec = lambda name, package=None: None if name == "proton" else find(name, package)
from tests.streams.making import findings
for found in findings("input: {amqp_1: {urls: ['amqp://a'], source_address: q}}\\noutput: {drop: {}}\\n"):
    print(found.code, found.pointer, found.message)
"""


def test_without_its_client_it_is_refused_with_the_remedy():
    done = subprocess.run([sys.executable, "-c", WITHOUT_CLIENT], capture_output=True, text=True, check=False)
    assert done.stdout.startswith("component_refused /input/amqp_1 "), done.stderr
    assert "installs the package python-qpid-proton" in done.stdout


@needs_client
async def test_messages_go_through_a_queue_with_what_belongs_to_them(url, queue):
    more = ", application_properties_map: 'root.n = this.n', metadata: {exclude_prefixes: [private]}"
    async with (
        output_of(writes(url, queue, more)) as output,
        reading(reads(url, queue, ", read_header: true")) as (
            _,
            kept,
        ),
    ):
        good = Message(b'{"n": 5}', metadata={"kind": "x", "number": 7, "private": "p"})
        assert list(await errors_of(output, [good, Message(b"no object")])) == [1]
        await until(lambda: kept.taken)
    [taken] = kept.taken
    assert taken.content == good.content
    assert taken.metadata["kind"] == "x"
    assert taken.metadata["amqp_durable"] == "true"
    assert "private" not in taken.metadata


@needs_client
async def test_what_was_not_dealt_with_is_given_back_and_the_rest_is_accepted(url, queue, channel):
    async with output_of(writes(url, queue)) as output:
        await output.write([Message(content) for content in numbered(100)])
    output = ListOutput()
    output.failures = [OutputError("not now")] * 1000
    async with reading(reads(url, queue, ", credit: 10"), output) as (pipeline, _):
        await until(lambda: pipeline.statistics.errors >= 10)
    async with reading(reads(url, queue, ", credit: 10")) as (_, again):
        await until(lambda: len(again.taken) >= 100)
    assert set(contents(again)) == set(numbered(100))
    assert (await channel.declare_queue(queue.name, passive=True)).declaration_result.message_count == 0


@needs_client
async def test_a_message_that_no_output_took_comes_again(url, queue):
    kept = ListOutput()
    kept.failures = [OutputError("once more")]
    async with output_of(writes(url, queue)) as output, reading(reads(url, queue), kept):
        await output.write([Message(b"one")])
        await until(lambda: kept.taken)
    assert contents(kept) == [b"one"]


@needs_client
async def test_names_passwords_and_addresses_are_the_brokers_to_refuse(url, queue, amqp_broker):
    wrong = url.replace("guest:guest", "guest:wrong")
    with pytest.raises(ConnectError):
        async with output_of(writes(wrong, queue)):
            pass
    plain = ", sasl: {mechanism: plain, user: guest, password: guest}"
    bare = f"amqp://127.0.0.1:{amqp_broker.port}"
    async with output_of(writes(bare, queue, plain)) as output:
        await output.write([Message(b"let in")])
    with pytest.raises(ConnectError, match="does not lead to an address that may be called"):
        async with output_of(writes("amqp://10.0.0.1", queue)):
            pass


@needs_client
async def test_a_lost_connection_is_replaced_and_nothing_is_lost(url, queue):
    async with reading(reads(url, queue)) as (pipeline, kept), output_of(writes(url, queue)) as output:
        for session in (await pipeline._input._link.client(), await output._link.client()):
            session._writer.transport.abort()
        await asyncio.sleep(0)
        await write_at_last(output, [Message(content) for content in numbered(20)])
        await until(lambda: set(contents(kept)) == set(numbered(20)))
