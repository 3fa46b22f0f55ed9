"""What the gateway itself answers: refusals, preflights, and headers for web pages."""

from functools import wraps
from http import HTTPStatus
from typing import Final

from gateway.authentication import Refusal
from gateway.cors import Headers
from gateway.problems import answering, problem
from gateway.protocol import Event, Receive, Scope, Send

_CHALLENGE: Final = (b"www-authenticate", b'Bearer realm="sluice"')


async def refuse(scope: Scope, receive: Receive, send: Send, refusal: Refusal) -> None:
    """Answer a request with a problem; a WebSocket's handshake too, where the server can."""
    headers = (*refusal.headers, _CHALLENGE) if refusal.status == HTTPStatus.UNAUTHORIZED else refusal.headers
    if scope["type"] == "websocket":
        await receive()  # the handshake
    title = HTTPStatus(refusal.status).phrase
    await problem(
        answering(scope, send), refusal.status, title, refusal.detail, headers=headers, code=refusal.code
    )


async def preflight(send: Send, headers: Headers) -> None:
    """Answer what a browser asks before a request."""
    await send({"type": "http.response.start", "status": 204, "headers": headers})
    await send({"type": "http.response.body", "body": b""})


async def plain(send: Send, content_type: bytes, content: bytes) -> None:
    """Answer with a text."""
    headers = [(b"content-type", content_type), (b"content-length", b"%d" % len(content))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": content})


def with_headers(send: Send, headers: Headers) -> Send:
    """A `send` that answers with these, in the place of what an upstream says of pages."""

    @wraps(send)  # to whom the connection belongs is asked of what is wrapped
    async def send_with(event: Event) -> None:
        if event["type"] == "http.response.start":
            others = [one for one in event.get("headers", ()) if not one[0].startswith(b"access-control-")]
            event = {**event, "headers": [*others, *headers]}
        await send(event)

    return send_with
