"""From a request's parts to messages: contents, metadata, identity."""

import string
from contextlib import suppress
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.ingest_refusal import IngestRefusedError
from gateway.request_messages import (
    MAX_MESSAGES,
    canonical,
    handshake_metadata,
    keyed_identity,
    make_messages,
    own_identity,
    query_parameters,
    request_metadata,
    split_body,
)
from gateway.withheld import Withheld

BOUNDARY = b"multipart/mixed; boundary=frontier"


def scope(headers=(), query=b""):
    return {"method": "POST", "headers": [*headers], "query_string": query}


def metadata(headers=(), query=b"", parameters=None, withheld=None):
    return request_metadata(
        scope(headers, query), "/chat", parameters or {}, "192.0.2.1", withheld or Withheld()
    )


def code_of(function, *arguments):
    with pytest.raises(IngestRefusedError) as refused:
        function(*arguments)
    return refused.value.status, refused.value.code


def test_a_body_is_one_message_whatever_its_type():
    assert split_body(b"text/plain", b"a\nb") == [b"a\nb"]
    assert split_body(b"", b"") == [b""]


def test_each_line_of_ndjson_that_is_not_blank_is_a_message():
    assert split_body(b"Application/X-NDJSON; charset=utf-8", b'{"a":1}\r\n\n{"b":2}\n \n') == [
        b'{"a":1}',
        b'{"b":2}',
    ]


@pytest.mark.parametrize("content_type", [b"application/x-ndjson", BOUNDARY])
def test_a_batch_without_a_message_is_refused(content_type):
    body = b"--frontier--\r\n" if content_type is BOUNDARY else b"\n\n"

    assert code_of(split_body, content_type, body) == (400, "no_message")


def test_a_request_brings_no_more_than_so_many_messages():
    assert code_of(split_body, b"application/x-ndjson", b"1\n" * (MAX_MESSAGES + 1))[0] == 413
    assert len(split_body(b"application/x-ndjson", b"1\n" * MAX_MESSAGES)) == MAX_MESSAGES
    parts = b"--frontier\r\n\r\nx\r\n" * (MAX_MESSAGES + 1) + b"--frontier--"
    assert code_of(split_body, BOUNDARY, parts)[0] == 413


@given(st.lists(st.binary(), min_size=1, max_size=20))
def test_each_part_of_a_multipart_is_a_message_as_it_was(contents):
    parts = [b"--frontier\r\nContent-Type: x/y\r\n\r\n" + content + b"\r\n" for content in contents]

    assert split_body(BOUNDARY, b"preamble\r\n" + b"".join(parts) + b"--frontier--\r\n.") == contents


def test_parts_as_a_form_of_another_maker_writes_them():
    form = EmailMessage()
    form.make_mixed(boundary="frontier")
    for text in ("one", "two"):
        part = EmailMessage()
        part.set_content(text)
        form.attach(part)
    body = form.as_bytes(policy=form.policy.clone(linesep="\r\n")).split(b"\r\n\r\n", 1)[1]

    assert [content.strip() for content in split_body(BOUNDARY, body)] == [b"one", b"two"]


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        (b"multipart/mixed", b"--frontier\r\n\r\nx\r\n--frontier--"),
        (b"multipart/mixed; boundary=" + b"x" * 71, b""),
        (BOUNDARY, b""),
        (BOUNDARY, b"--frontier\r\n\r\ncut off"),
        (BOUNDARY, b"--frontier\r\nNo: end of headers\r\n--frontier--"),
        (BOUNDARY, b"--frontierland\r\n\r\nx\r\n--frontier--"),
    ],
)
def test_a_multipart_that_is_not_sound_is_refused(content_type, body):
    assert code_of(split_body, content_type, body) == (400, "multipart_malformed")


@given(st.binary(), st.binary())
def test_no_body_and_no_media_type_does_more_than_be_refused(content_type, body):
    for media_type in (content_type, b"multipart/" + content_type, BOUNDARY, b"application/x-ndjson"):
        with suppress(IngestRefusedError):
            assert all(isinstance(content, bytes) for content in split_body(media_type, body))


