"""`http` against a real server."""

import pytest
from aiohttp import web

from streams.http import client as http_client
from streams.http.client import HttpClient
from streams.message import Message
from streams.outbound import Guard
from streams.spec import Severity
from tests.streams.making import findings
from tests.streams.processors.processing import Processing, errors, failed, texts, values


@pytest.fixture
async def run():
    guards, clients = [], []

    async def processed(processors, *contents, allow=("127.0.0.0/8",), resources=""):
        guards.append(Guard(allow))
        clients.append(HttpClient(guards[-1]))
        return await Processing(processors, resources, {HttpClient: clients[-1]}).run(*contents)

    yield processed
    for client in clients:
        await client.close()
    for guard in guards:
        guard.close()


def http(service, more="", path="/"):
    return f"- http: {{url: '{service.url}{path}', retry_period: 1ms{more}}}"


async def test_the_answer_becomes_the_payload_and_metadata_stay(service, run):
    service.answers = [web.Response(text="pong", status=201, headers={"X-Id": "5", "Y": "6"})]
    text = http(service, ", extract_headers: {include_prefixes: [x-]}")
    [[made]] = await run(text, Message(b"ping", metadata={"k": 1}))
    assert (made.content, made.error) == (b"pong", None)
    assert made.metadata == {"k": 1, "http_status_code": 201, "x-id": "5"}
    [(method, path, headers, body)] = service.asked
    assert (method, path, body) == ("POST", "/", b"ping")
    assert headers["Content-Type"] == "application/octet-stream"


async def test_the_request_is_made_of_the_message(service, run):
    more = (
        ", verb: put, headers: {X-Name: '${! this.name }'}, metadata: {include_patterns: ['^m_']}"
        ", payload: 'hello ${! this.name }', basic_auth: {enabled: true, username: u, password: p}"
    )
    given = Message(b'{"name":"ada"}', metadata={"m_a": 1, "other": 2})
    assert texts(await run(http(service, more, "/of/${! this.name }?a=%20b"), given)) == [["hello ada"]]
    [(method, path, headers, _)] = service.asked
    assert (method, path) == ("PUT", "/of/ada?a=%20b")
    assert (headers["X-Name"], headers["m_a"], headers["Authorization"]) == ("ada", "1", "Basic dTpw")
    assert "other" not in headers


async def test_it_tries_again_until_it_succeeds(service, run):
    service.answers = [web.Response(status=500), web.Response(status=429), web.Response(text="ok")]
    assert texts(await run(http(service), b"x")) == [["ok"]]
    assert len(service.asked) == 3


async def test_the_last_failure_flags_the_message(service, run):
    service.answers = [web.Response(status=503, text="busy") for _ in range(2)]
    [[made]] = await run(http(service, ", retries: 1"), b"x")
    assert made.content == b"x"
    assert made.metadata == {"http_status_code": 503}
    shown = "HTTP request returned unexpected response code (503): 503 Service Unavailable, Error: busy"
    assert made.error.text == f"{service.url}/: {shown}"
    assert len(service.asked) == 2


async def test_a_status_to_drop_is_not_tried_again(service, run):
    service.answers = [web.Response(status=404)]
    assert errors(await run(http(service, ", drop_on: [404]"), b"x"))[0]
    assert len(service.asked) == 1


async def test_redirects_are_not_followed(service, run):
    service.answers = [web.Response(status=302, headers={"Location": "/elsewhere"})]
    assert errors(await run(http(service, ", retries: 0"), b"x"))[0]
    assert [path for _, path, _, _ in service.asked] == ["/"]


async def test_cookies_are_not_kept(service, run):
    service.answers = [web.Response(headers={"Set-Cookie": "a=b"})]
    await run(http(service), b"1", b"2")
    assert "Cookie" not in service.asked[1][2]


async def test_messages_of_a_batch_are_called_for_at_a_time_where_that_is_wanted(service, run):
    made = await run(http(service, ", parallel: true, timeout: 20s", "/together"), 1, 2, 3)
    assert values(made) == [[1, 2, 3]]


async def test_a_service_that_does_not_answer_is_not_waited_for(service, run):
    made = await run(http(service, ", timeout: 50ms, retries: 1", "/never"), b"x")
    assert errors(made) == [f"{service.url}/never: no answer within 0.05 s"]
    assert len(service.asked) == 2


async def test_an_answer_that_is_too_large_flags_the_message(service, run, monkeypatch):
    monkeypatch.setattr(http_client, "MAX_BODY", 10)
    made = await run(http(service, ", retries: 0"), b"x" * 11)
    assert errors(made) == [f"{service.url}/: the answer is larger than 10 bytes"]


async def test_an_address_the_guard_forbids_is_not_called(service, run):
    [error] = errors(await run(http(service, ", retries: 0"), b"x", allow=()))
    assert error
    assert service.asked == []


