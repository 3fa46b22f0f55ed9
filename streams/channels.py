"""Channels by which streams of one process hand messages to each other, with their acknowledgements."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from dataclasses import dataclass

from streams.message import Message


@dataclass(frozen=True, slots=True)
class Handed:
    """A batch on its way to another stream."""

    messages: list[Message]
    taken: asyncio.Future[Exception | None]
    """What became of it."""


class Channel:
    """One name: whoever writes waits for whoever reads."""

    def __init__(self) -> None:
        self._waiting: asyncio.Queue[Handed] = asyncio.Queue()

    async def hand_over(self, messages: list[Message]) -> Exception | None:
        """Return what became of a batch, once some stream has dealt with it."""
        handed = Handed(messages, asyncio.get_running_loop().create_future())
        await self._waiting.put(handed)
        return await handed.taken

    async def take(self) -> Handed:
        """The next batch that somebody still waits for."""
        while True:
            handed = await self._waiting.get()
            if not handed.taken.done():
                return handed


class Channels:
    """The channels of a process. Those of one definition are nothing to another."""

    def __init__(self) -> None:
        self._channels: defaultdict[tuple[int, str], Channel] = defaultdict(Channel)

    def channel(self, definition_id: int, name: str) -> Channel:
        """The channel of a name among the streams of a definition."""
        return self._channels[definition_id, name]
