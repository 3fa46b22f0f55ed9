"""Reads an answer of an HTTP service that does not end."""

from __future__ import annotations

from collections import deque
from contextlib import AsyncExitStack
from typing import Any, Final
from urllib.parse import urlsplit

from streams.bloblang import MappingError
from streams.errors import EndOfInput
from streams.http.caller import Caller, CallFailedError
from streams.http.client import CallError, OpenAnswer
from streams.http.request import Template
from streams.http.selection import Selection
from streams.inputs.http_answers import answer_metadata, answer_source
from streams.inputs.http_polling import forget
from streams.inputs.pace import Pace
from streams.message import Message
from streams.outbound import UrlError
from streams.scanners.scanner import MakeScanner, ScanError, Scanner
from streams.spec import Batch

_MOST: Final = 250
"""Messages of one batch: few enough to give others their turn."""


class HttpStreaming:
    """Keeps a connection open and makes messages of what comes."""

    def __init__(  # noqa: PLR0913 - each is another matter
        self,
        caller: Caller,
        template: Template,
        extracted: Selection,
        pace: Pace,
        make_scanner: MakeScanner,
        *,
        keeps_empty: bool,
        reconnects: bool,
        replay: bool,
    ) -> None:
        self._caller = caller
        self._template = template
        self._extracted = extracted
        self._pace = pace
        self._make_scanner = make_scanner
        self._keeps_empty = keeps_empty
        self._reconnects = reconnects
        self._replay = replay
        self._previous = [Message(b"")]
        self._ready: deque[Message] = deque()
        self._connection = AsyncExitStack()
        self._answer: OpenAnswer | None = None
        self._scanner: Scanner | None = None
        self._metadata: dict[str, Any] = {}
        self._url = ""
        self._ended = False

    async def connect(self) -> None:
        """Nothing yet: the first read asks."""

    async def close(self) -> None:
        """Leave the connection; what came of it and was not read yet is lost."""
        await self._leave()

    async def read(self) -> Batch:
        """Return the next messages. Raises EndOfInput where the answer ended and none is to follow."""
        while not self._ready:
            if self._ended:
                raise EndOfInput
            try:
                await self._advance()
            except (CallFailedError, CallError, UrlError, MappingError, ScanError) as error:
                await self._leave()
                await self._pace.failed(str(error))
        messages = [self._ready.popleft() for _ in range(min(_MOST, len(self._ready)))]
        self._previous = messages[-1:]
        return Batch(messages, forget, replay=self._replay)

    async def _advance(self) -> None:
        """Connect, or take what comes next, or note the end."""
        if self._answer is None or self._scanner is None:
            await self._pace.turn()
            await self._open()
            return
        try:
            chunk = await anext(self._answer.chunks)
        except StopAsyncIteration:
            self._keep(self._scanner.end())
            await self._leave()
            self._ended = not self._reconnects
            if self._reconnects:
                await self._pace.nothing_new()
            return
        self._keep(self._scanner.feed(chunk))

    async def _open(self) -> None:
        call = self._template.fill(self._previous, 0)
        self._answer = await self._connection.enter_async_context(self._caller.open(call))
        self._pace.succeeded()
        self._url = call.url
        self._scanner = self._make_scanner(urlsplit(call.url).path)
        self._metadata = answer_metadata(self._answer.status, self._answer.headers, self._extracted)

    def _keep(self, messages: list[Message]) -> None:
        for message in messages:
            if not message.content and not self._keeps_empty:
                continue
            message.metadata = {**self._metadata, **message.metadata}
            message.source = answer_source(self._url)
            self._ready.append(message)

    async def _leave(self) -> None:
        self._answer = self._scanner = None
        await self._connection.aclose()
