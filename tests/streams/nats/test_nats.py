"""NATS as input and output, on a real server."""

import asyncio
import base64
import binascii
import json

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from nats.js.api import ConsumerConfig

from streams.connections import ConnectionSettings
from streams.errors import ConnectError, OutputError
from streams.message import Message
from streams.nats.nkey import user_key
from streams.outputs.sync_response import SyncResponse
from tests.parts import nats_server
from tests.streams.connecting import connections, contents, errors_of, numbered, output_of, reading, until
from tests.streams.making import ListOutput, findings


def reads(url, subject, more=""):
    return f"{{nats: {{urls: ['{url}'], subject: '{subject}'{more}}}}}"


def writes(url, subject, more=""):
    return f"{{nats: {{urls: ['{url}'], subject: '{subject}.${{! this.to }}'{more}}}}}"


async def listening(other, subject):
    subscription = await other.subscribe(subject)
    await other.flush()
    return subscription


async def publish_until(other, subject, content, true):
    """Publish until somebody who may not listen yet has heard it."""
    async with asyncio.timeout(30):
        while not true():
            await other.publish(subject, content)
            await asyncio.sleep(0.02)


async def test_messages_come_with_their_subject_and_headers(url, subject, other):
    async with reading(reads(url, f"{subject}.*")) as (_, output):
        await publish_until(other, f"{subject}.ping", b"", lambda: output.taken)
        output.taken.clear()
        for content in numbered(100):
            await other.publish(f"{subject}.a", content, headers={"Kind": "x"})
        await until(lambda: len(output.taken) >= 100)
    taken = [one for one in output.taken if one.content]
    assert [one.content for one in taken] == numbered(100)
    assert taken[0].metadata == {"Kind": "x", "nats_subject": f"{subject}.a", "nats_reply_subject": ""}
    assert len({one.source.identity for one in taken}) == 100


async def test_members_of_a_queue_group_share_the_messages(url, subject, other):
    group = ", queue: g"
    async with (
        reading(reads(url, subject, group)) as (_, one),
        reading(reads(url, subject, group)) as (_, two),
    ):
        await publish_until(other, subject, b"", lambda: one.taken and two.taken)
        for content in numbered(50):
            await other.publish(subject, content)
        await until(lambda: set(numbered(50)) <= {*contents(one), *contents(two)})
    assert not set(contents(one)) & set(contents(two)) - {b""}


async def test_who_waits_for_a_reply_gets_it(url, subject, other):
    async with reading(reads(url, subject), SyncResponse()):
        reply = await _asked(other, subject, b"question")
        assert reply.data == b"question"
    async with reading(reads(url, subject)) as (_, output):
        reply = await _asked(other, subject, b"question")
        assert (reply.data, contents(output)[-1]) == (b"", b"question")


async def _asked(other, subject, content):
    async with asyncio.timeout(30):
        while True:
            try:
                return await other.request(subject, content, timeout=0.5)
            except Exception:  # noqa: BLE001 - nobody listens yet
                await asyncio.sleep(0.02)


async def test_jetstream_delivers_again_what_was_rejected(url, subject, other):
    stream = other.jetstream()
    await stream.add_stream(name=subject.replace(".", "-"), subjects=[f"{subject}.in"])
    output = ListOutput()
    output.failures = [OutputError("not now")]
    async with reading(reads(url, f"{subject}.out", ", auto_replay_nacks: false"), output):
        await publish_until(other, f"{subject}.out", b"", lambda: output.taken)
        output.failures = [OutputError("not now")]
        consumer = ConsumerConfig(deliver_subject=f"{subject}.out", durable_name="d", ack_policy="explicit")
        await stream._jsm.add_consumer(subject.replace(".", "-"), consumer)
        await stream.publish(f"{subject}.in", b"kept")
        await until(lambda: b"kept" in contents(output))
        await _until_acknowledged(stream, subject.replace(".", "-"))
    assert output.failures == []
    [kept] = [one for one in output.taken if one.content]
    assert kept.source.identity.startswith(subject.replace(".", "-").encode() + b"\x001\x00")


async def _until_acknowledged(stream, name):
    async with asyncio.timeout(30):
        while (await stream._jsm.consumer_info(name, "d")).num_ack_pending:
            await asyncio.sleep(0.02)


async def test_messages_go_where_they_say_with_chosen_headers(url, subject, other):
    heard = await listening(other, f"{subject}.>")
    more = ", headers: {Id: '${! this.to }'}, metadata: {include_prefixes: [k]}"
    good = Message(b'{"to": "x"}', metadata={"kind": 5, "other": "o"})
    async with output_of(writes(url, subject, more)) as output:
        wrong = [
            Message(b"no object"),
            Message(b'{"to": "a b"}'),
            Message(b'{"to": "' + b"x" * (1 << 20) + b'"}'),
        ]
        errors = await errors_of(output, [*wrong, good])
    assert sorted(errors) == [0, 1, 2]
    received = await heard.next_msg(5)
    assert (received.subject, received.data) == (f"{subject}.x", good.content)
    assert received.headers == {"Id": "x", "kind": "5"}


