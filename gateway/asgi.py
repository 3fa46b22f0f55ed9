"""The gateway's ASGI application: the data plane, without Django's views, middleware or sessions."""

import json
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Scope = MutableMapping[str, Any]
Event = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Event]]
Send = Callable[[Event], Awaitable[None]]


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer `/healthz`; refuse everything else, WebSockets before their handshake (ASGI 3)."""
    if scope["type"] == "lifespan":
        await _lifespan(receive, send)
    elif scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.close", "code": 1000})
    elif scope["path"] == "/healthz":
        await _json(send, 200, {"status": "ok"})
    else:
        await _json(send, 404, {"error": "not found"})


async def _lifespan(receive: Receive, send: Send) -> None:
    """Tell the server that there is nothing to prepare and nothing to put away."""
    while True:
        event = await receive()
        await send({"type": f"{event['type']}.complete"})
        if event["type"] == "lifespan.shutdown":
            return


async def _json(send: Send, status: int, body: dict[str, str]) -> None:
    content = json.dumps(body).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(content)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": content})
