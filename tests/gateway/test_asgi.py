import json

import pytest
from asgiref.testing import ApplicationCommunicator

from gateway.asgi import application


async def answer(path: str) -> tuple[int, dict[str, str]]:
    client = ApplicationCommunicator(
        application, {"type": "http", "method": "GET", "path": path, "headers": []}
    )
    start = await client.receive_output()
    body = await client.receive_output()
    return start["status"], json.loads(body["body"])


async def test_healthz_says_that_it_is_well():
    assert await answer("/healthz") == (200, {"status": "ok"})


@pytest.mark.parametrize("path", ["/", "/healthz/", "/jippity/sse"])
async def test_no_route_is_a_404_in_json(path):
    assert await answer(path) == (404, {"error": "not found"})


async def test_a_websocket_is_refused_before_its_handshake():
    client = ApplicationCommunicator(application, {"type": "websocket", "path": "/", "headers": []})
    await client.send_input({"type": "websocket.connect"})
    assert (await client.receive_output())["type"] == "websocket.close"


async def test_the_server_is_told_of_start_and_end():
    client = ApplicationCommunicator(application, {"type": "lifespan"})
    for moment in ("startup", "shutdown"):
        await client.send_input({"type": f"lifespan.{moment}"})
        assert await client.receive_output() == {"type": f"lifespan.{moment}.complete"}
    await client.wait()
