"""`avro`: encodings there and back, and schemas that bytes cannot abuse."""

import json
import struct

import pytest

from streams.avro.codec import Codec, CodecError
from streams.avro.schema import read_schema
from tests.streams.making import findings
from tests.streams.processors.processing import errors, processed, values

SCHEMA = json.dumps(
    {
        "type": "record",
        "name": "order",
        "namespace": "shop",
        "fields": [
            {"name": "id", "type": "long"},
            {"name": "note", "type": ["null", "string", "bytes"], "default": None},
            {"name": "raw", "type": "bytes", "default": ""},
            {"name": "at", "type": {"type": "long", "logicalType": "timestamp-millis"}, "default": 0},
            {"name": "tags", "type": {"type": "array", "items": "string"}, "default": []},
        ],
    }
)
ORDER = {"at": 1577836800000, "id": 5, "note": {"string": "x"}, "raw": "\u00ff\u0000", "tags": ["a", "b"]}


def avro(operator, encoding, schema=SCHEMA):
    return "- avro: " + json.dumps({"operator": operator, "encoding": encoding, "schema": schema})


def twice(levels, leaf):
    """A schema of records each of which holds the next one twice."""
    schema = leaf
    for at in range(levels):
        again = schema if isinstance(schema, str) else schema["name"]
        fields = [{"name": "a", "type": schema}, {"name": "b", "type": again}]
        schema = {"type": "record", "name": f"r{at}", "fields": fields}
    return json.dumps(schema)


@pytest.mark.parametrize("encoding", ["binary", "single", "textual"])
async def test_a_document_survives_the_way_there_and_back(encoding):
    made = await processed(f"{avro('from_json', encoding)}\n{avro('to_json', encoding)}", ORDER)
    assert (errors(made), values(made)) == ([None], [[ORDER]])


async def test_bytes_are_those_of_the_specification():
    schema = (
        '{"type":"record","name":"test","fields":[{"name":"a","type":"long"},{"name":"b","type":"string"}]}'
    )
    [[made]] = await processed(avro("from_json", "binary", schema), {"a": 27, "b": "foo"})
    assert made.content == bytes([0x36, 0x06, 0x66, 0x6F, 0x6F])
    [[made]] = await processed(avro("from_json", "single", '"int"'), 1)
    assert made.content == b"\xc3\x01" + 0x7275D51A3F395C8F.to_bytes(8, "little") + b"\x02"


@pytest.mark.parametrize(
    ("operator", "encoding", "content"),
    [
        ("from_json", "binary", {"id": "x"}),
        ("from_json", "binary", {"id": 2**70}),
        ("from_json", "binary", b"no json"),
        ("to_json", "binary", b"\x02"),
        ("to_json", "binary", b"\x0a\x00\x00\x00\x00trailing"),
        ("to_json", "binary", b"\x0a\x00\xff\xff\xff\xff\xff\xff\xff\xff\x7f"),
        ("to_json", "binary", b""),
        ("to_json", "single", b"\x00\x00\x00\x00\x01"),
        ("to_json", "textual", b"[]"),
        ("to_json", "textual", b"\xff"),
    ],
)
async def test_what_does_not_follow_the_schema_is_flagged(operator, encoding, content):
    made = await processed(avro(operator, encoding), content)
    assert errors(made)[0].startswith("failed to ")


async def test_a_number_that_json_cannot_write_flags_its_message_alone():
    contents = (struct.pack("<d", 1.5), struct.pack("<d", float("nan")))
    made = await processed(avro("to_json", "binary", '"double"'), *contents)
    assert errors(made) == [
        None,
        "failed to convert message: a number is infinite or none at all, which JSON cannot write",
    ]


@pytest.mark.parametrize(
    "schema",
    [
        "",
        "{",
        '"nope"',
        '{"type":"record","name":"L","fields":[{"name":"next","type":["null","L"]}]}',
        '{"type":"array","items":"null"}',
        '{"type":"array","items":{"type":"record","name":"E","fields":[]}}',
        '{"type":"record"}',
        twice(40, "int"),
        twice(12, "null"),
        json.dumps({"type": "array", "items": ["int", json.loads(twice(7, "null"))]}),
    ],
)
def test_a_schema_that_cannot_be_used_is_refused(schema):
    ends = "input: {generate: {mapping: root = 1}}\noutput: {drop: {}}\n"
    text = f"{ends}pipeline:\n  processors:\n    {avro('to_json', 'binary', schema)}"
    assert [one.code for one in findings(text)] == ["bad_schema"]


def test_plain_json_has_no_types_in_it():
    codec = Codec(read_schema(SCHEMA), plain=True)
    order = {**ORDER, "note": "x"}
    assert codec.from_binary(codec.to_binary(order)) == order
    with pytest.raises(CodecError):
        codec.to_binary({"id": "x"})
