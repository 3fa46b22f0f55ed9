"""The `memory` buffer: reads ahead of the processors."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterable
from typing import Final

from streams.batching import POLICY_FIELDS, check_policy, is_on
from streams.batching_input import with_batching
from streams.buffers.buffer import WrapInput
from streams.limits import DEFAULT_LIMITS, Limit
from streams.processed import ProcessedInput
from streams.spec import (
    Batch,
    BuildContext,
    ComponentSpec,
    Config,
    Field,
    FieldType,
    Input,
    Kind,
    Problem,
    Rules,
)
from streams.stages import Stage
from streams.stopping import end_tasks


class ReadAhead:
    """Reads another input before it is asked, as far as there is room.

    What waits is not acknowledged: a crash, or a stop, has the input offer it again.
    """

    def __init__(self, reading: Input, limit: int) -> None:
        """limit: bytes of the messages that may wait; one batch may always."""
        self._reading = reading
        self._limit = limit
        self._waiting: deque[tuple[Batch, int]] = deque()
        self._bytes = 0
        self._changed = asyncio.Event()
        self._end: Exception | None = None
        self._running: asyncio.Task[None] | None = None

    @property
    def stages(self) -> tuple[Stage, ...]:
        """The processors beside the input, which the pipeline is to run."""
        return self._reading.stages if isinstance(self._reading, ProcessedInput) else ()

    async def connect(self) -> None:
        """Connect the input and begin to read. Raises ConnectError."""
        await self._reading.connect()
        self._running = asyncio.create_task(self._run())

    async def read(self) -> Batch:
        """Return the batch that waits longest. Raises EndOfInput, or the input's ConnectError."""
        while not self._waiting:
            if self._end is not None:
                raise self._end
            await self._change()
        batch, size = self._waiting.popleft()
        self._bytes -= size
        self._changed.set()
        return batch

    async def close(self) -> None:
        """Read no more and close the input."""
        if self._running is not None:
            await end_tasks((self._running,))
        await self._reading.close()

    async def _run(self) -> None:
        try:
            while True:
                batch = await self._reading.read()
                size = sum(len(message.content) for message in batch.messages)
                while self._waiting and self._bytes + size > self._limit:
                    await self._change()
                self._waiting.append((batch, size))
                self._bytes += size
                self._changed.set()
        except Exception as error:  # noqa: BLE001 - told to whoever reads
            self._end = error
            self._changed.set()

    async def _change(self) -> None:
        self._changed.clear()
        await self._changed.wait()


def _build(config: Config, context: BuildContext) -> WrapInput:
    policy = config["batch_policy"]
    # The default may be more than this operator allows.
    limit = min(config["limit"], context.choice(DEFAULT_LIMITS).held_bytes)

    def wrap(reading: Input) -> Input:
        ahead = ReadAhead(reading, limit)
        return with_batching(ahead, policy, context) if policy["enabled"] else ahead

    return wrap


def _check(config: Config, _rules: Rules) -> Iterable[Problem]:
    policy = config["batch_policy"]
    if config["limit"] < 1:
        yield Problem(("limit",), "wrong_value", "limit is at least 1")
    yield from check_policy(("batch_policy",), policy)
    if policy["enabled"] and not is_on(policy):
        message = "nothing says when there is a batch"
        yield Problem(("batch_policy",), "no_batches", message, "give a count, byte_size, period or check")


MEMORY: Final = ComponentSpec(
    Kind.BUFFER,
    "memory",
    "Reads ahead of the processors, and puts messages together to batches.",
    _build,
    fields=(
        Field(
            "limit",
            FieldType.INT,
            "Bytes of messages that may wait.",
            default=524_288_000,
            limit=Limit.HELD_BYTES,
        ),
        Field(
            "spillover",
            FieldType.BOOL,
            "Drop what finds no room.",
            default=False,
            refused="what was read is never dropped for want of room; reading waits",
        ),
        Field(
            "batch_policy",
            FieldType.OBJECT,
            "When what waits is a batch.",
            children=(
                Field("enabled", FieldType.BOOL, "Whether batches are made.", default=False),
                *POLICY_FIELDS,
            ),
        ),
    ),
    description=(
        "Bento acknowledges a message as soon as it is in this buffer, and loses it in a crash. Here it is acknowledged"
        " when the output has it: the buffer makes an input no faster, only smoother."
    ),
    check=_check,
    examples=({}, {"batch_policy": {"enabled": True, "count": 50, "period": "1s"}}),
)
