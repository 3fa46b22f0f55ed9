"""The `http_client` input against a real server."""

from __future__ import annotations

import asyncio

import pytest
from aiohttp import web

from streams.errors import EndOfInput
from streams.http.client import HttpClient
from streams.poll_times import PollTimes
from streams.spec import Severity
from streams.statistics import Statistics
from tests.streams.inputs.reading import built, next_batch, texts
from tests.streams.making import findings


def input_of(service, http, more="", path="/", **services):
    reading = f"{{http_client: {{url: '{service.url}{path}', retry_period: 1ms{more}}}}}"
    return built(reading, {HttpClient: http, **services.pop("services", {})}, **services)


async def test_each_answer_is_a_message_with_its_status_and_headers(service, http):
    service.answers = [web.Response(text="one", headers={"X-Id": "5"}), web.Response(text="two", status=201)]
    reading = input_of(service, http, ", extract_headers: {include_prefixes: [x-]}, headers: {A: b}")
    first, second = await next_batch(reading), await next_batch(reading)
    assert texts(first.messages + second.messages) == ["one", "two"]
    assert [one.metadata for one in first.messages] == [{"http_status_code": 200, "x-id": "5"}]
    assert second.messages[0].metadata == {"http_status_code": 201}
    assert service.asked[0][0] == "GET"
    assert service.asked[0][2]["A"] == "b"
    assert first.messages[0].source.identity != second.messages[0].source.identity


async def test_the_request_sees_the_answer_before(service, http):
    service.answers = [web.json_response({"next": 2}), web.json_response({"next": 3})]
    reading = input_of(service, http, path="/?page=${! this.next.catch(1) }")
    for _ in range(2):
        await next_batch(reading)
    assert [(path, body) for _, path, _, body in service.asked] == [("/?page=1", b""), ("/?page=2", b"")]


async def test_empty_answers_are_no_messages_unless_they_are_wanted(service, http):
    service.answers = [web.Response(), web.Response(text="full")]
    assert texts((await next_batch(input_of(service, http))).messages) == ["full"]
    kept = await next_batch(input_of(service, http, ", drop_empty_bodies: false"))
    assert texts(kept.messages) == [""]


async def test_the_parts_of_a_multipart_answer_are_messages_of_one_batch(service, http):
    body = b"--b\r\nA: 1\r\n\r\none\r\n--b\r\n\r\ntwo\r\n--b--\r\n"
    service.answers = [web.Response(body=body, headers={"Content-Type": "multipart/mixed; boundary=b"})]
    batch = await next_batch(input_of(service, http))
    assert (texts(batch.messages), batch.grouped) == (["one", "two"], True)


async def test_a_service_that_fails_is_asked_again_and_the_state_says_why(service, http):
    service.answers = [*(web.Response(status=500) for _ in range(3)), web.Response(text="well")]
    statistics = Statistics()
    reading = input_of(service, http, ", retries: 2, verb: POST", services={Statistics: statistics})
    asking = asyncio.create_task(next_batch(reading))
    while not statistics.source().error:
        await asyncio.sleep(0)
    assert "unexpected response code (500)" in statistics.source().error
    await asking
    assert statistics.source().error == ""


class Times(PollTimes):
    """Notes what was claimed, and lets every poll happen at once."""

    def __init__(self):
        super().__init__()
        self.claims = []

    async def claim(self, key, request, seconds):
        self.claims.append((key, seconds))
        return 0.0


@pytest.mark.parametrize(
    ("more", "resources"),
    [
        (", interval: 60s", ""),
        (", rate_limit: poll", "rate_limit_resources:\n  - {label: poll, local: {count: 1, interval: 60s}}"),
        (", rate_limit: 60s", ""),
    ],
)
async def test_every_poll_is_claimed_for_its_interval(service, http, more, resources):
    times = Times()
    reading = input_of(service, http, f"{more}, payload: x", services={PollTimes: times}, resources=resources)
    for _ in range(2):
        await next_batch(reading)
    assert times.claims == [("1/orders/input", 60.0)] * 2


async def test_a_source_is_polled_once_in_an_interval_whoever_asks():
    times = PollTimes()
    assert await times.claim("a", b"get", 60) == 0
    assert 0 < await times.claim("a", b"get", 60) <= 60
    assert await times.claim("b", b"get", 60) == 0
    assert await times.claim("a", b"post", 60) == 0