def test_headers_are_metadata_under_their_canonical_names_the_first_of_each():
    made = metadata([(b"content-type", b"text/plain"), (b"x-a", b"1"), (b"x-a", b"2"), (b"host", b"h")])

    assert made == {
        "Content-Type": "text/plain",
        "X-A": "1",
        "http_server_request_path": "/chat",
        "http_server_verb": "POST",
        "http_server_remote_ip": "192.0.2.1",
        "http_server_user_agent": "",
    }


def test_a_parameter_of_the_path_replaces_one_of_the_query_and_that_a_header():
    made = metadata([(b"room", b"header")], b"Room=query&b=1&b=2", {"b": "path"})

    assert (made["Room"], made["b"]) == ("query", "path")


@pytest.mark.parametrize("name", [b"authorization", b"proxy-authorization", b"cookie", b"x-key"])
def test_credentials_never_become_metadata(name):
    withheld = Withheld(Withheld().headers | {b"x-key"}, frozenset({"key"}))

    made = metadata([(name, b"secret-value")], b"key=secret-value&KEY=other", withheld=withheld)

    assert "secret-value" not in made.values()
    assert made["KEY"] == "other"


@pytest.mark.parametrize("name", ["http_server_remote_ip", "http_server_verb", "http_server_user_agent"])
def test_no_caller_writes_what_the_gateway_says_of_a_request(name):
    made = metadata(query=f"{name}=forged".encode(), parameters={name: "forged"})

    assert "forged" not in made.values()


@pytest.mark.parametrize(
    ("headers", "query", "parameters"),
    [
        ([(b"x-a", b"a\r\nSet-Cookie: b")], b"", {}),
        ([(b"x-a", b"\x00")], b"", {}),
        ([], b"a=b%0d%0aSet-Cookie:c", {}),
        ([], b"a%0a=b", {}),
        ([], b"", {"a": "b\n"}),
    ],
)
def test_control_characters_are_refused_before_they_are_metadata(headers, query, parameters):
    assert code_of(metadata, headers, query, parameters) == (400, "control_character")


@given(
    st.lists(st.tuples(st.text(string.ascii_lowercase + "-", min_size=1), st.binary(max_size=20))),
    st.binary(max_size=60),
)
def test_metadata_is_text_without_control_characters_whatever_is_sent(headers, query):
    raw = [(name.encode(), value) for name, value in headers]
    try:
        made = handshake_metadata(scope(raw, query), {}, Withheld())
    except IngestRefusedError:
        return
    for name, value in made.items():
        assert not set(name + value) & {chr(code) for code in (*range(9), *range(10, 32), 127)}


def test_a_query_has_a_bounded_number_of_parameters():
    assert code_of(query_parameters, b"&".join([b"a=1"] * 101), Withheld()) == (400, "too_many_parameters")


def test_names_are_written_as_go_writes_them():
    assert canonical(b"x-request-ID") == "X-Request-Id"


def test_a_key_gives_the_same_identity_again_within_its_caller():
    assert keyed_identity(b"order-7", "app/1") == keyed_identity(b"order-7", "app/1")
    assert keyed_identity(b"order-7", "app/1") != keyed_identity(b"order-7", "app/2")
    assert own_identity() != own_identity()


@pytest.mark.parametrize("key", [b"", b"a b", b"\xff", b"x" * 256])
def test_a_key_that_is_none_is_refused(key):
    assert code_of(keyed_identity, key, "app/1") == (400, "idempotency_key_malformed")


@given(st.lists(st.binary(), min_size=1, max_size=20), st.binary(min_size=16, max_size=16))
def test_messages_of_one_request_have_their_own_sources_and_metadata(contents, identity):
    made = make_messages(contents, {"a": "1"}, identity, "input")

    assert [message.content for message in made] == contents
    assert len({message.source.identity for message in made}) == len(contents)
    assert len({id(message.metadata) for message in made}) == len(contents)
    assert [one.source.identity for one in make_messages(contents, {}, identity, "input")] == [
        one.source.identity for one in made
    ]
