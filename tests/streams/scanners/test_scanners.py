"""Scanners make the same messages however their bytes are cut, and say what they cannot read."""

from __future__ import annotations

import bz2
import contextlib
import gzip
import io
import itertools
import json
import tarfile
import zlib
from functools import cache

import fastavro
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.bloblang import compile as compile_mapping
from streams.message import Message
from streams.scanners.scanner import MakeScanner, ScanError, Scanner
from streams.spec import BuildContext
from tests.streams.making import IDENTITY, stream


@cache
def maker(scanner: str) -> MakeScanner:
    """Makes the scanner that a configuration describes."""
    text = (
        f"input: {{http_client: {{url: 'http://a.example/', stream: {{enabled: true, scanner: {scanner}}}}}}}"
    )
    checked = stream(f"{text}\noutput: {{drop: {{}}}}\n")
    component = checked.input.config["stream"]["scanner"]
    make: MakeScanner = component.spec.build(component.config, BuildContext(IDENTITY, {}))
    return make


def made(scanner: str, name: str = "/a.csv") -> Scanner:
    """A scanner for one source."""
    return maker(scanner)(name)


def scanned(scanner: str, *pieces: bytes) -> list[Message]:
    """The messages made of bytes that come in pieces."""
    made_scanner = made(scanner)
    messages = [message for piece in pieces for message in made_scanner.feed(piece)]
    return messages + made_scanner.end()


def contents(scanner: str, *pieces: bytes) -> list[bytes]:
    return [message.content for message in scanned(scanner, *pieces)]


def tar_of(**files: bytes) -> bytes:
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return written.getvalue()


def compressed(algorithm: str, data: bytes) -> bytes:
    return compile_mapping(f'root = content().compress("{algorithm}")').apply([Message(data)]).content


SCHEMA = {
    "type": "record",
    "name": "Order",
    "namespace": "shop",
    "fields": [
        {"name": "id", "type": "long"},
        {"name": "note", "type": ["null", "string"]},
        {"name": "price", "type": "double"},
        {"name": "tags", "type": {"type": "array", "items": "string"}},
        {"name": "counts", "type": {"type": "map", "values": "int"}},
        {"name": "state", "type": {"type": "enum", "name": "State", "symbols": ["NEW", "PAID"]}},
        {"name": "at", "type": {"type": "long", "logicalType": "timestamp-millis"}},
        {"name": "parent", "type": ["null", "shop.Order"]},
    ],
}


def orders() -> list[dict[str, object]]:
    one = {"id": -7, "note": "a", "price": 1.5, "tags": ["x", "y"], "counts": {"k": 3}, "state": "PAID"}
    whole = {**one, "at": 1_700_000_000_000, "parent": None}
    return [whole, {**whole, "id": 2**40, "note": None, "parent": whole}] * 3


def avro_file(codec: str) -> bytes:
    written = io.BytesIO()
    fastavro.writer(written, SCHEMA, orders(), codec=codec, sync_interval=50)
    return written.getvalue()


LINES = b"first\r\nsecond\n\nlast"
CASES = {
    "lines": ("{lines: {}}", LINES, [b"first", b"second", b"", b"last"]),
    "lines, the empty ones left out": ("{lines: {omit_empty: true}}", LINES, [b"first", b"second", b"last"]),
    "lines by a delimiter": ("{lines: {custom_delimiter: '||'}}", b"a||b|c||", [b"a", b"b|c"]),
    "chunks": ("{chunker: {size: 4}}", b"abcdefghij", [b"abcd", b"efgh", b"ij"]),
    "everything": ("{to_the_end: {}}", b"all\nof it", [b"all\nof it"]),
    "nothing": ("{to_the_end: {}}", b"", [b""]),
    "documents": (
        "{json_documents: {}}",
        b' {"a":"}\\"\\\\"}[1,[2]] 3.0 "x" {"b":{"c":1}}\ntrue',
        [b'{"a":"}\\"\\\\"}', b"[1,[2]]", b"3.0", b'"x"', b'{"b":{"c":1}}', b"true"],
    ),
    "matches": (
        "{re_match: {pattern: '(?m)^\\d\\d:'}}",
        b"head\n10: a\nmore\n11: b\n12: c",
        [b"head\n", b"10: a\nmore\n", b"11: b\n", b"12: c"],
    ),
    "rows": (
        "{csv: {}}",
        b'id,name\n1,"a, ""b""\nc"\n\n2,d',
        [b'{"id":"1","name":"a, \\"b\\"\\nc"}', b'{"id":"2","name":"d"}'],
    ),
    "rows without a header": (
        "{csv: {parse_header_row: false, custom_delimiter: ;}}",
        b"1;2\r\n",
        [b'["1","2"]'],
    ),
    "rows with lazy quotes": (
        "{csv: {parse_header_row: false, lazy_quotes: true}}",
        b'a"b,"c"d"\nx,y\n',
        [b'["a\\"b","c\\"d"]', b'["x","y"]'],
    ),
    "files": ("{tar: {}}", tar_of(a=b"1" * 600, **{"b" * 150: b"", "c": b"3"}), [b"1" * 600, b"", b"3"]),
    "without marks": ("{skip_bom: {into: {lines: {}}}}", b"\xef\xbb\xbf\xef\xbb\xbfab\nc", [b"ab", b"c"]),
    "without the mark of UTF-32": ("{skip_bom: {}}", b"\xff\xfe\0\0", [b""]),
    "gzip": (
        "{decompress: {algorithm: gzip, into: {lines: {}}}}",
        gzip.compress(b"one\ntw", mtime=0) + gzip.compress(b"o\n", mtime=0),
        [b"one", b"two"],
    ),
    "zlib": ("{decompress: {algorithm: zlib}}", zlib.compress(b"abc" * 99), [b"abc" * 99]),
    "flate": ("{decompress: {algorithm: flate}}", compressed("flate", b"abc" * 99), [b"abc" * 99]),
    "bzip2": (
        "{decompress: {algorithm: bzip2}}",
        bz2.compress(b"abc" * 99) + bz2.compress(b"d"),
        [b"abc" * 99 + b"d"],
    ),
    "lz4": ("{decompress: {algorithm: lz4}}", compressed("lz4", b"abc" * 99), [b"abc" * 99]),
    "snappy": (
        "{decompress: {algorithm: snappy}}",
        # The identifier, a compressed chunk and a stored one, each with the masked checksum of its content.
        bytes.fromhex(
            "ff060000734e61507059001500000c7f3fe90f3861626361626361626361626361626301080000b2f9dc397461696c"
        ),
        [b"abc" * 5 + b"tail"],
    ),
    "by name": (
        "{switch: [{re_match_name: x, scanner: {lines: {}}}, {scanner: {chunker: {size: 2}}}]}",
        b"abc",
        [b"ab", b"c"],
    ),
}
CUTS = st.lists(st.integers(0, 2000), max_size=6)


