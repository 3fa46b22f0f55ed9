"""Variables of the caller: found when a stream is checked, put in as values, never read as code."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams import bloblang
from streams.bloblang.caller_text import join_text, names_in, split_text
from streams.builtin import core_registry
from streams.message import Message, Request, Source
from streams.outputs.drop import DROP
from streams.variables import bind_config, variables_of
from tests.streams.making import findings, stream

PER_CALLER = """\
input:
  kafka: {addresses: [main], topics: [completed], consumer_group: $tyk_context.request_data_user}
pipeline:
  processors:
    - mapping: |
        root = if this.user_id != "$tyk_context.request_data_user" { deleted() } else { this }
output:
  drop: {}
"""
NASTY = ['"', '" + env("HOME") + "', "${! content() }", "}\nroot = deleted()", "$tyk_context.other", "\\", ""]


def message(content, **values):
    variables = {name.replace("__", "."): value for name, value in values.items()}
    return Message(content, source=Source(b"1", 0, "p", Request(variables)))


def mapped(mapping, asked):
    return bloblang.compile(mapping).apply([asked]).value


@pytest.mark.parametrize("value", NASTY)
def test_a_value_is_put_into_a_text_whatever_is_in_it(value):
    asked = message(b"{}", tyk_context__request_data_user=value, tyk_context__other="leaked")

    made = mapped('root.user = "<$tyk_context.request_data_user>"', asked)

    assert made == {"user": f"<{value}>"}


@given(value=st.text(), other=st.text())
def test_what_a_caller_sends_is_never_read_again(value, other):
    asked = message(b"{}", tyk_meta__a=value, tyk_meta__b=other)

    assert mapped('root = ["$tyk_meta.a", "$tyk_meta.a/$tyk_meta.b"]', asked) == [value, f"{value}/{other}"]


@given(st.text(alphabet="$tyk_context.meta-aZ09 \"'{}\n"), st.dictionaries(st.text(), st.text()))
def test_a_text_without_a_value_keeps_all_but_its_variables(text, values):
    parts = split_text(text)

    assert len(parts) % 2 == 1
    assert join_text(parts, {name: f"${name}" for name in names_in(text)}) == text
    assert join_text(split_text("plain"), values) == "plain"


def test_a_variable_without_a_value_is_empty():
    assert mapped('root.user = "$tyk_context.request_data_user"', message(b"{}")) == {"user": ""}
    assert mapped('root.user = "$tyk_context.request_data_user"', Message(b"{}")) == {"user": ""}


def test_a_variable_is_compared_with_the_subject_of_a_match():
    mapping = 'root.whose = match this.user { "$tyk_meta.name" => "mine", _ => "another\'s" }'

    assert mapped(mapping, message(b'{"user":"ann"}', tyk_meta__name="ann")) == {"whose": "mine"}
    assert mapped(mapping, message(b'{"user":"bob"}', tyk_meta__name="ann")) == {"whose": "another's"}


def test_a_variable_is_seen_by_all_processors_after_the_first():
    first = bloblang.compile("root = this").apply([message(b"{}", tyk_meta__name="ann")])

    assert mapped('root.name = "$tyk_meta.name"', first) == {"name": "ann"}


def test_a_variable_outside_of_quotes_is_an_error_that_says_how_to_write_it():
    with pytest.raises(bloblang.ParseError, match="in quotes"):
        bloblang.compile("root = $tyk_context.request_id")


def test_a_mapping_with_variables_can_be_repeated():
    assert bloblang.compile('root = "$tyk_context.request_id"').is_pure


def test_the_variables_of_a_stream_are_known(per_caller):
    assert variables_of(per_caller) == {"tyk_context.request_data_user"}


def test_a_group_is_bound_to_the_caller_and_values_are_not_read_again(per_caller):
    values = {"tyk_context.request_data_user": "$tyk_context.request_data_user"}

    assert bind_config(per_caller.input, values)["consumer_group"] == "$tyk_context.request_data_user"
    assert bind_config(per_caller.input, {})["topics"] == ["completed"]


@pytest.fixture
def per_caller(called_output):
    return stream(PER_CALLER.replace("drop", "called"), called_output)


@pytest.fixture
def called_output():
    return core_registry().with_component(replace(DROP, name="called", in_gateway=True))


def codes(text, registry):
    return [found.code for found in findings(text, registry)]


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("[completed]", "[$tyk_context.request_data_topic]", "variable_refused"),
        ("[main]", '["$tyk_context.headers_Broker:9092"]', "variable_refused"),
        ("[main]", "[$secret_env.BROKER]", "secret_reference"),
        ("request_data_user}", "request_data_user$secret_vault.x}", "secret_reference"),
        ("$tyk_context.request_data_user}", "$tyk_context.headers_Authorization}", "variable_refused"),
        ("$tyk_context.request_data_user}", "$tyk_context.headers_cookie}", "variable_refused"),
        ("$tyk_context.request_data_user}", "$tyk_context.cookies_session}", "variable_refused"),
        ("$tyk_context.request_data_user}", "$tyk_context.nonsense}", "variable_unknown"),
        ("$tyk_context.request_data_user}", "everyone}", "caller_without_position"),
        ("root = if", "root.at = now()\n        root = if", "caller_not_replayable"),
    ],
)
def test_a_variable_where_it_may_not_stand_is_refused_with_its_place(old, new, code, called_output):
    text = PER_CALLER.replace("drop", "called")
    assert codes(text, called_output) == []
    assert old in text

    found = findings(text.replace(old, new, 1), called_output)

    assert code in [one.code for one in found]
    assert all(one.remedy for one in found)


def test_a_stream_that_nobody_calls_has_no_variables():
    assert [found.code for found in findings(PER_CALLER)] == ["no_caller"]


def test_a_variable_in_an_interpolation_is_refused():
    text = PER_CALLER.replace("drop: {}", "kafka: {addresses: [main], topic: '${! \"$tyk_meta.topic\" }'}")

    assert "variable_refused" in [found.code for found in findings(text)]
