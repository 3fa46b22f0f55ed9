"""`schema_registry_decode` and `schema_registry_encode` against a registry that answers by HTTP."""

import asyncio
import json

import pytest
from aiohttp import web

from streams.http.client import HttpClient
from streams.outbound import Guard
from tests.streams.making import findings
from tests.streams.processors.processing import Processing, errors, values

ORDER = {
    "type": "record",
    "name": "order",
    "fields": [{"name": "id", "type": "long"}, {"name": "note", "type": ["null", "string"]}],
}
SCHEMAS: dict[int, dict[str, object]] = {
    1: {"schema": json.dumps(ORDER)},
    2: {"schemaType": "JSON", "schema": '{"required":["id"]}'},
    3: {"schemaType": "PROTOBUF", "schema": "message A {}"},
    4: {
        "schema": '{"type":"record","name":"basket","fields":[{"name":"first","type":"order"}]}',
        "references": [{"name": "order", "subject": "orders", "version": 1}],
    },
    5: {"schema": '{"type":"array","items":"null"}'},
    6: {"schema": '{"type":"record","namespace":"a-b","name":"x","fields":[{"name":"id","type":"long"}]}'},
}


class Registry:
    """Answers as Confluent's does, and remembers what it was asked."""

    def __init__(self):
        self.asked = []
        self.url = ""
        self.newest = {"orders": 1, "a/b": 2}
        self.away = False

    async def handle(self, request):
        self.asked.append((request.raw_path, request.headers.get("Authorization")))
        await asyncio.sleep(0)
        parts = request.raw_path.strip("/").split("/")
        if parts[0] == "schemas" and int(parts[2]) in SCHEMAS and not self.away:
            return web.json_response(SCHEMAS[int(parts[2])])
        number = self.newest.get(parts[1].replace("%2F", "/")) if parts[0] == "subjects" else None
        if number is None or self.away:
            return web.json_response({"error_code": 40401}, status=404)
        return web.json_response({"id": number, **SCHEMAS[number]})


@pytest.fixture
async def registry():
    made = Registry()
    application = web.Application()
    application.router.add_route("GET", "/{path:.*}", made.handle)
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    made.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield made
    await runner.cleanup()


@pytest.fixture
async def run(registry):
    guard = Guard(("127.0.0.0/8",))
    client = HttpClient(guard)

    def made(*bodies):
        text = "\n".join(f"- {name}: {{url: '{registry.url}'{more}}}" for name, more in bodies)
        return Processing(text, services={HttpClient: client})

    yield made
    await client.close()
    guard.close()


ENCODE = ("schema_registry_encode", ", subject: orders")
DECODE = ("schema_registry_decode", "")
FRAMED = b"\0\0\0\0\1\x0a\x02\x02x"


async def test_a_message_is_encoded_and_decoded_by_the_schema_it_names(run, registry):
    order = {"id": 5, "note": {"string": "x"}}
    assert [one.content for one in (await run(ENCODE).run(order))[0]] == [FRAMED]
    assert values(await run(DECODE).run(FRAMED)) == [[order]]
    assert values(await run((DECODE[0], ", avro_raw_json: true")).run(FRAMED)) == [[{"id": 5, "note": "x"}]]
    plain = await run((ENCODE[0], ENCODE[1] + ", avro_raw_json: true")).run({"id": 5, "note": "x"})
    assert plain[0][0].content == FRAMED


async def test_a_schema_is_asked_for_once(run, registry):
    processing = run(DECODE)
    await asyncio.gather(*(processing.run(FRAMED, FRAMED) for _ in range(5)))
    assert [path for path, _ in registry.asked] == ["/schemas/ids/1"]


async def test_a_newer_schema_of_a_subject_is_used_after_the_period(run, registry):
    processing = run((ENCODE[0], ENCODE[1] + ", refresh_period: 1ns"))
    await processing.run({"id": 1, "note": None})
    registry.newest["orders"] = 2
    [[made]] = await processing.run({"id": 1, "more": True})
    assert made.content == b'\0\0\0\0\2{"id":1,"more":true}'


async def test_schemas_that_a_schema_names_are_asked_for(run, registry):
    framed = b"\0\0\0\0\4\x0a\x00"
    assert errors(await run(DECODE).run(framed))[0].startswith("failed to decode message: the schema cannot")
    nested = await run((DECODE[0], ", avro_nested_schemas: true")).run(framed)
    assert values(nested) == [[{"first": {"id": 5, "note": None}}]]


async def test_namespaces_are_made_valid_on_demand(run):
    sanitising = run((DECODE[0], ", sanitize_namespace_names: true"))
    assert values(await sanitising.run(b"\0\0\0\0\6\x0a")) == [[{"id": 5}]]


async def test_a_name_and_a_password_are_sent_and_a_subject_is_escaped(run, registry):
    more = ", subject: 'a/b', basic_auth: {enabled: true, username: u, password: p}"
    await run((ENCODE[0], more)).run({"id": 1})
    assert registry.asked == [("/subjects/a%2Fb/versions/latest", "Basic dTpw")]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "too short"),
        (b'{"id":1}', "begins with byte 123"),
        (b"\0\0\0\0\x09x", "answered 404"),
        (b"\0\0\0\0\1\x0a", "ends in the middle"),
        (b"\0\0\0\0\2{}", "(root) id is required"),
        (b"\0\0\0\0\2nope", "parse as json"),
        (b"\0\0\0\0\3x", "of the kind PROTOBUF"),
        (b"\0\0\0\0\5\x00", "take no bytes"),
    ],
)
async def test_what_cannot_be_decoded_is_flagged_with_the_reason(run, content, reason):
    made = await run(DECODE).run(content)
    assert (made[0][0].content, reason in errors(made)[0]) == (content, True), errors(made)


async def test_a_registry_that_is_away_is_not_asked_for_every_message(run, registry):
    registry.away = True
    processing = run(DECODE)
    made = await processing.run(*([FRAMED] * 20))
    assert set(errors(made)) == {
        "failed to decode message: the schema registry answered 404 for /schemas/ids/1"
    }
    assert len(registry.asked) == 1


def test_what_cannot_be_done_is_refused_by_name():
    ends = "input: {generate: {mapping: root = 1}}\noutput: {drop: {}}\n"
    body = "{url: 'ftp://x', subject: s}"
    text = f"{ends}pipeline: {{processors: [{{schema_registry_encode: {body}}}]}}"
    assert [one.code for one in findings(text)] == ["bad_url"]
    body = "{url: 'http://x.example', subject: s, oauth: {enabled: true}, tls: {skip_cert_verify: true}}"
    text = f"{ends}pipeline: {{processors: [{{schema_registry_encode: {body}}}]}}"
    assert {one.code for one in findings(text)} == {"field_refused"}
