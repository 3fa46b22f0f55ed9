"""The `websocket` input: what a service sends on a WebSocket that we open.

A WebSocket knows no acknowledgement: what comes while we are away, or is on its way when we crash, is lost.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from typing import Final

from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from streams.errors import ConnectError
from streams.inputs.reception import Reception
from streams.message import Message, Source
from streams.spec import (
    Batch,
    BuildContext,
    ComponentSpec,
    Config,
    Field,
    FieldType,
    Kind,
    Problem,
    Rules,
    Shape,
)
from streams.statistics import Statistics
from streams.websocket.connection import CONNECTION, check_websocket, make_link


class WebSocketInput:
    """Reads the messages of a WebSocket."""

    def __init__(self, config: Config, context: BuildContext) -> None:
        self._opening: list[str] = [*config["open_messages"], *filter(None, [config["open_message"]])]
        self._as_text: bool = config["open_message_type"] == "text"
        self._replay: bool = config["auto_replay_nacks"]
        self._stage = context.stage
        self._link = make_link(config, context, self._greet)
        most_failures: int | None = config["connection"]["max_retries"]
        self._reception = Reception(self._link, self._receive, most_failures=most_failures)
        context.service(Statistics).sources.append(self._link.status)

    async def connect(self) -> None:
        """Open it. Raises ConnectError, unless tries are counted."""
        await self._reception.start()

    async def read(self) -> Batch:
        """Return the next message. Raises EndOfInput when the tries to connect are used up."""
        return await self._reception.read()

    async def close(self) -> None:
        """Close it."""
        await self._reception.close()

    async def _greet(self, socket: ClientConnection) -> None:
        for text in self._opening:
            await socket.send(text if self._as_text else text.encode())

    async def _receive(self, socket: ClientConnection) -> None:
        try:
            while True:
                message = self._message(await socket.recv(decode=False))
                await self._reception.offer(Batch([message], _forget, replay=self._replay))
        except ConnectionClosed as error:
            raise ConnectError(str(error)) from error

    def _message(self, content: bytes) -> Message:
        now = time.time_ns() // 1_000_000
        return Message(content, source=Source(os.urandom(16), now, f"{self._stage}@{now}"))


async def _forget(error: Exception | None) -> None:
    """Nobody waits to hear what became of it."""


def _check(config: Config, rules: Rules) -> Iterable[Problem]:
    if (config["connection"]["max_retries"] or 0) < 0:
        yield Problem(("connection", "max_retries"), "wrong_value", "max_retries is at least 0")
    yield from check_websocket(config, rules)


WEBSOCKET: Final = ComponentSpec(
    Kind.INPUT,
    "websocket",
    "Reads what a service sends on a WebSocket.",
    WebSocketInput,
    fields=(
        *CONNECTION,
        Field(
            "open_messages", FieldType.STRING, "What we say first, each time.", default=[], shape=Shape.LIST
        ),
        Field("open_message", FieldType.STRING, "The older name, for one.", default=""),
        Field(
            "open_message_type",
            FieldType.STRING,
            "How we say it.",
            default="binary",
            options=("binary", "text"),
        ),
        Field(
            "auto_replay_nacks", FieldType.BOOL, "Try rejected messages again; else drop them.", default=True
        ),
        Field(
            "connection",
            FieldType.OBJECT,
            "How it is opened.",
            children=(
                Field(
                    "max_retries",
                    FieldType.INT,
                    "Tries in a row, after a first that failed, before the input ends; without: any number.",
                    default=None,
                ),
            ),
        ),
    ),
    description="What is sent while the stream is away is lost.",
    examples=({"url": "wss://feed.example.com/prices", "open_messages": ['{"subscribe": "all"}']},),
    check=_check,
    shared=False,
)
