"""A WebSocket in: each frame a message, its answers and its errors back as frames."""

import asyncio
import json
from contextlib import asynccontextmanager

import pytest
from channels.testing import WebsocketCommunicator  # type: ignore[import-untyped]

from gateway.client import CloseReason
from gateway.ingest import IngestLimits
from gateway.server_flow import DENIAL
from streams.errors import OutputError
from tests.gateway.ingesting import Output, Served, api, serving, until

TEXT = """
input: {http_server: {path: /chat, ws_path: /ws, timeout: 60s%s}}
pipeline: {processors: [{mapping: 'root.n = this.n + 1'}]}
output: {broker: {pattern: fan_out_fail_fast, outputs: [{kept: {}}, {sync_response: {}}]}}
"""


@pytest.fixture
def output():
    return Output()


@asynccontextmanager
async def connected(output, more="", limits=None):
    """A WebSocket of a stream, and what serves it."""
    async with serving(api(TEXT % more, output), limits) as served:
        socket = WebsocketCommunicator(served.application, "/shop/ws?user=ann", headers=[(b"cookie", b"s=1")])
        accepted, _ = await socket.connect(timeout=60)
        assert accepted
        try:
            yield served, socket
        finally:
            await socket.disconnect(timeout=60)


async def test_each_frame_is_a_message_and_what_is_given_back_comes_as_text(output):
    async with connected(output) as (served, socket):
        for frame in ('{"n":1}', b'{"n":2}'):
            await socket.send_to(**{"text_data" if isinstance(frame, str) else "bytes_data": frame})

        assert [await socket.receive_from(60), await socket.receive_from(60)] == ['{"n":2}', '{"n":3}']
        assert served.counted.brought == [(1, 7), (1, 7)]
        assert output.taken[0].metadata["user"] == "ann"
        assert "s=1" not in output.taken[0].metadata.values()
        assert output.taken[0].source.identity != output.taken[1].source.identity


async def test_a_frame_that_is_not_taken_is_answered_by_a_problem_and_the_next_one_is_taken(output):
    async with connected(output) as (served, socket):
        await socket.send_to(text_data="no json")
        refused = json.loads(await socket.receive_from(60))
        output.failures.append(OutputError("away"))
        await socket.send_to(text_data='{"n":1}')
        failed = json.loads(await socket.receive_from(60))
        await socket.send_to(text_data='{"n":1}')

        assert (refused["status"], refused["code"]) == (422, "processing_failed")
        assert "line 1" in refused["detail"]
        assert (failed["status"], failed["code"]) == (502, "output_failed")
        assert await socket.receive_from(60) == '{"n":2}'
        assert served.counted.errors == ["processing_failed", "output_failed"]


async def test_who_connects_is_welcomed(output):
    async with connected(output, ", ws_welcome_message: hello") as (_, socket):
        assert await socket.receive_from(60) == b"hello"


async def test_who_is_limited_is_told_and_waits(output):
    async with connected(output, ", ws_rate_limit_message: slow down") as (served, socket):
        served.counted.waits = [0.01]
        await socket.send_to(text_data='{"n":1}')

        assert await socket.receive_from(60) == b"slow down"
        assert await socket.receive_from(60) == '{"n":2}'


async def test_a_frame_for_which_the_quota_is_used_up_is_not_taken_and_holds_up_nothing(output):
    async with connected(output) as (served, socket):
        served.counted.waits = [86_400.0]
        await socket.send_to(text_data='{"n":1}')
        refused = json.loads(await socket.receive_from(60))
        assert (refused["status"], refused["code"]) == (429, "messages_limited")
        assert refused["retry_after"] == 86_400
        assert not output.taken
        await socket.send_to(text_data='{"n":2}')
        await until(lambda: len(output.taken) == 1)


async def test_a_frame_over_the_limit_ends_it(output):
    async with connected(output, limits=IngestLimits(body_bytes=10)) as (served, socket):
        await socket.send_to(text_data="x" * 11)

        assert await socket.receive_output(60) == {
            "type": "websocket.close",
            "code": 1009,
            "reason": "too_large",
        }
        await until(served.client.ending.done)
        assert not output.taken


async def test_the_frame_that_is_being_taken_is_answered_before_the_end(output):
    async with connected(output) as (served, socket):
        output.gate.clear()
        await socket.send_to(text_data='{"n":1}')
        await socket.send_to(text_data='{"n":5}')
        await until(lambda: output.begun)

        served.client.end(CloseReason.REVOKED)
        await asyncio.sleep(0)
        output.gate.set()

        assert await socket.receive_from(60) == '{"n":2}'
        closed = await socket.receive_output(60)
        assert (closed["code"], closed["reason"]) == (1008, "credential_revoked")
        assert len(output.taken) == 1


async def test_who_leaves_is_noticed(output):
    async with serving(api(TEXT % "", output)) as served:
        socket = WebsocketCommunicator(served.application, "/shop/ws")
        await socket.connect(timeout=60)
        await socket.disconnect(timeout=60)

        assert await served.client.ending is CloseReason.LEFT


async def test_a_stream_that_is_not_ready_takes_no_handshake(output):
    served = Served(api(TEXT % "", output))
    socket = WebsocketCommunicator(served.application, "/shop/ws")
    socket.scope["extensions"] = {DENIAL: {}}

    await socket.send_input({"type": "websocket.connect"})
    answer = await socket.receive_output(timeout=60)

    assert (answer["type"], answer["status"]) == (f"{DENIAL}.start", 503)
    assert (b"retry-after", b"1") in answer["headers"]
    await served.ingest.stop()
