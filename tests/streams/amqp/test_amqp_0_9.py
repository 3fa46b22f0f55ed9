"""AMQP 0.9.1 as input and output, on a real RabbitMQ."""

import asyncio
import uuid
from datetime import UTC, datetime

import aio_pika
import pytest

from streams.connections import ConnectionSettings
from streams.errors import ConnectError, OutputError
from streams.inputs import amqp_0_9
from streams.message import Message
from tests.streams.connecting import connections, contents, errors_of, numbered, output_of, reading, until
from tests.streams.making import ListOutput, findings
from tests.streams.secured import check_names


def reads(url, queue, more=""):
    return f"{{amqp_0_9: {{urls: ['{url}'], queue: {queue.name}{more}}}}}"


def writes(url, more):
    return f"{{amqp_0_9: {{urls: ['{url}'], exchange: '', {more}}}}}"


async def send(channel, queue, *contents, **properties):
    for content in contents:
        message = aio_pika.Message(content, **properties)
        await channel.default_exchange.publish(message, queue.name)


async def left_in(channel, queue):
    """How many messages are ready in a queue."""
    return (await channel.declare_queue(queue.name, passive=True)).declaration_result.message_count


async def test_messages_come_with_properties_and_headers(url, channel, queue):
    moment = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    headers = {"A-b": 1, "deep": {"x": True, "list": ["s", 2.5]}, "empty": ""}
    await send(
        channel, queue, b"\xff", headers=headers, content_type="text/x", message_id="m1", timestamp=moment,
        expiration=60, type="t", priority=3, delivery_mode=2,
    )  # fmt: skip
    async with reading(reads(url, queue, ", consumer_tag: us")) as (_, output):
        await until(lambda: output.taken)
    [taken] = output.taken
    assert taken.content == b"\xff"
    assert taken.metadata == {
        "A_b": "1",
        "deep_x": "true",
        "deep_list_0": "s",
        "deep_list_1": "2.5",
        "amqp_content_type": "text/x",
        "amqp_delivery_mode": "2",
        "amqp_priority": "3",
        "amqp_expiration": "60000",
        "amqp_message_id": "m1",
        "amqp_timestamp": str(int(moment.timestamp())),
        "amqp_type": "t",
        "amqp_consumer_tag": "us",
        "amqp_delivery_tag": "1",
        "amqp_redelivered": "false",
        "amqp_routing_key": queue.name,
    }
    assert taken.source.timestamp_ms == moment.timestamp() * 1000
    assert await left_in(channel, queue) == 0


async def test_what_was_not_dealt_with_goes_back_into_the_queue(url, channel, queue):
    await send(channel, queue, *numbered(20), message_id="same", timestamp=datetime.now(UTC))
    output = ListOutput()
    output.failures = [OutputError("not now")] * 1000
    async with reading(reads(url, queue), output) as (pipeline, _):
        await until(lambda: pipeline.statistics.errors >= 10)
    async with reading(reads(url, queue)) as (_, again):
        await until(lambda: len(again.taken) == 20)
    assert sorted(contents(again)) == numbered(20)
    assert "true" in {one.metadata["amqp_redelivered"] for one in again.taken}
    assert len({one.source.identity for one in again.taken}) == 20
    assert await left_in(channel, queue) == 0


async def test_a_message_given_again_is_the_same_only_if_its_publisher_named_it(
    url, channel, queue, monkeypatch
):
    monkeypatch.setattr(amqp_0_9, "REQUEUE_SECONDS", 0)
    seen = []

    class Failing(ListOutput):
        async def write(self, messages):
            seen.append(messages[0])
            if len(seen) in {1, 3}:
                raise OutputError("once more")
            await super().write(messages)

    output = Failing()
    async with reading(reads(url, queue), output):
        await send(channel, queue, b"named", message_id="m", timestamp=datetime.now(UTC))
        await until(lambda: len(output.taken) == 1)
        await send(channel, queue, b"nameless")
        await until(lambda: len(output.taken) == 2)
    identities = [one.source.identity for one in seen]
    assert identities[0] == identities[1]
    assert identities[2] != identities[3]