@pytest.mark.parametrize("case", list(CASES))
@settings(max_examples=25)
@given(cuts=CUTS)
def test_the_messages_are_the_same_however_the_bytes_are_cut(case, cuts):
    scanner, data, expected = CASES[case]
    places = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    pieces = [data[begin:end] for begin, end in itertools.pairwise(places)]
    assert contents(scanner, *pieces) == expected


@pytest.mark.parametrize("codec", ["null", "deflate"])
@settings(max_examples=25)
@given(cuts=CUTS)
def test_data_of_avro_files_are_messages(codec, cuts):
    data = avro_file(codec)
    places = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    pieces = [data[begin:end] for begin, end in itertools.pairwise(places)]
    assert [message.value for message in scanned("{avro: {raw_json: true}}", *pieces)] == orders()


def test_avro_unions_name_the_type_of_their_value_unless_told_otherwise():
    first, second = scanned("{avro: {}}", avro_file("null"))[:2]
    assert first.value["note"] == {"string": "a"}
    assert first.value["parent"] is None
    assert second.value["parent"]["shop.Order"]["id"] == -7
    json.dumps(first.value)


def test_messages_know_the_row_and_the_file_they_were():
    assert [one.metadata for one in scanned("{csv: {}}", b"a\n1\n2\n")] == [{"csv_row": 0}, {"csv_row": 1}]
    name = "d" * 160
    assert [one.metadata["tar_name"] for one in scanned("{tar: {}}", tar_of(**{name: b"x", "e": b"y"}))] == [
        name,
        "e",
    ]


def test_a_row_that_cannot_be_read_is_a_failed_message_where_that_is_wanted():
    text = b'a,b\n1,2\n3\n4,"x"y\n5,6\n'
    messages = scanned("{csv: {continue_on_error: true}}", text)
    assert [one.error and one.error.text for one in messages] == [
        None,
        "record on line 3: wrong number of fields",
        'parse error on line 4, column 5: extraneous or missing " in quoted-field',
        None,
    ]
    assert messages[3].value == {"a": "5", "b": "6"}


@pytest.mark.parametrize(
    ("scanner", "data", "reason"),
    [
        ("{lines: {max_buffer_size: 3}}", b"abcd", "longer than 3 bytes"),
        ("{re_match: {pattern: x, max_buffer_size: 3}}", b"abcd", "within 3 bytes"),
        ("{json_documents: {}}", b"{]", "not JSON"),
        ("{json_documents: {}}", b'{"a":1', "not JSON"),
        ("{csv: {}}", b"a,b\n1\n", "wrong number of fields"),
        ("{csv: {}}", b'a,b\n1,"2', "quoted-field"),
        ("{csv: {expected_headers: [x]}}", b"a\n", "header row"),
        ("{csv: {expected_number_of_fields: 3}}", b"a,b\n", "not 3"),
        ("{tar: {}}", b"x" * 512, "not a tar archive"),
        ("{tar: {}}", tar_of(a=b"123")[:600], "unexpected EOF"),
        ("{decompress: {algorithm: gzip}}", b"plain", "incorrect header"),
        ("{decompress: {algorithm: gzip}}", gzip.compress(b"a" * 99, mtime=0)[:-9], "unexpected EOF"),
        ("{decompress: {algorithm: lz4}}", b"no frame", "magic"),
        ("{avro: {}}", b"Obj\x02", "not an Avro file"),
        ("{avro: {}}", avro_file("null")[:-3], "unexpected EOF"),
    ],
)
def test_what_cannot_be_read_is_said(scanner, data, reason):
    with pytest.raises(ScanError, match=reason):
        scanned(scanner, data)


@given(st.binary(max_size=200), st.sampled_from([case[0] for case in CASES.values()] + ["{avro: {}}"]))
def test_any_bytes_are_read_or_refused(data, scanner):
    with contextlib.suppress(ScanError):
        scanned(scanner, data)


def test_a_source_that_no_candidate_is_for_is_refused():
    with pytest.raises(ScanError, match="no scanner"):
        made("{switch: [{re_match_name: xml, scanner: {lines: {}}}]}")
