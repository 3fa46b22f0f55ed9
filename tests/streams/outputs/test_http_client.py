"""The `http_client` output against a real server: requests, tries, parts, batches and answers that go back."""

from __future__ import annotations

import pytest
from aiohttp import web

from streams.errors import BatchError, OutputError, RejectedMessageError
from streams.http.client import HttpClient
from streams.http.multipart import decode_parts
from streams.message import Message, Request, Source
from streams.pipeline import Pipeline
from streams.processed import build_output
from streams.spec import BuildContext, Severity
from streams.statistics import Statistics
from streams.stopping import StopSignal
from tests.streams.making import (
    IDENTITY,
    SERVICES,
    ListInput,
    MemoryQuarantine,
    findings,
    message,
    stream,
    with_ends,
)


def output_of(service, http, more="", path="/"):
    writing = f"{{http_client: {{url: '{service.url}{path}', retry_period: 1ms{more}}}}}"
    checked = stream(f"input: {{generate: {{mapping: root = 1}}}}\noutput: {writing}\n")
    services = {HttpClient: http, Statistics: Statistics(), StopSignal: StopSignal()}
    return build_output(checked.output, BuildContext(IDENTITY, services))


async def errors_of(output, *messages):
    try:
        await output.write(list(messages))
    except BatchError as error:
        return error.errors
    return {}


async def test_each_message_is_a_request(service, http):
    output = output_of(
        service, http, ", max_in_flight: 1, headers: {X-Id: '${! this.id }'}", "/${! this.id }"
    )
    await output.write([message(b'{"id":1}'), message(b'{"id":2}', 1)])
    assert [(asked[0], asked[1], asked[3]) for asked in service.asked] == [
        ("POST", "/1", b'{"id":1}'),
        ("POST", "/2", b'{"id":2}'),
    ]


async def test_what_the_service_does_not_take_after_all_tries_is_told_by_its_place(service, http):
    service.answers = [
        web.Response(status=500),
        web.Response(),
        *(web.Response(status=503) for _ in range(2)),
    ]
    errors = await errors_of(
        output_of(service, http, ", retries: 1, max_in_flight: 1"), message(), message(b"b", 1)
    )
    assert {at: type(error) for at, error in errors.items()} == {1: OutputError}
    assert "unexpected response code (503)" in str(errors[1])


async def test_after_a_message_that_is_not_taken_none_of_its_batch_is_sent(service, http):
    service.answers = [web.Response(), web.Response(status=500)]
    errors = await errors_of(
        output_of(service, http, ", retries: 0"), *(message(b"%d" % n, n) for n in range(4))
    )
    assert set(errors) == {1, 2, 3}
    assert [body for _, _, _, body in service.asked] == [b"0", b"1"]


async def test_a_status_to_drop_is_not_tried_again_and_goes_back_all_the_same(service, http):
    service.answers = [web.Response(status=404)]
    assert 0 in await errors_of(output_of(service, http, ", drop_on: [404]"), message())
    assert len(service.asked) == 1


async def test_a_message_of_which_no_request_can_be_made_is_rejected_for_good(service, http):
    errors = await errors_of(output_of(service, http, path="/${! this.a.uppercase() }"), message(b"{}"))
    assert isinstance(errors[0], RejectedMessageError)


async def test_a_batch_is_one_multipart_request_where_that_is_wanted(service, http):
    more = (
        ", batch_as_multipart: true, headers: {Content-Type: text/plain}, metadata: {include_prefixes: [m_]}"
    )
    output = output_of(service, http, more)
    second = message(b"b\r\n", 1)
    second.metadata["m_a"] = "x"
    await output.write([message(b"a"), second])
    await output.write([message(b"alone")])
    whole, alone = service.asked
    assert decode_parts(whole[2]["Content-Type"], whole[3]) == [b"a", b"b\r\n"]
    assert b"m_a: x\r\nContent-Type: text/plain" in whole[3]
    assert (alone[2]["Content-Type"], alone[3]) == ("text/plain", b"alone")


async def test_the_parts_of_a_request_can_be_written_out(service, http):
    parts = (
        "{content_type: text/plain, content_disposition: 'form-data; name=\"id\"', body: '${! this.id }'}, "
        "{body: fixed}"
    )
    await output_of(service, http, f", multipart: [{parts}]").write([message(b'{"id":5}')])
    [(_, _, headers, body)] = service.asked
    assert headers["Content-Type"].startswith("multipart/form-data; boundary=")
    assert decode_parts(headers["Content-Type"], body) == [b"5", b"fixed"]
    assert b'Content-Disposition: form-data; name="id"' in body


