"""Asks an HTTP service again and again."""

from __future__ import annotations

from streams.bloblang import MappingError
from streams.http.caller import Caller, CallFailedError
from streams.http.request import Template
from streams.http.selection import Selection
from streams.inputs.http_answers import answer_messages
from streams.inputs.pace import Pace
from streams.message import Message
from streams.outbound import UrlError
from streams.spec import Batch


class HttpPolling:
    """Makes a batch of each answer."""

    def __init__(  # noqa: PLR0913 - each is another matter
        self,
        caller: Caller,
        template: Template,
        extracted: Selection,
        pace: Pace,
        *,
        keeps_empty: bool,
        replay: bool,
    ) -> None:
        self._caller = caller
        self._template = template
        self._extracted = extracted
        self._pace = pace
        self._keeps_empty = keeps_empty
        self._replay = replay
        self._previous = [Message(b"")]

    async def connect(self) -> None:
        """Nothing to connect to: each call stands alone."""

    async def close(self) -> None:
        """Nothing to let go of."""

    async def read(self) -> Batch:
        """Ask until something is answered, at the pace that is wanted."""
        while True:
            await self._pace.turn()
            try:
                messages = await self._ask()
            except (CallFailedError, UrlError, MappingError, ValueError) as error:
                await self._pace.failed(str(error))
                continue
            self._pace.succeeded()
            if messages:
                self._previous = messages
                return Batch(messages, forget, grouped=True, replay=self._replay)
            await self._pace.nothing_new()

    async def _ask(self) -> list[Message]:
        call = self._template.fill(self._previous, 0)
        answer = await self._caller.call(call)
        messages = answer_messages(answer, self._extracted, call.url)
        is_empty = len(messages) == 1 and not messages[0].content
        return [] if is_empty and not self._keeps_empty else messages


async def forget(_error: Exception | None) -> None:
    """An answer has no place to be marked as done."""
