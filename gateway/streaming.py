"""What SSE, lines and WebSockets have in common: a feed is opened, a Channels consumer pumps it, the reason is told."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any, Final

from channels.consumer import AsyncConsumer
from channels.exceptions import StopConsumer

from gateway.broadcast import OutdatedCursorError
from gateway.call import Call
from gateway.client import Client, CloseReason
from gateway.cursor import CursorError
from gateway.ingest_refusal import IngestRefusedError
from gateway.problems import answering, problem
from streams.errors import SluiceError

logger = logging.getLogger(__name__)

RETRY_MS: Final = 1000
"""After how long a client that was told to go comes back."""

Pumping = Callable[[], Awaitable[None]]


class StreamConsumer(AsyncConsumer):  # type: ignore[misc]  # Channels has no types
    """Pumps in a task of its own while this one hears of the disconnect.

    A consumer that wrote from its handler would not be told that the client has left: see `http_disconnect`.
    """

    def __init__(self, client: Client, pumping: Pumping) -> None:
        super().__init__()
        self._client = client
        self._pumping = pumping
        self._serving: asyncio.Task[Any] | None = None
        self._pump: asyncio.Task[None] | None = None
        self.finished = False

    async def http_request(self, message: dict[str, Any]) -> None:
        """Begin once the request is whole."""
        if not message.get("more_body"):
            self._begin()

    async def websocket_connect(self, _message: dict[str, Any]) -> None:
        """Begin."""
        self._begin()

    async def websocket_receive(self, _message: dict[str, Any]) -> None:
        """Clients of an output have nothing to say."""

    async def http_disconnect(self, _message: dict[str, Any]) -> None:
        """The client has left."""
        await self._leave()

    async def websocket_disconnect(self, _message: dict[str, Any]) -> None:
        """The client has left."""
        await self._leave()

    def _begin(self) -> None:
        self._serving = asyncio.current_task()
        self._pump = asyncio.create_task(self._pump_all())

    async def _leave(self) -> None:
        self._client.end(CloseReason.LEFT)
        if self._pump is not None:
            # A write to somebody who has left may wait for good.
            self._pump.cancel()
            await asyncio.gather(self._pump, return_exceptions=True)
        raise StopConsumer

    async def _pump_all(self) -> None:
        try:
            await self._pumping()
        except Exception:
            logger.exception("a client's stream failed by a fault of its own")
            self._client.end(CloseReason.FAILED)
        finally:
            self.finished = True
            if self._serving is not None and not self._client_left():
                self._serving.cancel()

    def _client_left(self) -> bool:
        return self._client.ending.done() and self._client.ending.result() is CloseReason.LEFT


async def serve(call: Call, client: Client, pumping: Pumping) -> None:
    """Serve a client until its stream has ended, under Channels."""
    consumer = StreamConsumer(client, pumping)
    try:
        await consumer(call.scope, call.receive, call.send)
    except asyncio.CancelledError:
        task = asyncio.current_task()
        if not consumer.finished or task is None:
            raise
        task.uncancel()


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
