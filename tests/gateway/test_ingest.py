"""POST: what comes in reaches the output, and the sender is told what became of it."""

import asyncio
import json

import pytest

from gateway.ingest import IngestLimits
from streams.errors import (
    BatchError,
    ConnectError,
    OutputBusyError,
    OutputError,
    RejectedMessageError,
    TooLargeError,
)
from tests.gateway.ingesting import PLAIN, Output, Served, api, asking, serving, until

MAPPED = """
input: {http_server: {path: /chat}, processors: [{mapping: root = this.inner}]}
pipeline:
  processors:
    - label: doubling
      mapping: |
        root.twice = this.number * 2
output: {kept: {}}
"""
LINES = "application/x-ndjson"


@pytest.fixture
def output():
    return Output()


@pytest.fixture
async def served(output):
    async with serving(api(PLAIN, output)) as served:
        yield served


async def test_a_request_is_answered_when_the_output_has_its_message(served, output):
    output.gate.clear()
    asking = asyncio.create_task(served.post(b"Tell me a joke.", content_type="text/plain"))
    await until(lambda: output.begun)
    assert not asking.done()

    output.gate.set()
    response = await asking

    assert (response.status, response.body) == (200, b"")
    assert output.taken[0].content == b"Tell me a joke."
    assert output.taken[0].metadata["Content-Type"] == "text/plain"
    assert output.taken[0].metadata["http_server_request_path"] == "/chat"
    assert output.taken[0].metadata["http_server_remote_ip"] == "192.0.2.1"
    assert served.counted.brought == [(1, 15)]


async def test_a_batch_is_written_at_once(served, output):
    await served.post(b"1\n2\n3\n", content_type=LINES)

    assert (output.writes, [message.content for message in output.taken]) == (1, [b"1", b"2", b"3"])
    assert served.counted.taken == [3]


async def test_credentials_and_what_is_sent_beside_them(served, output):
    await served.post(b"", query=b"a=1", parameters={"room": "x"}, authorization="Bearer k", cookie="s=1")

    assert not {"k", "s=1"} & set(output.taken[0].metadata.values())
    assert (output.taken[0].metadata["a"], output.taken[0].metadata["room"]) == ("1", "x")


async def test_the_same_key_gives_the_same_identity(served, output):
    for key in ("k1", "k1", "k2"):
        await served.post(idempotency_key=key)
    await served.post(webhook_id="k1")

    identities = [message.source.identity for message in output.taken]
    assert identities[0] == identities[1] == identities[3] != identities[2]


@pytest.mark.parametrize("method", ["GET", "PUT"])
async def test_another_verb_is_refused_with_those_that_are_taken(served, method):
    response = await served.post(method=method)

    assert (response.status, response.headers["allow"]) == (405, "POST")


async def test_an_encoded_body_is_refused(served, output):
    response = await served.post(b"\x1f\x8b", content_encoding="gzip")

    assert (response.status, response.headers["accept-encoding"]) == (415, "identity")
    assert not output.taken


async def test_a_malformed_multipart_is_refused(served):
    response = await served.post(b"x", content_type="multipart/form-data; boundary=y")

    assert (response.status, response.problem["code"]) == (400, "multipart_malformed")


@pytest.mark.parametrize("announced", [True, False])
async def test_a_body_over_the_limit_is_refused(output, announced):
    async with serving(api(PLAIN, output), IngestLimits(body_bytes=10)) as served:
        headers = {"content_length": "11"} if announced else {}

        response = await served.post([b"12345", b"67890", b"1"], **headers)

        assert (response.status, response.problem["code"]) == (413, "too_large")
        assert not output.taken
        assert served.ingest._held._held == 0


async def test_a_process_holds_no_more_than_so_many_bytes(output):
    async with serving(api(PLAIN, output), IngestLimits(held_bytes=15)) as served:
        output.gate.clear()
        first = asyncio.create_task(served.post(b"0123456789"))
        await until(lambda: output.begun)

        refused = await served.post(b"0123456789")

        assert (refused.status, refused.headers["retry-after"]) == (503, "1")
        output.gate.set()
        assert (await first).status == 200
        assert (await served.post(b"0123456789")).status == 200


async def test_too_many_that_wait_are_refused(output):
    async with serving(api(PLAIN, output), IngestLimits(waiting=1)) as served:
        output.gate.clear()
        first = asyncio.create_task(served.post())
        await until(lambda: output.begun)

        refused = await served.post()

        assert (refused.status, refused.problem["code"]) == (503, "busy")
        output.gate.set()
        assert (await first).status == 200


@pytest.mark.parametrize(
    ("failure", "status", "code"),
    [
        (OutputError("the broker said no"), 502, "output_failed"),
        (BatchError({0: OutputError("the broker said no")}), 502, "output_failed"),
        (BatchError({0: TooLargeError("the broker said no")}), 413, "too_large"),
        (BatchError({0: RejectedMessageError("the broker said no")}), 422, "rejected"),
        (BatchError({0: OutputBusyError("the broker said no")}), 503, "busy"),
    ],
)
async def test_an_output_that_fails_is_told_with_its_reason(served, output, failure, status, code):
    output.failures.append(failure)

    response = await served.post()

    assert (response.status, response.problem["code"]) == (status, code)
    assert "the broker said no" in response.problem["detail"]
    assert ("retry-after" in response.headers) == (status == 503)
    assert served.counted.errors == [code]


