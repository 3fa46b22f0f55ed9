"""The queue of a stream whose every message goes to one client: the clients of this process pull from it.

What goes in together goes to one client, and is done with when that client has it. Whoever waits longest is served
first; a client that is slow holds what it took and nothing else. What a client did not get goes to the next one, in
its old place. What nobody has when its reader lets go of it is given back, for another process to read.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

from streams.errors import StreamStoppedError
from streams.message import Message

_Answer = TypeVar("_Answer")

MOST_TAKEN: Final = 16
"""Units one client takes at a time, at most."""
MOST_TAKEN_BYTES: Final = 256 * 1024
"""From how much on it takes no more of them."""
MOST_BYTES: Final = 32 * 1024 * 1024
"""From how much on nothing more should be read: what waits, and what clients hold."""


@dataclass(eq=False, slots=True)
class _Unit:
    """What was put in at once."""

    number: int
    messages: list[Message]
    origin: str
    done: asyncio.Future[None]
    """Set when a client has it; failed when it is given back."""
    size: int
    """Bytes."""
    withdrawn: bool = False
    """Another process may read it: should its client not get it, nobody here does."""

    def give_back(self) -> None:
        if not self.done.done():
            self.done.set_exception(StreamStoppedError("no client of this process has it"))


class ClientQueue:
    """Waiting messages, and the clients who wait for some."""

    def __init__(self) -> None:
        self._waiting: deque[_Unit] = deque()
        self._outstanding: dict[int, _Unit] = {}
        self._idle: deque[asyncio.Future[list[_Unit]]] = deque()
        self._readers: set[QueueReader] = set()
        self._ended = False
        self._numbers = 0
        self._size = 0
        self._room = asyncio.Event()
        self._room.set()

    @property
    def clients(self) -> int:
        """Clients that have a reader."""
        return len(self._readers)

    @property
    def length(self) -> int:
        """Units that no client has taken."""
        return len(self._waiting)

    def reader(self, most: int = MOST_TAKEN, left: Callable[[], None] | None = None) -> "QueueReader":
        """Make a client's reader, which takes up to `most` units at a time; left: called when it was closed."""
        made = QueueReader(self, most, left)
        self._readers.add(made)
        return made

    async def put(self, messages: list[Message], origin: str = "") -> None:
        """Return when a client has all of these. Raises StreamStoppedError when they are given back.

        origin: where they come from, for `withdraw`.
        """
        self._numbers += 1
        size = sum(len(message.content) for message in messages)
        unit = _Unit(self._numbers, messages, origin, asyncio.get_running_loop().create_future(), size)
        self._outstanding[unit.number] = unit
        self._weigh(size)
        self._waiting.append(unit)
        self._serve()
        try:
            await unit.done
        finally:
            del self._outstanding[unit.number]
            self._weigh(-size)

    async def room(self) -> None:
        """Return when more may be read."""
        await self._room.wait()

    def withdraw(self, origins: Collection[str] | None = None) -> None:
        """Give back what no client has taken, of these origins or of all; what is with a client may still be done."""
        for unit in list(self._outstanding.values()):
            if origins is None or unit.origin in origins:
                unit.withdrawn = True
        waiting, self._waiting = self._waiting, deque()
        self.put_back(waiting)

    def end(self) -> None:
        """Let every client's reading end, once it has what it took."""
        self._ended = True
        while self._idle:
            _answer(self._idle.popleft(), [])

    async def take(self, most: int) -> list[_Unit]:
        """The next units for a client, waiting for one; none when the queue has ended."""
        units = [] if self._idle else self._taken(most)
        if units or self._ended:
            return units
        turn: asyncio.Future[list[_Unit]] = asyncio.get_running_loop().create_future()
        self._idle.append(turn)
        self._serve()
        try:
            return await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self.put_back(turn.result())
            raise

    def put_back(self, units: Sequence[_Unit]) -> None:
        """Offer to the next client what one did not get."""
        for unit in units:
            if unit.withdrawn:
                unit.give_back()
        again = [unit for unit in units if not unit.done.done()]
        self._waiting = deque(sorted([*self._waiting, *again], key=lambda unit: unit.number))
        self._serve()

    def leave(self, reader: "QueueReader") -> None:
        """Forget a client."""
        self._readers.discard(reader)

    def _serve(self) -> None:
        """Give the clients who wait a unit each."""
        while self._waiting and self._idle:
            if self._idle[0].done():
                self._idle.popleft()
            elif units := self._taken(1):
                self._idle.popleft().set_result(units)

    def _taken(self, most: int) -> list[_Unit]:
        """Up to `most` units, and no more than the client's share. What was cancelled meanwhile is left out."""
        share = max(1, min(most, len(self._waiting) // max(1, len(self._readers))))
        units: list[_Unit] = []
        size = 0
        while self._waiting and len(units) < share and size < MOST_TAKEN_BYTES:
            unit = self._waiting.popleft()
            if not unit.done.done():
                units.append(unit)
                size += unit.size
        return units

    def _weigh(self, size: int) -> None:
        self._size += size
        if self._size > MOST_BYTES:
            self._room.clear()
        else:
            self._room.set()


class QueueReader:
    """One client's end of a stream's queue.

    An asynchronous iterator of small batches, each for this client alone. It ends when the stream is read no more.
    """

    def __init__(self, queue: ClientQueue, most: int, left: Callable[[], None] | None) -> None:
        """most: units to take at a time. left: called when the client has left."""
        self._queue = queue
        self._most = most
        self._left = left
        self._held: deque[_Unit] = deque()

    def __aiter__(self) -> AsyncIterator[list[Message]]:
        """Itself."""
        return self

    async def __anext__(self) -> list[Message]:
        """The next messages, in order, waiting for them; at least one."""
        units = await self._queue.take(self._most)
        if not units:
            raise StopAsyncIteration
        self._held += units
        return [message for unit in units for message in unit.messages]

    async def handed_over(self, batch: Sequence[Message]) -> None:
        """The client has these messages: all of the batches it was given, or the first of them.

        Their offsets may be committed now. Of what was put in together, all must have been handed over.
        """
        left = len(batch)
        while self._held and left >= len(self._held[0].messages):
            unit = self._held.popleft()
            left -= len(unit.messages)
            _answer(unit.done, None)

    async def close(self) -> None:
        """Give back what was not handed over, to the next client in order; call it always, once."""
        self._queue.leave(self)
        held, self._held = self._held, deque()
        self._queue.put_back(held)
        if self._left is not None:
            self._left()


def _answer(future: asyncio.Future[_Answer], answer: _Answer) -> None:
    if not future.done():
        future.set_result(answer)
