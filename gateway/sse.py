"""Messages as they come, by HTTP: server-sent events, or lines as Bento's `stream_path` gives them."""

import json
from functools import partial
from typing import Final

from gateway import frames
from gateway.call import Call
from gateway.client import Client, CloseReason
from gateway.feed import Feed, FeedSource
from gateway.message_log import Form, Portion
from gateway.problems import problem
from gateway.pump import Pump
from gateway.server_flow import abort
from gateway.streaming import RETRY_MS, opened, serve

HEARTBEAT_SECONDS: Final = 15.0
"""Between heartbeats of server-sent events where the definition does not say."""
_EVENT_STREAM: Final = b"text/event-stream"
_CONTENT_TYPES: Final = {Form.EVENTS: _EVENT_STREAM, Form.LINES: b"application/octet-stream"}


class EventStreams:
    """Serves `stream_path` of `http_server` outputs."""

    def __init__(self, feeds: FeedSource) -> None:
        self._feeds = feeds

    async def request(self, call: Call) -> None:
        """Serve one client, from its request to the end of its stream."""
        component, client = call.route.component, call.client
        assert component is not None and client is not None  # noqa: S101, PT018 - a route to clients has both
        verbs = component.config["allowed_verbs"]
        if call.scope["method"] not in verbs:
            allow = [(b"allow", ", ".join(verbs).encode())]
            await problem(call.send, 405, "Incorrect method", f"use {' or '.join(verbs)}", headers=allow)
            client.end(CloseReason.LEFT)
            return
        await serve(call, client, partial(self._serve, call, client))

    async def _serve(self, call: Call, client: Client) -> None:
        form = form_of(call)
        feed = await opened(call, client, self._feeds.open(call, form))
        if feed is not None:
            try:
                await _pump(call, client, feed, form)
            finally:
                await feed.close()


def form_of(call: Call) -> Form:
    """Server-sent events where the definition or the client asks for them."""
    component = call.route.component
    if component is not None and component.config["stream_format"] == "event_source":
        return Form.EVENTS
    accepts = b",".join(value for name, value in call.scope["headers"] if name == b"accept")
    return Form.EVENTS if _EVENT_STREAM in accepts else Form.LINES


async def _pump(call: Call, client: Client, feed: Feed, form: Form) -> None:
    component = call.route.component
    assert component is not None  # noqa: S101 - a route to clients has the output
    writer = _Writer(call, form)
    await writer.begin()
    heartbeat = component.config["heartbeat"] or (HEARTBEAT_SECONDS if form is Form.EVENTS else 0.0)
    pump = Pump(call, client, feed, writer, heartbeat=heartbeat, write_wait=component.config["write_wait"])
    await pump.run()


class _Writer:
    """The body of one response."""

    def __init__(self, call: Call, form: Form) -> None:
        self._call = call
        self._form = form

    async def begin(self) -> None:
        """Send the head; a client learns by it that it has its place in the stream."""
        headers = [
            (b"content-type", _CONTENT_TYPES[self._form]),
            (b"cache-control", b"no-store"),
            (b"x-accel-buffering", b"no"),
            (b"x-content-type-options", b"nosniff"),
        ]
        await self._call.send({"type": "http.response.start", "status": 200, "headers": headers})
        await self._send(frames.retry(RETRY_MS) if self._form is Form.EVENTS else b"")

    async def write(self, portion: Portion) -> None:
        """Send messages."""
        await self._send(portion.content)

    async def gap(self, reason: str) -> bool:
        """Send the event; lines have no place for it."""
        if self._form is Form.EVENTS:
            await self._send(frames.notice("gap", json.dumps({"reason": reason}).encode()))
        return self._form is Form.EVENTS

    async def heartbeat(self) -> None:
        """Send a comment, or an empty line, which is Bento's."""
        await self._send(frames.HEARTBEAT if self._form is Form.EVENTS else b"\n")

    def cut_off(self) -> None:
        """Abort the connection."""
        abort(self._call.send)

    async def end(self, reason: CloseReason) -> None:
        """Say why, and end the body."""
        last = frames.notice("close", json.dumps({"reason": reason.value}).encode())
        body = last if self._form is Form.EVENTS else b""
        await self._call.send({"type": "http.response.body", "body": body, "more_body": False})

    async def _send(self, body: bytes) -> None:
        await self._call.send({"type": "http.response.body", "body": body, "more_body": True})