async def test_a_connection_lets_its_subjects_through(nats_broker, subject):
    main = ConnectionSettings(
        (f"127.0.0.1:{nats_broker.port}",), name="main", kind="nats", allowed_topics=(f"{subject}.a*",)
    )
    async with output_of(writes("main", subject), connections(main)) as output:
        errors = await errors_of(output, [Message(b'{"to": "a1"}'), Message(b'{"to": "b1"}')])
    assert list(errors) == [1]


async def test_whoever_may_not_publish_hears_of_it_though_another_does_so_meanwhile(tmp_path):
    rights = "authorization: {users: [{user: u, password: p, permissions: {publish: {deny: no.x}}}]}"
    server = nats_server.make(tmp_path, rights).start()
    try:
        async with output_of(writes(f"nats://u:p@127.0.0.1:{server.port}", "no")) as output:
            for _ in range(20):
                good, bad = (output.write([Message(b'{"to": "%s"}' % to)]) for to in (b"y", b"x"))
                _, told = await asyncio.gather(good, bad, return_exceptions=True)
                assert isinstance(told, OutputError)
    finally:
        server.stop()


async def test_users_prove_who_they_are(tmp_path, subject):
    operator, account, user = (Key(letter) for letter in "OAU")
    account_token = token(
        operator, account, "account", {"limits": {"subs": -1, "conn": -1, "data": -1, "payload": -1}}
    )
    server = nats_server.make(
        tmp_path,
        f"operator: {token(operator, operator, 'operator', {})}\n"
        f"resolver: MEMORY\nresolver_preload: {{{account.public}: {account_token}}}",
    ).start()
    url = f"nats://127.0.0.1:{server.port}"
    user_token = token(account, user, "user", {"subs": -1, "data": -1, "payload": -1})
    auth = f", auth: {{user_jwt: '{user_token}', user_nkey_seed: '{user.seed}'}}"
    try:
        async with output_of(writes(url, subject, auth)) as output:
            await output.write([Message(b'{"to": "x"}')])
        with pytest.raises(ConnectError):
            async with output_of(writes(url, subject)):
                pass
    finally:
        server.stop()


class Key:
    """An nkey, as NATS writes them."""

    def __init__(self, letter):
        self.key = Ed25519PrivateKey.generate()
        prefix = {"O": 14 << 3, "A": 0, "U": 20 << 3}[letter]
        public = self.key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        self.public = self._text(bytes([prefix]) + public)
        head = bytes([(18 << 3) | (prefix >> 5), (prefix & 31) << 3])
        self.seed = self._text(head + self.key.private_bytes_raw())

    @staticmethod
    def _text(raw):
        checksum = binascii.crc_hqx(raw, 0).to_bytes(2, "little")
        return base64.b32encode(raw + checksum).decode().rstrip("=")


def token(issuer, subject, kind, claims):
    """A token of NATS' decentralised authentication."""

    def part(value):
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=")

    body = {"jti": "x", "iat": 1, "iss": issuer.public, "sub": subject.public, "name": kind}
    head = part({"typ": "JWT", "alg": "ed25519-nkey"})
    signed = head + b"." + part({**body, "nats": {**claims, "type": kind, "version": 2}})
    return (signed + b"." + base64.urlsafe_b64encode(issuer.key.sign(signed)).rstrip(b"=")).decode()


def test_only_a_whole_seed_of_a_user_is_a_seed():
    seed = Key("U").seed
    assert user_key(f" {seed}\n").private_bytes_raw()
    for wrong in (
        "",
        "!",
        seed[:-1],
        seed[:10] + ("A" if seed[10] != "A" else "B") + seed[11:],
        Key("A").seed,
    ):
        with pytest.raises(ValueError, match="no seed"):
            user_key(wrong)


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ("subject: a..b", "wrong_value"),
        ("subject: a.>.b", "wrong_value"),
        ("subject: a, auth: {user_jwt: x}", "missing_field"),
        ("subject: a, auth: {user_jwt: x, user_nkey_seed: y}", "wrong_value"),
        ("subject: a, auth: {nkey_file: x}", "field_refused"),
        ("subject: a, extract_tracing_map: root = this", "field_refused"),
    ],
)
def test_what_cannot_be_read_is_said_when_it_is_written(fields, code):
    found = findings(f"input: {{nats: {{urls: ['nats://a'], {fields}}}}}\noutput: {{drop: {{}}}}\n")
    assert code in {one.code for one in found}