async def test_a_batch_that_is_taken_in_part_is_told_as_such(served, output):
    output.failures.append(BatchError({1: RejectedMessageError("bad"), 2: OutputError("away")}))

    response = await served.post(b"1\n2\n3", content_type=LINES)

    assert response.status == 502
    assert "2 of the 3 messages were not accepted; the others were" in response.problem["detail"]


async def test_a_fault_of_the_outputs_own_is_no_traceback_for_the_sender(served, output):
    output.failures.append(ZeroDivisionError("secret"))

    response = await served.post()

    assert response.status == 502
    assert b"secret" not in response.body


async def test_an_output_that_takes_too_long_is_told_honestly(output):
    async with serving(api(PLAIN.replace("60s", "50ms"), output)) as served:
        output.gate.clear()

        response = await served.post()

        assert (response.status, response.problem["code"]) == (408, "output_timeout")
        assert "may still be accepted" in response.problem["detail"]


async def test_a_body_that_does_not_come_is_given_up(output):
    async with serving(api(PLAIN, output), IngestLimits(body_seconds=0.05)) as served:
        sent = []

        async def receive():
            if not sent:
                sent.append(1)
                return {"type": "http.request", "body": b"x", "more_body": True}
            return await asyncio.Event().wait()

        response = await asking(served, receive)

        assert (response["status"], served.counted.errors) == (408, ["body_timeout"])
        assert served.ingest._held._held == 0


async def test_a_sender_who_leaves_brings_nothing(served, output):
    events = [
        {"type": "http.request", "body": b"x", "more_body": True},
        {"type": "http.disconnect"},
    ]

    async def receive():
        return events.pop(0)

    assert await asking(served, receive) == {}
    assert (output.taken, served.counted.errors) == ([], ["client_left"])
    assert served.ingest._held._held == 0


async def test_an_output_that_is_not_connected_yet_is_waited_for(output):
    output.away.append(ConnectError("no broker answers at secret:9092"))
    served = Served(api(PLAIN, output))
    await until(lambda: not output.away)

    response = await served.post()

    assert (response.status, response.headers["retry-after"]) == (503, "1")
    assert b"secret" not in response.body
    async with asyncio.timeout(60):
        while (await served.post()).status != 200:
            await asyncio.sleep(0.01)
    await served.ingest.stop()


async def test_a_message_that_fails_refuses_its_request_with_stage_and_line(output):
    async with serving(api(MAPPED, output)) as served:
        body = b'{"inner":{"number":1}}\n{"inner":{"number":"one"}}'

        response = await served.post(body, content_type=LINES)

        assert (response.status, response.problem["code"]) == (422, "processing_failed")
        assert response.problem["detail"].startswith("doubling, line 1: ")
        assert output.taken == []
        assert (await served.post(b'{"inner":{"number":1}}')).status == 200
        assert output.taken[0].content == b'{"twice":2}'


async def test_in_dialect_tyk_a_message_that_fails_flows_on_flagged(output):
    async with serving(api(MAPPED, output, dialect="tyk")) as served:
        assert (await served.post(b'{"inner":{"number":"one"}}')).status == 200

        assert output.taken[0].content == b'{"number":"one"}'
        assert output.taken[0].error is not None


async def test_a_message_that_a_mapping_deletes_is_accepted_and_written_nowhere(output):
    async with serving(
        api(MAPPED.replace("this.number * 2", "deleted()").replace(".twice", ""), output)
    ) as served:
        assert (await served.post(b'{"inner":{}}')).status == 200

        assert output.writes == 0


async def test_a_budget_makes_wait_and_a_long_wait_is_a_refusal(served, output):
    served.counted.waits = [0.01, 61.0]

    assert (await served.post()).status == 200
    limited = await served.post()

    assert (limited.status, limited.headers["retry-after"]) == (429, "61")
    assert limited.headers["ratelimit-policy"] == '"messages";q=5;w=1'
    assert limited.headers["ratelimit"] == '"messages";r=0;t=61'
    assert len(output.taken) == 1


async def test_variables_of_the_caller_are_values_in_mappings(output):
    text = MAPPED.replace(
        "root.twice = this.number * 2",
        'root = ["$tyk_context.request_data_user", "$tyk_meta.team"]',
    )
    async with serving(api(text, output)) as served:
        await served.post(b'{"inner":{}}', query=b"user=%22%2Bcontent()%2B%22$tyk_meta.team")

        assert json.loads(output.taken[0].content) == ['"+content()+"$tyk_meta.team', "blue"]


BROKER = """
input:
  broker:
    inputs:
      - http_server: {path: /a}
        processors: [{mapping: 'root.at = "a"'}]
      - http_server: {path: /b}
        processors: [{mapping: 'root.at = "b"'}]
  processors: [{mutation: root.broker = true}]
output: {kept: {}}
"""


async def test_each_input_of_a_broker_has_its_own_processors_first(output):
    async with serving(api(BROKER, output)) as served:
        await served.post(at=1)
        await served.post(at=0)

        assert [json.loads(one.content)["at"] for one in output.taken] == ["b", "a"]
        assert all(json.loads(one.content)["broker"] for one in output.taken)
