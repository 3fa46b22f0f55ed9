"""The public interface of mappings: compile, query, apply, mutate, test."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from streams import bloblang
from streams.bloblang import DELETED, NOTHING, MappingError, ParseError
from streams.errors import ConfigError
from streams.message import Failure, Message, Source


def test_a_parse_error_is_a_config_error_with_line_column_and_message():
    with pytest.raises(ParseError) as caught:
        bloblang.compile("root.a = 1\nroot.b = this.c.nope()\n")
    assert isinstance(caught.value, ConfigError)
    assert (caught.value.line, caught.value.column) == (2, 23)
    assert caught.value.message == "unrecognised method 'nope'"
    assert str(caught.value) == "line 2 char 23: unrecognised method 'nope'"


def test_a_mapping_error_has_the_line():
    with pytest.raises(MappingError) as caught:
        bloblang.compile("root.a = 1\n\nroot.b = this.c + 1").query({"c": "x"})
    assert caught.value.line == 3
    assert caught.value.text.startswith(
        "failed assignment (line 3): cannot add types string (from field `this.c`)"
    )


def test_query_takes_a_value_or_bytes():
    mapping = bloblang.compile("root = this.a | content().string()")
    assert mapping.query({"a": 1}) == 1
    assert mapping.query(b'{"a": 2}') == 2
    assert mapping.query(b"plain") == "plain"


def test_query_gives_markers():
    assert bloblang.compile("root = deleted()").query({}) is DELETED
    assert bloblang.compile("let a = 1").query({}) is NOTHING


def test_query_sees_metadata_and_error():
    mapping = bloblang.compile('root = [@a, metadata("a"), errored(), error()]')
    assert mapping.query({}, metadata={"a": 5}, error="broken") == [5, 5, True, "broken"]
    assert mapping.query({}) == [None, None, False, None]


def test_apply_makes_a_new_message_and_leaves_the_old_one():
    source = Source(b"id", 5, "t/0@1")
    old = Message(b'{"a":1.0}', metadata={"k": "v"}, source=source, ordinal=3)
    old.error = Failure("before")
    new = bloblang.compile('root.b = this.a\nmeta k = "w"').apply([old])
    assert (new.content, new.metadata) == (b'{"b":1.0}', {"k": "w"})
    assert (new.source, new.ordinal, new.error) == (source, 3, Failure("before"))
    assert (old.content, old.metadata) == (b'{"a":1.0}', {"k": "v"})


def test_apply_keeps_an_unassigned_payload_byte_for_byte():
    text = b'{ "b": 1,  "a": 1.50 }'
    assert bloblang.compile("meta seen = true").apply([Message(text)]).content == text


@pytest.mark.parametrize(
    ("mapping", "content"),
    [
        ('root = "text"', b"text"),
        ('root = "ab".bytes()', b"ab"),
        ("root = 5", b"5"),
        ("root = null", b"null"),
        ('root = "2020-01-02".ts_parse("2006-01-02")', b'"2020-01-02T00:00:00Z"'),
        ('root.x = "ab".bytes()', b'{"x":"YWI="}'),
        ('root = {"b": 1, "a": "<&>"}', b'{"a":"<&>","b":1}'),
        ("root = content().slice(0, 1)", b"\xc3"),
    ],
)
def test_results_are_written_as_bento_writes_them(mapping, content):
    assert bloblang.compile(mapping).apply([Message("é".encode())]).content == content


def test_other_messages_of_the_batch_are_seen():
    batch = [Message(b'{"n":1}'), Message(b'{"n":2}'), Message(b'{"n":3}')]
    mapping = bloblang.compile(
        'root = [json("n").from(0), json("n").from(-1), json("n").from_all(), batch_index(), batch_size()]'
    )
    assert mapping.apply(batch, 1).value == [1, 3, [1, 2, 3], 1, 3]


def test_mutate_begins_with_the_old_document_and_sees_its_own_writes():
    old = Message(b'{"a":{"n":1},"b":2}')
    new = bloblang.compile("root.a.n = 5\nroot.c = this.a.n\nroot.b = deleted()").mutate([old])
    assert new.value == {"a": {"n": 5}, "c": 5}
    assert old.value == {"a": {"n": 1}, "b": 2}


def test_mutate_of_no_json_begins_with_nothing():
    assert bloblang.compile("root.a = 1").mutate([Message(b"x")]).content == b'{"a":1}'


def test_a_mapping_can_be_a_condition():
    assert bloblang.compile("root = this.n > 1").test([Message(b'{"n":2}')]) is True
    assert bloblang.compile("this.n > 1").test([Message(b'{"n":1}')]) is False
    with pytest.raises(MappingError, match="expected bool value, got object from mapping"):
        bloblang.compile("root.a = 1").test([Message(b"{}")])


@pytest.mark.parametrize(
    "impure",
    [
        "now()",
        "uuid_v4()",
        "counter()",
        'count("a")',
        "random_int()",
        "nanoid()",
        "ksuid()",
        "ulid()",
        "fake()",
        "timestamp_unix()",
        "uuid_v7()",
    ],
)
def test_a_mapping_that_may_give_different_results_is_not_pure(impure):
    assert not bloblang.compile(f"root.a = [this.b, {impure}]").is_pure


def test_a_mapping_of_its_message_alone_is_pure():
    mapping = bloblang.compile(
        'root = this.map_each(v -> v.string().hash("sha256").encode("hex"))\nmeta a = @b'
    )
    assert mapping.is_pure
    assert mapping.is_per_message
    assert not bloblang.compile("root = batch_index()").is_per_message
    assert not bloblang.compile("root = content().from(0)").is_per_message


@pytest.mark.parametrize(
    ("call", "permission"), [('env("HOME")', "env"), ('file("/x")', "file"), ("hostname()", "env")]
)
def test_the_world_outside_is_refused_unless_the_operator_allows_it(call, permission):
    with pytest.raises(ParseError, match=f"needs the operator's permission '{permission}'"):
        bloblang.compile(f"root = {call}")
    assert not bloblang.compile(f"root = {call}", permissions=(permission,)).is_pure


def test_allowed_environment_and_files_are_read(tmp_path, monkeypatch):
    monkeypatch.setenv("SLUICE_TEST_WORD", "hello")
    (tmp_path / "a.txt").write_bytes(b"data")
    mapping = bloblang.compile(
        f'root = [env("SLUICE_TEST_WORD"), env("SLUICE_TEST_NONE"), file("{tmp_path}/a.txt").string(), '
        f'file("{tmp_path}/b.txt").catch(e -> e)]',
        permissions=("env", "file"),
    )
    assert mapping.query(None) == ["hello", None, "data", f"open {tmp_path}/b.txt: no such file or directory"]


IMPORTS = {
    "common.blobl": "map up { root = this.uppercase() }\n",
    "nested/a.blobl": 'import "b.blobl"\nmap a { root = this.apply("b") }\n',
    "nested/b.blobl": "map b { root = this + 1 }\n",
    "whole.blobl": "root.whole = this.n",
    "broken.blobl": "map x { root = }\n",
    "loop.blobl": 'import "loop.blobl"\nmap m { root = 1 }\n',
}


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ('import "common.blobl"\nroot = this.s.apply("up")', "X"),
        ('import "nested/a.blobl"\nroot = this.n.apply("a")', 2),
        ('from "whole.blobl"', {"whole": 1}),
    ],
)
def test_imports_are_looked_up_in_the_texts_given(text, result):
    assert bloblang.compile(text, imports=IMPORTS).query({"s": "x", "n": 1}) == result


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('import "nope.blobl"\nroot = 1', "open nope.blobl: no such file or directory"),
        (
            'import "broken.blobl"\nroot = 1',
            "failed to parse import 'broken.blobl': line 1 char 16: expected query",
        ),
        ('import "loop.blobl"\nroot = 1', "loop.blobl imports itself"),
        ('import "whole.blobl"\nroot = 1', "no maps to import from 'whole.blobl'"),
        ('import "common.blobl"\nmap up { root = 1 }\nroot = 1', "map name collision: up"),
    ],
)
def test_a_bad_import_is_a_parse_error(text, message):
    with pytest.raises(ParseError, match=message):
        bloblang.compile(text, imports=IMPORTS)


def test_one_mapping_may_run_in_many_threads():
    mapping = bloblang.compile("let x = this.n\nroot = range(0, 200).fold(0, i -> i.tally + $x)\nmeta n = $x")
    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(lambda n: mapping.query({"n": n}), range(200)))
    assert results == [200 * n for n in range(200)]


def test_regular_expressions_take_time_in_proportion_to_the_text():
    # With backtracking this would take longer than the universe is old.
    assert bloblang.compile('root = this.re_match("^(a+)+$")').query("a" * 5000 + "b") is False
