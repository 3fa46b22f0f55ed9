"""MQTT as input and output, on a real Mosquitto."""

import pytest

from streams.connections import ConnectionSettings
from streams.errors import ConnectError, OutputError
from streams.message import Message
from tests.streams.connecting import connections, contents, errors_of, output_of, reading, until
from tests.streams.making import ListOutput, findings
from tests.streams.secured import check_names


def reads(url, topic, more=""):
    return f"{{mqtt: {{urls: ['{url}'], topics: ['{topic}/+']{more}}}}}"


def writes(url, topic, more=""):
    return f"{{mqtt: {{urls: ['{url}'], topic: '{topic}/${{! this.to }}'{more}}}}}"


async def test_messages_come_with_topic_and_flags(url, topic, other):
    await other.publish(f"{topic}/kept", b"\xff", qos=1, retain=True)
    async with reading(reads(url, topic)) as (_, output):
        await until(lambda: output.taken)
        await other.publish(f"{topic}/new", b"second", qos=0)
        await until(lambda: len(output.taken) == 2)
    await other.publish(f"{topic}/kept", b"", retain=True)
    first, second = output.taken
    assert first.content == b"\xff"
    assert first.metadata.pop("mqtt_message_id") > 0
    assert first.metadata == {
        "mqtt_topic": f"{topic}/kept",
        "mqtt_qos": 1,
        "mqtt_retained": True,
        "mqtt_duplicate": False,
    }
    assert (second.content, second.metadata["mqtt_qos"]) == (b"second", 0)
    assert first.source.identity != second.source.identity


async def test_what_was_not_dealt_with_is_sent_again_to_a_session_that_is_kept(url, topic, other):
    session = f", clean_session: false, client_id: {topic.replace('/', '-')}"
    output = ListOutput()
    output.failures = [OutputError("not now")] * 1000
    async with reading(reads(url, topic, session), output) as (pipeline, _):
        await other.publish(f"{topic}/a", b"one", qos=1)
        await until(lambda: pipeline.statistics.failing)
    await other.publish(f"{topic}/a", b"two", qos=1)
    async with reading(reads(url, topic, session)) as (_, kept):
        await until(lambda: len(kept.taken) == 2)
    assert contents(kept) == [b"one", b"two"]
    assert kept.taken[0].metadata["mqtt_duplicate"]
    async with reading(reads(url, topic, session)) as (_, again):
        await other.publish(f"{topic}/a", b"three", qos=1)
        await until(lambda: again.taken)
    assert contents(again) == [b"three"], "what was dealt with had not been acknowledged"


async def test_messages_go_where_they_say_and_are_kept_when_they_say(url, topic, other):
    await other.subscribe(f"{topic}/#", qos=2)
    text = writes(url, topic, ", qos: 2, retained_interpolated: '${! this.keep }'")
    good = Message(b'{"to": "x", "keep": true}')
    async with output_of(text) as output:
        wrong = [
            Message(b'{"to": "#", "keep": true}'),
            Message(b"no object"),
            Message(b'{"to": "x", "keep": 1}'),
        ]
        errors = await errors_of(output, [*wrong, good])
    assert sorted(errors) == [0, 1, 2]
    received = await anext(other.messages)
    assert (received.payload, received.qos) == (good.content, 2)
    await other.unsubscribe(f"{topic}/#")
    await other.subscribe(f"{topic}/#")
    assert (await anext(other.messages)).retain
    await other.publish(f"{topic}/x", b"", retain=True)


async def test_a_last_message_is_sent_when_the_client_is_gone_without_a_word(url, topic, other):
    await other.subscribe(f"{topic}/will")
    will = f", will: {{enabled: true, topic: '{topic}/will', payload: gone}}"
    async with output_of(writes(url, topic, will)) as output:
        client = await output._link.client()
        client._client._sock_close()
        assert (await anext(other.messages)).payload == b"gone"


async def test_a_lost_client_is_replaced(url, topic, other):
    await other.subscribe(f"{topic}/#", qos=1)
    async with output_of(writes(url, topic, ", write_timeout: 200ms")) as output:
        (await output._link.client())._client._sock_close()
        message = Message(b'{"to": "x"}')
        assert list(await errors_of(output, [message])) == [0]
        await output.write([message])
    assert (await anext(other.messages)).payload == message.content


async def test_a_broker_is_named_by_its_connection_and_its_topics_are_kept_to(mqtt_broker, topic):
    main = ConnectionSettings(
        (f"127.0.0.1:{mqtt_broker.port}",), name="main", kind="mqtt", allowed_topics=(f"{topic}/a*",)
    )
    async with output_of(writes("main", topic), connections(main)) as output:
        errors = await errors_of(output, [Message(b'{"to": "a1"}'), Message(b'{"to": "b1"}')])
    assert list(errors) == [1]
    assert "does not allow" in errors[1]


async def test_the_guard_decides_what_else_may_be_connected_to(topic):
    with pytest.raises(ConnectError, match="does not lead to an address that may be called"):
        async with output_of(writes("tcp://10.0.0.1:1883", topic)):
            pass


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ("topics: ['a/#/b']", "wrong_value"),
        ("topics: ['a+']", "wrong_value"),
        ("topics: [a], qos: 3", "wrong_value"),
        ("topics: [a], qos: 2", "qos_lowered"),
        ("topics: [a], clean_session: false", "missing_field"),
        ("topics: [a], will: {enabled: true}", "missing_field"),
        ("topics: [a], tls: {enabled: true, skip_cert_verify: true}", "field_refused"),
    ],
)
def test_what_cannot_be_read_is_said_when_it_is_written(fields, code):
    found = findings(f"input: {{mqtt: {{urls: ['tcp://a'], {fields}}}}}\noutput: {{drop: {{}}}}\n")
    assert code in {one.code for one in found}


async def test_a_certificate_is_checked_for_the_brokers_name(mqtt_broker, topic, tmp_path):
    def there(server, tls):
        return writes(f"mqtts://{server}", topic, tls)

    await check_names(tmp_path, mqtt_broker.port, "mqtt", there, Message(b'{"to": "x"}'))
