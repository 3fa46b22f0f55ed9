"""`archive` and `unarchive`, `compress` and `decompress`: what goes in comes out."""

import gzip
import io
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.message import Message
from streams.processors import unarchive, unarchive_formats
from tests.streams.making import findings
from tests.streams.processors.processing import errors, processed, texts, values

CONTENTS = st.lists(st.binary(max_size=50), min_size=1, max_size=5)


@pytest.mark.parametrize("form", ["tar", "zip", "binary"])
@given(contents=CONTENTS)
async def test_unarchive_reverses_archive(form, contents):
    text = (
        f"- archive: {{format: {form}, path: 'file${{! batch_index() }}'}}\n- unarchive: {{format: {form}}}"
    )
    [made] = await processed(text, *contents)
    assert [one.content for one in made] == contents
    names = [one.metadata.get("archive_filename") for one in made]
    assert names == [None if form == "binary" else f"file{at}" for at in range(len(contents))]


@pytest.mark.parametrize(
    ("form", "expected"),
    [("concatenate", '1"two"'), ("lines", '1\n"two"'), ("json_array", '[1,"two"]')],
)
async def test_archive_joins_messages(form, expected):
    assert texts(await processed(f"- archive: {{format: {form}}}", 1, "two")) == [[expected]]


async def test_an_archive_has_the_metadata_of_the_first():
    first, second = Message(b"1", metadata={"k": 1}), Message(b"2", metadata={"k": 2})
    [[made]] = await processed("- archive: {format: lines}", first, second)
    assert made.metadata == {"k": 1}


async def test_a_batch_that_cannot_be_archived_is_flagged():
    made = await processed("- archive: {format: json_array}", 1, b"no json")
    assert texts(made) == [["1", "no json"]]
    assert all(errors(made))


@pytest.mark.parametrize(
    ("form", "content", "expected"),
    [
        ("lines", b"a\nb\n", ["a", "b", ""]),
        ("json_documents", b'{"a":1.0} [2]\n"x"', ['{"a":1.0}', "[2]", '"x"']),
        ("json_array", b'[1.0,{"a":2}]', ["1.0", '{"a":2}']),
        ("json_map", b'{"x":1,"y":2}', ["1", "2"]),
        ("csv", b"a,b\n1,2\n3,4", ['{"a":"1","b":"2"}', '{"a":"3","b":"4"}']),
        ("csv:;", b"a;b\n1;2", ['{"a":"1","b":"2"}']),
        ("xml_documents_to_json", b"<a>1</a> <!-- > --><b x='<'/>", ['{"a":"1"}', '{"b":{"-x":"<"}}']),
        ("xml_documents_to_json:cast", b"<a>1</a>", ['{"a":1}']),
    ],
)
async def test_unarchive_makes_a_message_of_each_part(form, content, expected):
    assert texts(await processed(f"- unarchive: {{format: '{form}'}}", content)) == [expected]


async def test_parts_carry_the_metadata_of_their_message_and_the_key():
    [made] = await processed("- unarchive: {format: json_map}", Message(b'{"x":1}', metadata={"k": 1}))
    assert made[0].metadata == {"k": 1, "archive_key": "x"}


@pytest.mark.parametrize(
    ("form", "content"),
    [
        ("json_array", b"{}"),
        ("json_map", b"[]"),
        ("json_documents", b"{} {"),
        ("tar", b"x" * 600),
        ("zip", b"x"),
        ("binary", b"\0\0\0\2\0\0\0\1a"),
        ("binary", b"\0\0\0\1\0\0\0\5ab"),
        ("csv", b"a,b\n1"),
        ("xml_documents_to_json", b"<a><b></b>"),
        ("xml_documents_to_json", b"<a></a><!-- "),
    ],
)
async def test_what_cannot_be_divided_is_flagged_and_stays(form, content):
    made = await processed(f"- unarchive: {{format: '{form}'}}", content)
    assert [one.content for batch in made for one in batch] == [content]
    assert errors(made)[0].startswith("failed to unarchive: ")


async def test_a_small_archive_cannot_become_a_large_message(monkeypatch):
    monkeypatch.setattr(unarchive_formats, "MAX_BYTES", 1000)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a", b"x" * 1001)
    made = await processed("- unarchive: {format: zip}", buffer.getvalue())
    assert errors(made) == ["failed to unarchive: the archive holds more than 1000 bytes"]


async def test_a_message_cannot_become_too_many(monkeypatch):
    monkeypatch.setattr(unarchive, "MAX_PARTS", 2)
    made = await processed("- unarchive: {format: lines}", b"1\n2\n3")
    assert errors(made) == ["failed to unarchive: there are more than 2 parts"]


@given(
    st.binary(max_size=60),
    st.sampled_from(["tar", "zip", "binary", "json_documents", "csv", "lines", "xml_documents_to_json"]),
)
async def test_no_payload_breaks_unarchive(content, form):
    for batch in await processed(f"- unarchive: {{format: {form}}}", content):
        for one in batch:
            assert one.error is None or one.content == content


def test_a_format_there_is_not_is_refused():
    ends = "input: {generate: {mapping: root = 1}}\noutput: {drop: {}}\n"
    text = f"{ends}pipeline: {{processors: [{{unarchive: {{format: rar}}}}]}}"
    assert [one.code for one in findings(text)] == ["wrong_option"]


@pytest.mark.parametrize("algorithm", ["flate", "gzip", "lz4", "pgzip", "snappy", "zlib"])
@given(content=st.binary(max_size=200))
async def test_decompress_reverses_compress(algorithm, content):
    text = f"- compress: {{algorithm: {algorithm}, level: 1}}\n- decompress: {{algorithm: {algorithm}}}"
    [[made]] = await processed(text, content)
    assert (made.content, made.error) == (content, None)


async def test_what_cannot_be_decompressed_is_flagged():
    made = await processed("- decompress: {algorithm: gzip}", b"plain")
    assert texts(made) == [["plain"]]
    assert errors(made)[0]


async def test_a_compressed_message_that_would_not_end_is_flagged():
    made = await processed("- decompress: {algorithm: gzip}", gzip.compress(bytes(70 << 20), 1))
    assert len(made[0][0].content) < 1 << 20
    assert made[0][0].error is not None


async def test_msgpack_and_back():
    text = "- msgpack: {operator: from_json}\n- msgpack: {operator: to_json}"
    assert values(await processed(text, {"a": [1, "x", None]})) == [[{"a": [1, "x", None]}]]


async def test_xml_becomes_json():
    made = await processed("- xml: {operator: to_json, cast: true}", b'<a x="1"><b>t</b><b>2</b></a>')
    assert texts(made) == [['{"a":{"-x":1,"b":["t",2]}}']]