async def test_a_header_cannot_be_smuggled_in(service, run):
    more = ", headers: {X-Name: '${! content() }'}, retries: 0"
    assert errors(await run(http(service, more), b"a\r\nX-Other: b"))[0]
    assert service.asked == []


async def test_a_url_that_cannot_be_made_or_called_flags_the_message(service, run):
    for url in ("${! this.a.uppercase() }", "ftp://x/${! content() }"):
        [error] = errors(await run(f"- http: {{url: '{url}'}}", {"a": 1}))
        assert error.startswith("failed to create request: ")


async def test_a_rate_limit_is_asked_before_each_try(service, run):
    service.answers = [web.Response(status=500)]
    resources = "rate_limit_resources:\n  - {label: slow, local: {count: 1, interval: 20ms}}"
    assert texts(await run(http(service, ", rate_limit: slow"), b"x", resources=resources)) == [["x"]]
    assert len(service.asked) == 2


async def test_a_branch_keeps_the_message(service, run):
    service.answers = [web.json_response({"email": "a@b"}), web.Response(status=500)]
    text = (
        f"- branch: {{request_map: root.id = this.id, processors: [{{http: {{url: '{service.url}', retries: 0}}}}], "
        "result_map: root.email = this.email}"
    )
    made = await run(text, {"id": 1}, failed({"id": 2}))
    assert values(made) == [[{"id": 1, "email": "a@b"}, {"id": 2}]]
    assert errors(made)[0] is None
    assert errors(made)[1].startswith("processors failed: ")
    assert service.asked[0][3] == b'{"id":1}'


ORCHESTRATION = """\
- switch:
    cases:
      - check: 'meta("kafka_topic") == "stream1"'
        processors:
          - mapping: "root.type = \\"event_from_stream1\\"\\nroot.details = this"
          - branch:
              processors: [{http: {url: "$URL/process", verb: POST, body: '${! json() }'}}]
              result_map: root.api1_response = this
      - check: 'meta("kafka_topic") == "stream2"'
        processors:
          - mapping: "root.type = \\"event_from_stream2\\"\\nroot.details = this"
          - branch:
              processors: [{http: {url: "$URL/analyze", verb: POST, body: '${! json() }'}}]
              result_map: root.api2_response = this
- mapping: |
    root = if this.type == "event_from_stream1" && this.api1_response.status == "ok" { this
    } else if this.type == "event_from_stream2" && this.api2_response.status == "ok" { this } else { deleted() }
"""


async def test_the_orchestration_that_tyk_documents(service, run):
    service.answers = [web.json_response({"status": status}) for status in ("ok", "no", "ok")]
    given = [
        Message(b'{"id":%d}' % at, metadata={"kafka_topic": topic})
        for at, topic in enumerate(("stream1", "stream1", "stream2", "stream3"))
    ]
    made = await run(ORCHESTRATION.replace("$URL", service.url), *given)
    assert values(made) == [
        [
            {"type": "event_from_stream1", "details": {"id": 0}, "api1_response": {"status": "ok"}},
            {"type": "event_from_stream2", "details": {"id": 2}, "api2_response": {"status": "ok"}},
        ]
    ]
    assert [(path, body) for _, path, _, body in service.asked] == [
        ("/process", b'{"details":{"id":0},"type":"event_from_stream1"}'),
        ("/process", b'{"details":{"id":1},"type":"event_from_stream1"}'),
        ("/analyze", b'{"details":{"id":2},"type":"event_from_stream2"}'),
    ]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("url: http://a.example/, body: '${! json() }'", [("body_form", Severity.WARNING)]),
        ("url: http://a.example/, body: a, payload: b", [("body_twice", Severity.ERROR)]),
        ("url: file:///etc/passwd", [("bad_url", Severity.ERROR)]),
        ("url: http://a.example/, verb: 'GET /'", [("wrong_option", Severity.ERROR)]),
        ("url: http://a.example/, tls: {skip_cert_verify: true}", [("field_refused", Severity.ERROR)]),
        ("url: http://a.example/, oauth: {enabled: true}", [("field_refused", Severity.ERROR)]),
        (
            "url: http://a.example/, metadata: {include_patterns: ['(']}",
            [("bad_pattern", Severity.ERROR)],
        ),
        ("url: http://a.example/, rate_limit: slow", [("resource_unknown", Severity.ERROR)]),
        ("url: http://a.example/, rate_limit: ''", []),
    ],
)
def test_what_cannot_be_acted_upon_is_said(body, expected):
    ends = "input: {generate: {mapping: root = 1}}\noutput: {drop: {}}\n"
    found = findings(f"{ends}pipeline: {{processors: [{{http: {{{body}}}}}]}}")
    assert [(one.code, one.severity) for one in found] == expected