async def test_what_fails_as_the_patterns_say_goes_to_the_dead_letters(url, channel):
    dead = await channel.declare_queue(uuid.uuid4().hex)
    arguments = {"x-dead-letter-exchange": "", "x-dead-letter-routing-key": dead.name}
    queue = await channel.declare_queue(uuid.uuid4().hex, arguments=arguments)
    output = ListOutput()
    output.failures = [OutputError("reject me: now")]
    async with reading(reads(url, queue, ", nack_reject_patterns: ['^reject me:.+$']"), output):
        await send(channel, queue, b"bad", b"good")
        await until(lambda: output.taken)
    letter = await dead.get(no_ack=True, timeout=5)
    assert {letter.body, *contents(output)} == {b"good", b"bad"}
    await channel.queue_delete(queue.name)
    await channel.queue_delete(dead.name)


async def test_no_more_is_fetched_than_may_be_unacknowledged(url, channel, queue):
    await send(channel, queue, *numbered(20))
    output = ListOutput()
    output.failures = [OutputError("not now")] * 1000
    async with reading(reads(url, queue, ", prefetch_count: 3"), output) as (pipeline, _):
        await until(lambda: pipeline.statistics.errors >= 3)
        assert await left_in(channel, queue) == 17


async def test_messages_that_are_acknowledged_as_they_come_are_not_given_again(url, channel, queue):
    await send(channel, queue, b"one")
    output = ListOutput()
    output.failures = [OutputError("never")]
    async with reading(reads(url, queue, ", auto_ack: true"), output):
        await until(lambda: not output.failures)
    assert (await left_in(channel, queue), output.taken) == (0, [])


async def test_a_queue_that_is_acknowledged_as_it_comes_does_not_come_all_at_once(url, channel, queue):
    class Stuck(ListOutput):
        async def write(self, messages):
            await super().write(messages)
            await asyncio.Event().wait()

    await send(channel, queue, *numbered(200))
    text = reads(url, queue, ", auto_ack: true, prefetch_count: 3")
    checked = "shutdown_timeout: 10ms"
    async with reading(text, Stuck(), more=checked) as (pipeline, _):
        await until(lambda: pipeline.received == 64)
        # In flight, on the way to it, and as many as may be unacknowledged.
        assert await left_in(channel, queue) >= 200 - 64 - 10


async def test_a_queue_is_made_and_bound_and_made_anew_when_it_was_deleted(url, channel):
    name = uuid.uuid4().hex
    declare = ", queue_declare: {enabled: true, durable: false}, bindings_declare: [{exchange: amq.topic, key: 'k.*'}]"
    text = f"{{amqp_0_9: {{urls: ['{url}'], queue: {name}{declare}}}}}"
    exchange = await channel.get_exchange("amq.topic")
    async with reading(text) as (pipeline, output):
        await exchange.publish(aio_pika.Message(b"bound"), "k.x")
        await until(lambda: output.taken)
        await channel.queue_delete(name)
        await until(lambda: pipeline.statistics.source().error)
        await until(lambda: not pipeline.statistics.source().error)
        await exchange.publish(aio_pika.Message(b"again"), "k.x")
        await until(lambda: len(output.taken) == 2)
    await channel.queue_delete(name)


async def test_messages_go_where_they_say_as_what_they_say(url, channel, queue):
    text = writes(
        url,
        f"key: '${{! this.to | \"{queue.name}\" }}', type: a/b, persistent: true, expiration: '60000',"
        " priority: '${! this.priority | 5 }', message_id: '${! this.id }',"
        " metadata: {exclude_prefixes: [private]}",
    )
    good = Message(b'{"id": "i"}', metadata={"one_two": 5, "big": 1 << 70, "private": "p"})
    async with output_of(text) as output:
        errors = await errors_of(output, [good, Message(b"{}x"), Message(b'{"priority": 10}')])
    assert sorted(errors) == [1, 2]
    received = await queue.get(no_ack=True)
    assert received.body == good.content
    assert received.headers == {"one-two": 5, "big": str(1 << 70)}
    assert (received.type, received.expiration, received.priority) == ("a.b", 60, 5)
    assert (received.delivery_mode, received.message_id) == (aio_pika.DeliveryMode.PERSISTENT, "i")
    assert received.content_type == "application/octet-stream"


