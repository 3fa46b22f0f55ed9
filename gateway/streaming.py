"""What SSE, lines and WebSockets have in common: a feed is opened, a Channels consumer pumps it, the reason is told."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from http import HTTPStatus
from typing import Any, Final

from channels.consumer import AsyncConsumer
from channels.exceptions import StopConsumer

from gateway.broadcast import OutdatedCursorError
from gateway.call import Call
from gateway.client import Client, CloseReason
from gateway.cursor import CursorError
from gateway.feed import Feed
from gateway.ingest_refusal import IngestRefusedError
from gateway.problems import answering, problem
from gateway.protocol import Receive, Scope, Send
from gateway.server_flow import abort
from streams.errors import ConnectError, SluiceError

logger = logging.getLogger(__name__)

RETRY_MS: Final = 1000
"""After how long a client that was told to go comes back."""

Pumping = Callable[[], Awaitable[None]]


class StreamConsumer(AsyncConsumer):  # type: ignore[misc]  # Channels has no types
    """Pumps in a task of its own while this one hears of the disconnect.

    A consumer that wrote from its handler would not be told that the client has left: see `http_disconnect`.
    """

    def __init__(self, call: Call, client: Client, pumping: Pumping) -> None:
        super().__init__()
        self._call = call
        self._client = client
        self._pumping = pumping
        self._serving: asyncio.Task[Any] | None = None
        self._pump: asyncio.Task[None] | None = None
        self.finished = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one client. A request's body is not waited for: who never sent it whole would stay for good."""
        if scope["type"] == "http":
            self._begin()
        try:
            await super().__call__(scope, receive, send)
        finally:
            if self._pump is not None:
                self._pump.cancel()
                await asyncio.gather(self._pump, return_exceptions=True)

    async def http_request(self, _message: dict[str, Any]) -> None:
        """What a client says in its request's body is of no matter."""

    async def websocket_connect(self, _message: dict[str, Any]) -> None:
        """Begin."""
        self._begin()

    async def websocket_receive(self, _message: dict[str, Any]) -> None:
        """Clients of an output have nothing to say."""

    async def http_disconnect(self, _message: dict[str, Any]) -> None:
        """The client has left. A write to it may wait for good: the pump is cancelled."""
        self._client.end(CloseReason.LEFT)
        raise StopConsumer

    async def websocket_disconnect(self, message: dict[str, Any]) -> None:
        """The client has left."""
        await self.http_disconnect(message)

    def _begin(self) -> None:
        self._serving = asyncio.current_task()
        self._pump = asyncio.create_task(self._pump_all())

    async def _pump_all(self) -> None:
        try:
            await self._pumping()
        except OSError:
            # What servers raise for a write to somebody who has left, before they say so.
            self._client.end(CloseReason.LEFT)
        except Exception:
            logger.exception("a client's stream failed by a fault of its own")
            self._client.end(CloseReason.FAILED)
            abort(self._call.send)
        if self._serving is not None and not self._client_left():
            self.finished = True
            self._serving.cancel()

    def _client_left(self) -> bool:
        return self._client.ending.done() and self._client.ending.result() is CloseReason.LEFT


async def serve(call: Call, client: Client, pumping: Pumping) -> None:
    """Serve a client until its stream has ended, under Channels."""
    consumer = StreamConsumer(call, client, pumping)
    try:
        await consumer(call.scope, call.receive, call.send)
    except asyncio.CancelledError:
        task = asyncio.current_task()
        if not consumer.finished or task is None:
            raise
        task.uncancel()


async def opened(call: Call, client: Client, opening: Coroutine[Any, Any, Feed]) -> Feed | None:
    """The client's feed; None where there is none, or the client is to end before there is: it has been told why."""
    task = asyncio.create_task(opening)
    if client.ending.done():  # never begun: nothing is opened for what no longer holds
        task.cancel()
    try:
        await asyncio.wait((task, client.ending), return_when=asyncio.FIRST_COMPLETED)
    except asyncio.CancelledError:
        await _let_go(task)
        raise
    try:
        if task.done() and not task.cancelled():
            feed = task.result()
            call.forget_headers()
            return feed
        await _let_go(task)
        await refuse(call, ConnectError(f"the stream is not given: {client.ending.result().value}"))
    except (SluiceError, CursorError, IngestRefusedError) as error:
        client.end(CloseReason.FAILED)
        await refuse(call, error)
    return None


async def _let_go(opening: asyncio.Task[Feed]) -> None:
    """Have a feed closed that nobody will read, even if it was opened just now."""
    opening.cancel()
    await asyncio.gather(opening, return_exceptions=True)
    if not opening.cancelled() and opening.exception() is None:
        await opening.result().close()


async def refuse(call: Call, error: SluiceError | CursorError | IngestRefusedError) -> None:
    """Say why a stream cannot be given, to a request or a handshake."""
    send = answering(call.scope, call.send)
    if isinstance(error, IngestRefusedError):
        status, detail, code, headers = error.status, error.detail, error.code, error.headers
    elif isinstance(error, CursorError):
        outdated = isinstance(error, OutdatedCursorError)
        status, code, headers = (
            410 if outdated else 400,
            "cursor_outdated" if outdated else "cursor_invalid",
            (),
        )
        detail = f"The cursor cannot be used: {error}. Leave it out to begin with what comes next."
    else:
        call.meter.error("stream_unavailable")
        status, detail, code, headers = 503, str(error), "stream_unavailable", ((b"retry-after", b"1"),)
    await problem(send, status, HTTPStatus(status).phrase, detail, headers=headers, code=code)