async def test_the_answer_goes_back_to_whoever_sent_the_message(service, http):
    service.answers = [web.Response(text="done", status=201, headers={"X-Id": "7"})]
    request = Request({}, responses=[])
    sent = Message(b"in", metadata={"k": 1}, source=Source(b"1", 0, "post", request))
    more = ", propagate_response: true, extract_headers: {include_prefixes: [x-]}"
    await output_of(service, http, more).write([sent])
    [answer] = request.responses
    assert (answer.content, answer.metadata) == (b"done", {"k": 1, "http_status_code": 201, "x-id": "7"})


async def run(service, http, output, batches, processors="[]"):
    listed = ListInput(batches)
    text = f"input: {{listed: {{}}}}\npipeline: {{processors: {processors}}}\noutput: {output}\n"
    checked = stream(text, with_ends(listed))
    pipeline = Pipeline(checked, IDENTITY, {**SERVICES, HttpClient: http}, MemoryQuarantine())
    await pipeline.run()
    return listed.acknowledged


def bodies(service):
    return [
        [content.decode() for content in decode_parts(headers.get("Content-Type", ""), body)]
        for _, _, headers, body in service.asked
    ]


def http_client(service, more):
    return f"{{http_client: {{url: '{service.url}', max_in_flight: 1, retry_period: 1ms{more}}}}}"


async def test_messages_read_together_are_sent_alone_unless_they_are_a_batch(service, http):
    loose = [message(b"%d" % number, number) for number in range(3)]
    output = http_client(service, ", batch_as_multipart: true")
    assert await run(service, http, output, [loose]) == [None]
    assert bodies(service) == [["0"], ["1"], ["2"]]


async def test_messages_are_put_together_as_the_policy_says_and_told_one_by_one(service, http):
    # The last batch is smaller: nothing more comes.
    batches = [[message(b"%d" % number, number)] for number in range(5)]
    output = http_client(service, ", batch_as_multipart: true, batching: {count: 2}")
    assert await run(service, http, output, batches) == [None] * 5
    assert bodies(service) == [["0", "1"], ["2", "3"], ["4"]]


async def test_a_batch_is_processed_before_it_is_sent(service, http):
    batches = [[message(b"%d" % number, number) for number in range(4)]]
    archive = "processors: [{archive: {format: lines}}]"
    output = http_client(service, f", batching: {{count: 2, {archive}}}")
    assert await run(service, http, output, batches) == [None]
    assert bodies(service) == [["0\n1"], ["2\n3"]]


async def test_what_a_processor_divides_is_sent_batch_by_batch(service, http):
    processors = "[{unarchive: {format: json_array}}, {group_by_value: {value: '${! this.k }'}}]"
    output = http_client(service, ", batch_as_multipart: true")
    rows = b'[{"k":1,"v":1},{"k":2,"v":2},{"k":1,"v":3}]'
    await run(service, http, output, [[message(rows)]], processors)
    assert bodies(service) == [['{"k":1,"v":1}', '{"k":1,"v":3}'], ['{"k":2,"v":2}']]


async def test_a_batch_that_is_not_taken_is_offered_again(service, http):
    service.answers = [web.Response(status=500)]
    batches = [[message(b"%d" % number, number)] for number in range(2)]
    output = http_client(service, ", retries: 0, batch_as_multipart: true, batching: {count: 2}")
    assert await run(service, http, output, batches) == [None, None]
    assert sorted(part for body in bodies(service) for part in body) == ["0", "0", "1", "1"]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("max_in_flight: 0", [("wrong_value", Severity.ERROR)]),
        ("batching: {count: -1}", [("wrong_value", Severity.ERROR)]),
        ("batching: {processors: [{noop: {}}]}", [("no_batches", Severity.ERROR)]),
        ("batching: {period: soon}", [("wrong_type", Severity.ERROR)]),
        ("body: x", [("body_form", Severity.WARNING)]),
        ("batch_as_multipart: true, multipart: [{body: x}]", [("multipart_twice", Severity.ERROR)]),
    ],
)
def test_what_is_wrong_with_a_request_is_said(body, expected):
    ends = "input: {generate: {mapping: root = 1}}\noutput: "
    found = findings(f"{ends}{{http_client: {{url: 'http://a.example/', {body}}}}}\n")
    assert [(one.code, one.severity) for one in found] == expected
