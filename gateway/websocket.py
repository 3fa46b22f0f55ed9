"""Messages as they come, by WebSocket: one frame each.

A client that offers the subprotocol `sluice.cursor.v1` is told, by a text frame after messages, how to come back:
`{"cursor": "..."}`; and by `{"gap": "..."}` that messages are missing.
"""

import json
from functools import partial
from typing import Any, Final

from gateway import frames
from gateway.call import Call
from gateway.client import Client, CloseReason
from gateway.feed import Feed, FeedSource
from gateway.message_log import Form, Portion
from gateway.pump import Pump
from gateway.server_flow import abort
from gateway.streaming import opened, serve

CURSOR_PROTOCOL: Final = "sluice.cursor.v1"


class WebSockets:
    """Serves `ws_path` of `http_server` outputs."""

    def __init__(self, feeds: FeedSource) -> None:
        self._feeds = feeds

    async def websocket(self, call: Call) -> None:
        """Serve one client, from its handshake to its end."""
        client = call.client
        assert client is not None  # noqa: S101 - a route to clients has one
        await serve(call, client, partial(self._serve, call, client))

    async def _serve(self, call: Call, client: Client) -> None:
        """Accept once the client has its place in the stream: what comes after the handshake reaches it."""
        feed = await opened(call, client, self._feeds.open(call, Form.FRAMES))
        if feed is not None:
            try:
                await self._pump(call, client, feed)
            finally:
                await feed.close()

    async def _pump(self, call: Call, client: Client, feed: Feed) -> None:
        component = call.route.component
        assert component is not None  # noqa: S101 - a route to clients has the output
        writer = _Writer(call)
        await writer.begin()
        # Servers ping by themselves: no heartbeat is needed.
        pump = Pump(call, client, feed, writer, heartbeat=0.0, write_wait=component.config["write_wait"])
        await pump.run()


class _Writer:
    """The frames of one WebSocket."""

    def __init__(self, call: Call) -> None:
        component = call.route.component
        self._call = call
        self._text = component is not None and component.config["ws_message_type"] == "text"
        self._cursors = CURSOR_PROTOCOL in call.scope.get("subprotocols", ())

    async def begin(self) -> None:
        """Accept the handshake."""
        protocol = CURSOR_PROTOCOL if self._cursors else None
        await self._call.send({"type": "websocket.accept", "subprotocol": protocol})

    async def write(self, portion: Portion) -> None:
        """Send messages, and how to come back."""
        for content in portion.frames:
            if self._text and frames.is_text(content):
                await self._send(text=content.decode())
            else:
                await self._send(bytes=content)
        if self._cursors and portion.cursor:
            await self._send(text=json.dumps({"cursor": portion.cursor}))

    async def gap(self, reason: str) -> bool:
        """Say that messages are missing, to who understands it."""
        if self._cursors:
            await self._send(text=json.dumps({"gap": reason}))
        return self._cursors

    async def heartbeat(self) -> None:
        """Nothing: servers ping."""

    def cut_off(self) -> None:
        """Abort the connection."""
        abort(self._call.send)

    async def end(self, reason: CloseReason) -> None:
        """Say why."""
        code = reason.websocket_code
        await self._call.send({"type": "websocket.close", "code": code, "reason": reason.value})

    async def _send(self, **content: Any) -> None:
        await self._call.send({"type": "websocket.send", **content})
