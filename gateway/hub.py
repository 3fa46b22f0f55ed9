"""One reader of a stream for all its clients in this process: records come in once, go into the log, wake clients.

Waking a thousand clients costs a thousand writes, so that what comes in quick succession is told together: the more
clients there are, the longer the hub waits before it wakes them again. A lone client is woken at once.
"""

import asyncio
import logging
import math
from collections.abc import Sequence
from typing import Final

from gateway.cursor import CursorCodec, Next, Position, stream_mark
from gateway.message_log import Chunk, MessageLog, chunks_of
from gateway.stream_reader import StreamReader
from streams.kafka.topic_reader import Beginning, Place, Run, Start, TopicReader

logger = logging.getLogger(__name__)

LOG_BYTES: Final = 16 * 1024 * 1024
"""What a hub keeps for clients that are not quite up to date."""
PATIENT_BYTES: Final = 2 * 1024 * 1024
"""From how much on a patient hub waits for its client to take it."""
SECONDS_PER_CLIENT: Final = 40e-6
"""Between two wakings, for each client: waking one costs about half of it, so that half a core is left at least."""
_REOPEN_SECONDS: Final = 1.0


class Hub:
    """Reads one stream from a start on. `patient`: for one client, whom nothing is lost to; it reads no faster."""

    def __init__(self, reader: StreamReader, key: bytes, start: Start, *, patient: bool = False) -> None:
        """key: signs cursors."""
        self.reader = reader
        self.log = MessageLog(math.inf if patient else LOG_BYTES)
        self.standing = asyncio.Event()
        """Set once it is known where reading begins, or that it has ended."""
        self.beginning: Beginning | None = None
        self.generation = 0
        """Grows when a topic was made anew: older positions mean nothing then."""
        self.ended = False
        self._key = key
        self._start = start
        self._patient = patient
        self._drained = asyncio.Event()
        self._position: dict[Place, Next] = {}
        self._codec = CursorCodec(key, b"")
        self._waiters: dict[object, asyncio.Future[None]] = {}
        self.clients = 0
        self._waking: asyncio.TimerHandle | None = None
        self._woke_at = 0.0
        self._loop = asyncio.get_running_loop()
        self._reading: TopicReader | None = None
        self._refused = ""
        self._opening = asyncio.create_task(self._open())

    @property
    def error(self) -> str:
        """Why nothing comes in at present; empty when something may."""
        return self._reading.error if self._reading is not None else self._refused

    def join(self) -> None:
        """Count a client."""
        self.clients += 1

    def leave(self, who: object) -> int:
        """Forget a client; returns how many are left."""
        self.clients -= 1
        self._waiters.pop(who, None)
        return self.clients

    def watch(self, who: object, waiter: asyncio.Future[None]) -> None:
        """Have a client's waiter done when there is something new; one of each client's counts."""
        self._waiters[who] = waiter

    def drained(self) -> None:
        """The client of a patient hub has taken everything."""
        self._drained.set()

    def decode(self, text: str) -> dict[Place, Next]:
        """Read a cursor. Raises CursorError; not before it stands."""
        return self._codec.decode(text, self.reader.topics)

    def encode(self, position: Position) -> str:
        """Write a cursor."""
        return self._codec.encode(position)

    async def close(self) -> None:
        """Read no more; clients find it ended."""
        self.ended = True
        self.standing.set()
        self._opening.cancel()
        self._drained.set()
        self._wake()
        if self._reading is not None:
            await self._reading.stop()

    async def _open(self) -> None:
        while self._reading is None:
            try:
                self._reading = await self.reader.open(self._start, self)
            except Exception as error:  # noqa: BLE001 - a broker's refusal, or settings its client does not take
                logger.warning("stream %s: %s", self.reader.active.identity.stream_name, error)
                self._refused = str(error)
                await asyncio.sleep(_REOPEN_SECONDS)

    def began(self, beginning: Beginning) -> None:
        """Reading begins here."""
        identity = self.reader.active.identity
        ids = {topic: beginning.topic_ids.get(topic, "") for topic in self.reader.topics}
        mark = stream_mark(identity.definition_id, identity.stream_name, ids)
        anew = self.beginning is not None and mark != self._codec.stream
        self.beginning = beginning
        self._codec = CursorCodec(self._key, mark)
        self._position = {place: Next(offset) for place, offset in beginning.offsets.items()}
        if anew:
            self.generation += 1
            while self.log.tail < self.log.head:
                self.log.drop_oldest()
        self._append(Chunk(dict(self._position), (), self._codec, self._loop.time()))
        self.standing.set()

    async def arrived(self, runs: Sequence[Run]) -> None:
        """Put what was read into the log, and tell clients."""
        stretches = tuple([await self.reader.stretch(run) for run in runs])
        for chunk in chunks_of(dict(self._position), stretches, self._codec, self._loop.time()):
            self._append(chunk)
            self._position = dict(chunk.after)
        if self._patient and self.log.size > PATIENT_BYTES and not self.ended:
            self._drained.clear()
            await self._drained.wait()

    def _append(self, chunk: Chunk) -> None:
        self.log.append(chunk)
        if self._waking is None:
            at = self._woke_at + self.clients * SECONDS_PER_CLIENT
            self._waking = self._loop.call_at(max(at, self._loop.time()), self._wake)

    def _wake(self) -> None:
        if self._waking is not None:
            self._waking.cancel()
            self._waking = None
        self._woke_at = self._loop.time()
        waiters, self._waiters = self._waiters, {}
        for waiter in waiters.values():
            if not waiter.done():
                waiter.set_result(None)
