"""The `websocket` output: sends each message on a WebSocket that we open."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from contextlib import suppress
from typing import Final

from websockets.asyncio.client import ClientConnection
from websockets.exceptions import WebSocketException

from streams.errors import OutputError
from streams.message import Message
from streams.spec import BuildContext, ComponentSpec, Config, Kind, Problem, Rules
from streams.statistics import Statistics
from streams.stopping import end_tasks
from streams.websocket.connection import CONNECTION, check_websocket, make_link

ANSWER_SECONDS: Final = 20.0
"""How long the service may take to answer that it is there."""


class WebSocketOutput:
    """Sends messages in order."""

    def __init__(self, config: Config, context: BuildContext) -> None:
        self._link = make_link(config, context, self._listen)
        self._turn = asyncio.Lock()
        self._listening: list[asyncio.Task[None]] = []
        context.service(Statistics).sources.append(self._link.status)

    async def connect(self) -> None:
        """Open it. Raises ConnectError."""
        await self._link.client()

    async def close(self) -> None:
        """Close it."""
        await self._link.close()
        await end_tasks(self._listening)

    async def write(self, messages: list[Message]) -> None:
        """Return when the service has answered a ping that followed the messages. Raises OutputError.

        The protocol has no acknowledgement; the pong says that all before it has arrived.
        """
        async with self._turn:
            socket = await self._link.client_to_write()
            try:
                async with asyncio.timeout(ANSWER_SECONDS):
                    for message in messages:
                        await socket.send(message.content)
                    await (await socket.ping())
            except (WebSocketException, OSError) as error:
                await self._link.drop(socket, str(error) or "it does not answer")
                raise OutputError(str(error) or "the service does not answer") from error

    async def _listen(self, socket: ClientConnection) -> None:
        """Read what the service says, which is of no matter here: else its pongs would not be read."""
        self._listening = [task for task in self._listening if not task.done()]
        self._listening.append(asyncio.create_task(_read_all(socket)))


async def _read_all(socket: ClientConnection) -> None:
    with suppress(WebSocketException):
        async for _ in socket:
            pass


def _check(config: Config, rules: Rules) -> Iterable[Problem]:
    yield from check_websocket(config, rules)


WEBSOCKET: Final = ComponentSpec(
    Kind.OUTPUT,
    "websocket",
    "Sends messages on a WebSocket to a service.",
    WebSocketOutput,
    fields=CONNECTION,
    description="A message is taken when the service has answered a ping that followed it. Messages are binary.",
    examples=({"url": "wss://sink.example.com/orders"},),
    check=_check,
)