async def test_an_exchange_is_made_or_its_messages_alone_are_not_taken(url, channel, queue):
    name = uuid.uuid4().hex
    made = f"{{amqp_0_9: {{urls: ['{url}'], exchange: {name}, exchange_declare: {{enabled: true, type: fanout}}}}}}"
    async with output_of(made) as output:
        await output.write([Message(b"nobody listens")])
    exchange = await channel.get_exchange(name)
    await queue.bind(exchange)
    text = f"{{amqp_0_9: {{urls: ['{url}'], exchange: '${{! content() }}'}}}}"
    async with output_of(text) as output:
        errors = await errors_of(output, [Message(b"absent"), Message(name.encode())])
    assert list(errors) == [0]
    assert "absent" in errors[0]
    assert (await queue.get(no_ack=True)).body == name.encode()
    await channel.exchange_delete(name)


async def test_a_message_that_must_lead_to_a_queue_and_does_not_is_not_taken(url, queue):
    text = writes(url, "key: '${! content() }', mandatory: true")
    async with output_of(text) as output:
        errors = await errors_of(output, [Message(b"nowhere"), Message(queue.name.encode())])
    assert list(errors) == [0]


async def test_a_connection_has_the_password_and_says_which_queues(amqp_broker, queue):
    main = ConnectionSettings(
        (f"127.0.0.1:{amqp_broker.port}",),
        username="guest",
        password="guest",
        name="main",
        kind="amqp",
        allowed_topics=("orders",),
    )
    with pytest.raises(ConnectError, match="refused"):
        async with output_of(writes("main", "key: k"), connections(_with(main, password="wrong"))):
            pass
    async with output_of(
        "{amqp_0_9: {urls: [main], exchange: '${! content() }'}}", connections(main)
    ) as output:
        errors = await errors_of(output, [Message(b"customers")])
    assert "does not allow" in errors[0]


def _with(settings, **changes):
    return ConnectionSettings(
        settings.addresses, username=settings.username, name=settings.name, kind=settings.kind, **changes
    )


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (
            "input: {amqp_0_9: {urls: ['amqp://a?cafile=/etc/passwd'], queue: q}}\noutput: {drop: {}}",
            "bad_url",
        ),
        (
            "input: {amqp_0_9: {urls: ['amqp://a'], queue: q, prefetch_count: 0}}\noutput: {drop: {}}",
            "wrong_value",
        ),
        (
            "input: {amqp_0_9: {urls: ['amqp://a'], queue: q, prefetch_size: 9}}\noutput: {drop: {}}",
            "field_refused",
        ),
        (
            "input: {amqp_0_9: {urls: ['amqp://a'], queue: q, nack_reject_patterns: ['(']}}\noutput: {drop: {}}",
            "bad_pattern",
        ),
        (
            (
                "input: {generate: {mapping: root = 1}}\n"
                "output: {amqp_0_9: {urls: ['amqp://a'], exchange: e, immediate: true}}"
            ),
            "field_refused",
        ),
    ],
)
def test_what_cannot_be_done_is_said_when_it_is_written(text, code):
    assert code in {one.code for one in findings(text + "\n")}


async def test_a_certificate_is_checked_for_the_brokers_name(amqp_broker, tmp_path):
    def there(server, tls):
        return writes(f"amqps://{server}", f"key: k{tls}")

    await check_names(tmp_path, amqp_broker.port, "amqp", there, Message(b"secret"))
