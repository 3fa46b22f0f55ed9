"""Messages as they come, by WebSocket: one frame each.

A client that offers the subprotocol `sluice.cursor.v1` is told, by a text frame after messages, how to come back:
`{"cursor": "..."}`; and by `{"gap": "..."}` that messages are missing.
"""

import json
from collections.abc import Sequence
from functools import partial
from typing import Any, Final

from gateway import frames
from gateway.call import Call
from gateway.client import Client, CloseReason
from gateway.cursor import CursorError
from gateway.feed import Feed
from gateway.feeds import Feeds
from gateway.ingest_refusal import IngestRefusedError
from gateway.message_log import Form, Portion
from gateway.pump import Pump
from gateway.routes import ActiveApi
from gateway.server_flow import abort
from gateway.streaming import refuse, serve
from streams.errors import SluiceError

CURSOR_PROTOCOL: Final = "sluice.cursor.v1"
_REASON_BYTES: Final = 123
"""The longest reason a close frame holds (RFC 6455 section 5.5)."""


class WebSockets:
    """Serves `ws_path` of `http_server` outputs."""

    def __init__(self, feeds: Feeds) -> None:
        self._feeds = feeds

    async def start(self) -> None:
        """Nothing to prepare."""

    def apply(self, apis: Sequence[ActiveApi]) -> None:
        """Nothing to keep: feeds do."""

    async def stop(self) -> None:
        """Nothing to put away."""

    async def websocket(self, call: Call) -> None:
        """Serve one client, from its handshake to its end."""
        client = call.client
        assert client is not None  # noqa: S101 - a route to clients has one
        await serve(call, client, partial(self._serve, call, client))

    async def _serve(self, call: Call, client: Client) -> None:
        """Accept once the client has its place in the stream: what comes after the handshake reaches it."""
        try:
            feed = await self._feeds.open(call, Form.FRAMES)
        except (SluiceError, CursorError, IngestRefusedError) as error:
            client.end(CloseReason.FAILED)
            await refuse(call, error)
            return
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
        await writer.end(await pump.run())


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

    async def end(self, reason: CloseReason) -> None:
        """Say why; who does not read is cut off."""
        if reason is CloseReason.SLOW:
            abort(self._call.scope)
        elif reason is not CloseReason.LEFT:
            await self.close(reason.websocket_code, reason.value)

    async def close(self, code: int, reason: str) -> None:
        """Close with a reason of at most 123 bytes."""
        short = reason.encode()[:_REASON_BYTES].decode(errors="ignore")
        await self._call.send({"type": "websocket.close", "code": code, "reason": short})

    async def _send(self, **content: Any) -> None:
        await self._call.send({"type": "websocket.send", **content})
