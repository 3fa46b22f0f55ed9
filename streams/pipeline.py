"""Input, processors, output; the acknowledgement travels back once the output has the messages.

The order of steps, and the crash each survives:

1. A batch is read. Nothing is acknowledged: a crash reads it again.
2. It is processed, in the order of reading.
3. What failed goes to quarantine, the rest to the output. A crash between the two repeats both, under the same
   identities.
4. The input is told, and it may move its position past the batch.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Final

from streams.batching import held_by_output, holding_back
from streams.buffers.buffer import WrapInput
from streams.buffers.memory import ReadAhead
from streams.drain import Drain
from streams.errors import EndOfInput, OutputError, StreamStoppedError
from streams.limits import Holding, StreamLimits, bytes_of, is_too_large
from streams.lint import CheckedStream
from streams.message import Message
from streams.outlet import Outlet
from streams.processed import ProcessedInput, build_input, build_output
from streams.quarantine import QuarantineSink
from streams.spec import Batch, BuildContext, Input, Processor, Reclaiming, StreamIdentity, is_batchwise
from streams.stages import build_stages, run_batches, run_stages
from streams.statistics import Statistics
from streams.stopping import StopSignal, end_tasks

logger = logging.getLogger(__name__)

FIRST_RETRY: Final = 0.1
"""Seconds before a rejected batch is tried again; each time twice as long."""
LONGEST_RETRY: Final = 10.0
BUFFERED: Final = 100_000
"""Messages that may wait in a buffer; their bytes are counted there."""


class Pipeline:
    """One stream at work. `run` it once; `stop` ends it in order."""

    def __init__(
        self,
        stream: CheckedStream,
        identity: StreamIdentity,
        services: Mapping[type, object],
        quarantine: QuarantineSink,
    ) -> None:
        """services: what components may ask their BuildContext for. Raises ConfigError."""
        self.statistics = Statistics()
        self.connected = False
        """Both ends were reached."""
        self._stopping = StopSignal()
        self._drain = Drain()
        own: dict[type, object] = {
            Statistics: self.statistics,
            StopSignal: self._stopping,
            Drain: self._drain,
            StreamLimits: stream.limits,
        }
        context = BuildContext(identity, {**services, **own})
        self._context = context
        self._name = f"{identity.definition_name}/{identity.stream_name}"
        self._input = _build_input(stream, context)
        self._stages = build_stages(stream.processors, context)
        self._output = build_output(stream.output, context)
        self._batchwise = is_batchwise(stream.output)
        self._received = self.statistics.stage(stream.input.stage)
        self._sent = self.statistics.stage(stream.output.stage)
        self._largest = stream.limits.message_bytes
        self._outlet = Outlet(
            identity, stream.output.stage, self._output, quarantine, self._sent, largest=self._largest
        )
        self._timeout = stream.shutdown_timeout
        self._deadline: float | None = None
        """When what is in flight is let go of, on the event loop's clock; None: the stream goes on."""
        self._room = asyncio.Semaphore(stream.in_flight)
        self._holding = Holding(stream.limits.held_bytes)
        self._settling: set[asyncio.Task[None]] = set()

    @property
    def received(self) -> int:
        """Messages read."""
        return self._received.received

    @property
    def sent(self) -> int:
        """Messages the output has taken."""
        return self._sent.sent

    async def run(self) -> None:
        """Run until `stop` is called or the input ends. Raises ConnectError when an end cannot be reached."""
        try:
            # The output first: what is read must have somewhere to go.
            await self._output.connect()
            await self._input.connect()
            self.connected = True
            await self._read_in_time()
        finally:
            self.connected = False
            await self._finish()

    def stop(self) -> None:
        """Read no more; `run` returns when everything read is dealt with, or given back to the input."""
        self._stopping.set()

    async def reprocess(self, messages: list[Message]) -> None:
        """Process and write messages that were read before and held in quarantine. Raises OutputError."""
        if isinstance(self._input, Reclaiming):
            messages = await self._input.reclaim(messages)
        if not messages:
            return
        before = self._input.stages if isinstance(self._input, (ProcessedInput, ReadAhead)) else ()
        processed = await self._run((*before, *self._stages), messages, grouped=False)
        if (owed := await self._outlet.write_batches(messages, processed)) is not None:
            raise owed.error

    async def _read_in_time(self) -> None:
        """Read until the input ends or the stream is stopped, and then no longer than the stream may take.

        A processor that waits, or an output that lets nobody in, would hold the stop up for as long as it likes.
        """
        stopped = asyncio.create_task(self._stopping.wait())
        reading = asyncio.create_task(self._read_all(stopped))
        try:
            await asyncio.wait((reading, stopped), return_when=asyncio.FIRST_COMPLETED)
            await asyncio.wait((reading,), timeout=self._left())
        finally:
            await end_tasks((reading, stopped))
        if not reading.cancelled():
            reading.result()

    async def _read_all(self, stopped: asyncio.Task[None]) -> None:
        while not self._stopping.is_set():
            await self._enter()
            batch = await self._next(stopped)
            if batch is None:
                break
            await self._begin(batch)
        # An input that has ended is owed its last batches; only a stop cuts their tries short.
        while self._settling and not self._stopping.is_set():
            self._drain.turn_on()
            await asyncio.wait((stopped, *self._settling), return_when=asyncio.FIRST_COMPLETED)

    async def _enter(self) -> None:
        """Take a place among the batches that wait for the output, once they are not too many bytes."""
        if self._room.locked() or self._holding.is_full:
            self._drain.turn_on()
        await self._room.acquire()
        await self._holding.room()
        self._drain.turn_off()

    async def _next(self, stopped: asyncio.Task[None]) -> Batch | None:
        """The next batch; None when there will be none."""
        reading = asyncio.create_task(_read(self._input))
        try:
            await asyncio.wait((reading, stopped), return_when=asyncio.FIRST_COMPLETED)
            return reading.result() if reading.done() else None
        finally:
            reading.cancel()

    async def _begin(self, batch: Batch) -> None:
        """Process a batch, in the order of reading, and let its output go on beside the next."""
        self._received.received += len(batch.messages)
        self._received.sent += len(batch.messages)
        size = bytes_of(batch.messages)
        self._holding.take(size)
        try:
            messages = await self._processed(batch, batch.messages)
        except BaseException:
            await batch.acknowledge(StreamStoppedError("the stream was stopped while it processed the batch"))
            raise
        task = asyncio.create_task(self._settle(batch, messages))
        self._settling.add(task)
        task.add_done_callback(partial(self._settled, size))
        await asyncio.sleep(0)  # other streams, and the senders of this process, have their turn

    def _settled(self, size: int, task: asyncio.Task[None]) -> None:
        self._settling.discard(task)
        self._room.release()
        self._holding.release(size)
        if not task.cancelled() and (error := task.exception()) is not None:
            logger.error("stream %s: a batch could not be settled", self._name, exc_info=error)

    async def _processed(self, batch: Batch, messages: list[Message]) -> list[list[Message]]:
        """What is to be written. What is too large is not looked at: it is the outlet's to put away."""
        large = [one for one in messages if is_too_large(one, self._largest)]
        if large:
            messages = [one for one in messages if not is_too_large(one, self._largest)]
        made = await self._run((*batch.before, *self._stages), messages, grouped=batch.grouped)
        return [*made, large] if large else made

    async def _run(
        self, stages: Sequence[Processor], messages: list[Message], *, grouped: bool
    ) -> list[list[Message]]:
        """Process messages. Returns the batches to write, each at once."""
        if self._batchwise:
            return await run_batches(stages, messages, grouped=grouped)
        return [await run_stages(stages, messages, grouped=grouped) if stages else messages]

    async def _settle(self, batch: Batch, messages: list[list[Message]]) -> None:
        """Write a batch until it is taken, then tell the input; give it back when stream or output let go of it."""
        error: OutputError | None = StreamStoppedError("the stream was stopped")
        try:
            error = await self._write(batch, messages)
        finally:
            await batch.acknowledge(error)

    async def _write(self, batch: Batch, messages: list[list[Message]]) -> OutputError | None:
        left, delay = batch.messages, FIRST_RETRY
        while (owed := await self._outlet.write_batches(left, messages)) is not None:
            if not batch.replay or isinstance(owed.error, StreamStoppedError):
                return owed.error
            if await self._stopped_within(delay):
                return StreamStoppedError(f"the stream was stopped; before, {owed.error}")
            delay = min(delay * 2, LONGEST_RETRY)
            left = left if batch.grouped else owed.of(left)
            messages = await self._processed(batch, left)
        return None

    async def _stopped_within(self, delay: float) -> bool:
        """Wait before another try; True when the stream is to stop."""
        self.statistics.failing += 1
        try:
            return await self._stopping.within(delay)
        finally:
            self.statistics.failing -= 1

    def _left(self) -> float:
        """Seconds that are left to end in; they begin to run when this is first asked."""
        now = asyncio.get_running_loop().time()
        if self._deadline is None:
            self._deadline = now + self._timeout
        return max(0.0, self._deadline - now)

    async def _finish(self) -> None:
        """Let what is in flight end within the stream's time, then close input, output and resources."""
        self._stopping.set()
        if self._settling:
            _, late = await asyncio.wait(self._settling, timeout=self._left())
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        for part in (self._input, self._output):
            with suppress(OutputError):
                await part.close()
        await self._context.close_resources()


def _build_input(stream: CheckedStream, context: BuildContext) -> Input:
    """The stream's input, with its buffer behind it."""
    waiting = held_by_output(stream.output) + (0 if stream.buffer is None else BUFFERED)
    reading = build_input(stream.input, holding_back(context, waiting))
    if stream.buffer is None:
        return reading
    wrap: WrapInput = context.build(stream.buffer)
    return wrap(reading)


async def _read(source: Input) -> Batch | None:
    try:
        return await source.read()
    except EndOfInput:
        return None
