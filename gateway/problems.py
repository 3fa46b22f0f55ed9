"""Errors as HTTP clients of the gateway get them: `application/problem+json` (RFC 9457)."""

from collections.abc import Sequence
from typing import Final

import orjson

from gateway.protocol import Event, Scope, Send
from gateway.server_flow import DENIAL

_POLICY_VIOLATION: Final = 1008


async def problem(  # noqa: PLR0913 - what differs is named
    send: Send,
    status: int,
    title: str,
    detail: str,
    *,
    headers: Sequence[tuple[bytes, bytes]] = (),
    code: str = "",
) -> None:
    """Answer a request with an error.

    title: the kind of error; detail: what is wrong with this request and what helps; code: a stable name for programs.
    """
    body = {"type": "about:blank", "title": title, "status": status, "detail": detail}
    content = orjson.dumps({**body, "code": code} if code else body)
    fixed = [(b"content-type", b"application/problem+json"), (b"content-length", b"%d" % len(content))]
    await send({"type": "http.response.start", "status": status, "headers": [*fixed, *headers]})
    await send({"type": "http.response.body", "body": content})


def answering(scope: Scope, send: Send) -> Send:
    """A `send` that answers a request, or refuses a WebSocket's handshake by the same answer.

    Where the server cannot send one (https://asgi.readthedocs.io/en/latest/extensions.html, "WebSocket Denial
    Response"), the handshake is refused without.
    """
    if scope["type"] == "http":
        return send
    denies = DENIAL in scope.get("extensions", {})

    async def deny(event: Event) -> None:
        if denies:
            await send({**event, "type": f"websocket.{event['type']}"})
        elif event["type"] == "http.response.start":
            await send({"type": "websocket.close", "code": _POLICY_VIOLATION})

    return deny
