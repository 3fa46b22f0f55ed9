"""An output that waits until there is a batch."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import Final

from streams.batching import Gathering, Policy, is_on, make_policy
from streams.drain import Drain
from streams.errors import StreamStoppedError
from streams.message import Message
from streams.outputs.attempt import Errors, attempt, raise_for
from streams.processed import ProcessedOutput
from streams.spec import BuildContext, Config, Output
from streams.stages import build_stages
from streams.stopping import StopSignal, end_tasks

CLOSE_SECONDS: Final = 5.0
"""How long the output may take for the last batches."""


@dataclass(frozen=True, slots=True)
class _Share:
    """What one write gave to a batch."""

    begin: int
    count: int
    told: asyncio.Future[Errors]
    """Errors by place in the write."""


class BatchedOutput:
    """Puts what is written to it together. A write returns when the batch it became part of is taken.

    Nothing is acknowledged before: a crash while messages wait offers them again.
    """

    def __init__(self, output: Output, policy: Policy, drain: Drain, stopping: StopSignal) -> None:
        self._output = output
        self._policy = policy
        self._drain = drain
        self._stopping = stopping
        self._gathering = Gathering(policy)
        self._shares: list[_Share] = []
        self._sending: dict[asyncio.Task[None], list[_Share]] = {}
        self._watching: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._flushed = time.monotonic()
        drain.listen(self._flush_if_idle)

    async def connect(self) -> None:
        """Connect the output. Raises ConnectError."""
        await self._output.connect()
        self._watching = asyncio.create_task(self._flush_at_stop())

    async def close(self) -> None:
        """Send what somebody still waits for, which the output has a moment to take, and close it."""
        if self._watching is not None:
            await end_tasks((self._watching,))
        self._flush()
        awaited = [task for task, shares in self._sending.items() if not all(map(_is_told, shares))]
        if awaited:
            await asyncio.wait(awaited, timeout=CLOSE_SECONDS)
        await end_tasks(self._sending)
        await self._output.close()

    async def write(self, messages: list[Message]) -> None:
        """Return when the batch is taken that these became part of. Raises BatchError."""
        begin = len(self._gathering.messages)
        told: asyncio.Future[Errors] = asyncio.get_running_loop().create_future()
        self._shares.append(_Share(begin, len(messages), told))
        if self._gathering.add(messages) or self._stopping.is_set():
            self._flush()
        else:
            self._start_timer()
            if self._drain.is_on:
                self._flush_if_idle()
        raise_for(await told)

    def _start_timer(self) -> None:
        now = time.monotonic()
        due = self._policy.due(self._flushed, now)
        if self._timer is None and due is not None:
            self._timer = asyncio.get_running_loop().call_later(due - now, self._flush)

    def _flush_if_idle(self) -> None:
        """What is under way makes room when it is taken, so that more may come; else nothing more does."""
        if not self._sending:
            self._flush()

    def _flush(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._flushed = time.monotonic()
        messages, shares, self._shares = self._gathering.take(), self._shares, []
        if messages:
            task = asyncio.create_task(self._send(messages, shares))
            self._sending[task] = shares
            task.add_done_callback(self._sending.pop)

    async def _send(self, messages: list[Message], shares: list[_Share]) -> None:
        errors: Errors = dict.fromkeys(range(len(messages)), StreamStoppedError("the stream was stopped"))
        try:
            errors = await attempt(self._output, messages)
        finally:
            for share in shares:
                own = range(share.begin, share.begin + share.count)
                if not _is_told(share):
                    share.told.set_result({at - share.begin: errors[at] for at in own if at in errors})

    async def _flush_at_stop(self) -> None:
        await self._stopping.wait()
        self._flush()


def _is_told(share: _Share) -> bool:
    """Tell whether nobody waits any more: also where the writer gave up."""
    return share.told.done()


def with_batching(output: Output, config: Config, context: BuildContext) -> Output:
    """The output, or where `config` (a batching policy) asks for batches, one that makes them first."""
    if not is_on(config):
        return output
    stages = build_stages(config["processors"], context)
    processing = ProcessedOutput(output, stages, context.stream.dialect) if stages else output
    return BatchedOutput(
        processing, make_policy(config, context), context.choice(Drain()), context.service(StopSignal)
    )
