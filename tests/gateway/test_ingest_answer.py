"""`sync_response`: what is processed goes back to the sender, as status, headers and body."""

import email
import email.policy
from contextlib import asynccontextmanager

import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from gateway.ingest_answer import SyncAnswer
from gateway.ingest_refusal import IngestRefusedError
from streams.errors import OutputError
from streams.http.client import HttpClient
from streams.message import Message
from streams.outbound import Guard
from tests.gateway.ingesting import Output, api, serving

DEFAULTS = {
    "status": "200",
    "headers": {"Content-Type": "application/octet-stream"},
    "metadata_headers": {"include_prefixes": [], "include_patterns": []},
}
ECHO = """
input: {http_server: {path: /chat, sync_response: {headers: {Content-Type: text/plain}}}}
pipeline: {processors: [{mapping: 'root = content().uppercase()'}]}
output: {broker: {outputs: [{kept: {}}, {sync_response: {}}]}}
"""


def answer(*contents, metadata=None, **config):
    return SyncAnswer({**DEFAULTS, **config}).answer(
        [Message(content, metadata=dict(metadata or {})) for content in contents]
    )


async def test_what_was_processed_goes_back_and_is_kept_too():
    output = Output()
    async with serving(api(ECHO, output)) as served:
        response = await served.post(b"hello")

        assert (response.status, response.body) == (200, b"HELLO")
        assert response.headers["content-type"] == "text/plain"
        assert [message.content for message in output.taken] == [b"HELLO"]


async def test_a_processor_gives_back_what_it_sees_and_the_rest_goes_on():
    output = Output()
    text = ECHO.replace("[{mapping:", "[{sync_response: {}}, {mapping:").replace(
        "broker: {outputs: [{kept: {}}, {sync_response: {}}]}", "kept: {}"
    )
    async with serving(api(text, output)) as served:
        assert (await served.post(b"hello")).body == b"hello"
        assert output.taken[0].content == b"HELLO"


@asynccontextmanager
async def upper_case():
    """An HTTP service that answers in upper case. Yields its URL, and the client that may call it."""

    async def handle(request):
        return web.Response(body=(await request.read()).upper(), headers={"X-Id": "7"})

    application = web.Application()
    application.router.add_post("/", handle)
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    guard = Guard(("127.0.0.0/8",))
    client = HttpClient(guard)
    yield f"http://127.0.0.1:{runner.addresses[0][1]}", client
    await client.close()
    guard.close()
    await runner.cleanup()


async def test_the_answer_of_a_service_that_an_output_calls_goes_back():
    async with upper_case() as (url, client):
        text = f"""
input: {{http_server: {{path: /chat, sync_response: {{metadata_headers: {{include_prefixes: [x-]}}}}}}}}
output:
  http_client: {{url: '{url}', propagate_response: true, extract_headers: {{include_prefixes: [x-]}}}}
"""
        async with serving(api(text), services={HttpClient: client}) as served:
            response = await served.post(b"hello")
            assert (response.status, response.body, response.headers["x-id"]) == (200, b"HELLO", "7")


async def test_an_output_that_fails_is_not_hidden_by_what_was_given_back():
    output = Output()
    text = ECHO.replace("{outputs:", "{pattern: fan_out_fail_fast, outputs:")
    async with serving(api(text, output)) as served:
        output.failures.append(OutputError("away"))

        assert (await served.post(b"hello")).status == 502


def test_nothing_given_back_is_an_empty_answer():
    assert (answer().status, answer().body) == (200, b"")


def test_several_messages_are_the_parts_of_a_form():
    made = answer(b"one", b"two", headers={"Content-Type": "text/plain"})
    head = b"".join(name + b": " + value + b"\r\n" for name, value in made.headers)

    form = email.message_from_bytes(head + b"\r\n" + made.body, policy=email.policy.HTTP)

    assert form.get_content_type() == "multipart/form-data"
    assert [part.get_payload(decode=True) for part in form.iter_parts()] == [b"one", b"two"]
    assert {part.get_content_type() for part in form.iter_parts()} == {"text/plain"}


def test_status_and_headers_are_worked_out_of_the_first_message():
    made = answer(
        b'{"code":201,"id":7}', status='${! json("code") }', headers={"Location": '/orders/${! json("id") }'}
    )

    assert (made.status, dict(made.headers)[b"location"]) == (201, b"/orders/7")
    assert dict(made.headers)[b"content-type"] == b"application/octet-stream"


def test_metadata_that_are_named_become_headers():
    metadata = {"X-Trace": "t", "x_other": "no", "order_id": 7, "Content-Length": "999"}

    made = dict(
        answer(
            b"x",
            metadata=metadata,
            metadata_headers={"include_prefixes": ["X-", "Content"], "include_patterns": ["_id$"]},
        ).headers
    )

    assert (made[b"x-trace"], made[b"order_id"], made[b"content-length"]) == (b"t", b"7", b"1")
    assert b"x_other" not in made


@pytest.mark.parametrize("status", ["", "abc", "99", "199", "600", "2000", "${! json() }", "-200", "20 0"])
def test_a_status_that_is_none_is_no_answer(status):
    with pytest.raises(IngestRefusedError) as refused:
        answer(b"no json", status=status)
    assert (refused.value.status, refused.value.code) == (502, "answer_unusable")


@pytest.mark.parametrize("value", ["a\r\nSet-Cookie: b", "a\nb", "\x00", "\x7f"])
@pytest.mark.parametrize(
    "config",
    [
        {"metadata_headers": {"include_prefixes": ["X-"], "include_patterns": []}},
        {"headers": {"X-A": "${! content() }"}},
    ],
)
def test_no_message_begins_a_header_of_its_own(value, config):
    with pytest.raises(IngestRefusedError, match="characters that no header has"):
        answer(value.encode(), metadata={"X-A": value}, **config)


@given(st.dictionaries(st.text(), st.text()), st.binary())
def test_whatever_metadata_there_is_the_head_has_one_line_a_header(metadata, content):
    try:
        made = answer(
            content, metadata=metadata, metadata_headers={"include_prefixes": [""], "include_patterns": []}
        )
    except IngestRefusedError:
        return
    for name, value in made.headers:
        assert not set(name) & set(b"\r\n:\x00 ")
        assert not set(value) & set(b"\r\n\x00")