async def test_a_stream_is_read_as_it_comes_and_asked_for_again_when_it_ends(service, http):
    service.answers = [
        lambda request: service.streamed(request, b"one\n\ntw", b"o\nthree"),
        lambda request: service.streamed(request, b"four\n", b"five\n"),
    ]
    more = ", stream: {enabled: true}, extract_headers: {include_prefixes: [x-]}"
    reading = input_of(service, http, more)
    first = await next_batch(reading)
    assert (texts(first.messages), first.grouped) == (["one"], False)
    assert first.messages[0].metadata == {"http_status_code": 200, "x-feed": "7"}
    service.more.set()
    left = []
    while left[-1:] != ["five"]:
        left += texts((await next_batch(reading)).messages)
    assert left == ["two", "three", "four", "five"]
    await reading.close()


async def test_a_stream_that_shall_not_be_asked_for_again_ends(service, http):
    service.answers = [web.Response(text='{"a":1}{"b":2}')]
    more = ", stream: {enabled: true, reconnect: false, scanner: {json_documents: {}}}"
    reading = input_of(service, http, more)
    assert texts((await next_batch(reading)).messages) == ['{"a":1}', '{"b":2}']
    with pytest.raises(EndOfInput):
        await next_batch(reading)


async def test_a_stream_that_cannot_be_read_is_asked_for_again(service, http):
    service.answers = [web.Response(status=500), web.Response(text="[1,}"), web.Response(text="[2]")]
    reading = input_of(service, http, ", stream: {enabled: true, scanner: {json_documents: {}}}")
    assert texts((await next_batch(reading)).messages) == ["[2]"]
    await reading.close()


async def test_a_token_is_asked_for_once_and_again_when_it_is_refused(service, http):
    service.answers = [
        web.json_response({"access_token": "t1", "token_type": "bearer", "expires_in": 3600}),
        web.Response(text="a"),
        web.Response(status=401),
        web.json_response({"access_token": "t2"}),
        web.Response(text="b"),
    ]
    oauth = f"token_url: '{service.url}/token', client_key: k, client_secret: 's:', scopes: [x, y]"
    reading = input_of(
        service, http, f", oauth2: {{enabled: true, {oauth}, endpoint_params: {{audience: [z]}}}}"
    )
    assert texts((await next_batch(reading)).messages + (await next_batch(reading)).messages) == ["a", "b"]
    tokens = [headers.get("Authorization") for _, _, headers, _ in service.asked]
    assert tokens == ["Basic azpzJTNB", "Bearer t1", "Bearer t1", "Basic azpzJTNB", "Bearer t2"]
    assert service.asked[0][3] == b"grant_type=client_credentials&scope=x+y&audience=z"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("url: 'http://a.example/'", [("polls_without_pause", Severity.WARNING)]),
        ("url: 'http://a.example/', interval: soon", [("wrong_type", Severity.ERROR)]),
        ("url: 'http://a.example/', interval: 1s, rate_limit: x", [("resource_unknown", Severity.ERROR)]),
        ("url: 'http://a.example/', rate_limit: 60s", [("duration_as_rate_limit", Severity.WARNING)]),
        (
            "url: 'http://a.example/', interval: 1s, tls: {skip_cert_verify: true}",
            [("field_refused", Severity.ERROR)],
        ),
        (
            "url: 'http://a.example/', interval: 1s, tls: {enabled: true, root_cas: x}",
            [("bad_certificate", Severity.ERROR)],
        ),
        (
            "url: 'http://a.example/', stream: {enabled: true, scanner: {linse: {}}}",
            [("component_unknown", Severity.ERROR)],
        ),
        (
            (
                "url: 'http://a.example/', interval: 1s, basic_auth: {enabled: true}, "
                "oauth2: {enabled: true, token_url: 'http://a.example/'}"
            ),
            [("authorization_twice", Severity.ERROR)],
        ),
    ],
)
def test_what_is_wrong_with_a_poll_is_said(body, expected):
    found = findings(f"input: {{http_client: {{{body}}}}}\noutput: {{drop: {{}}}}\n")
    assert [(one.code, one.severity) for one in found] == expected
