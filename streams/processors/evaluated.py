"""Processors that make a new payload by one Bloblang query, whose work is bounded as that of a mapping is."""

from __future__ import annotations

from typing import Any

from streams.bloblang import MappingError
from streams.bloblang.query import compile_query
from streams.jsontext import serialise
from streams.message import Message
from streams.processors.flags import flagged


class Evaluated:
    """Replaces each payload by the value of a query."""

    def __init__(self, query: str) -> None:
        """query: of `content()` or `json()`."""
        self._query = compile_query(query)

    async def process(self, messages: list[Message]) -> list[list[Message]]:
        """The batch; messages on which the query fails keep their payload and are flagged."""
        return [[self._evaluated(message) for message in messages]]

    def _evaluated(self, message: Message) -> Message:
        try:
            value: Any = self._query.evaluate([message])
        except MappingError as error:
            return flagged(message, error.text)
        return message.replaced(value) if isinstance(value, bytes) else message.replaced(value=value)


def quoted(text: str) -> str:
    """The text as a Bloblang literal."""
    return serialise(text).decode()
