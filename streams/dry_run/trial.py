"""Messages on their way through a stream that must change nothing: what comes out, and what would be held."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import Enum
from typing import Final

from streams.drain import Drain
from streams.dry_run.context import DryRunContext, LeftOut, Notes, Written
from streams.limits import StreamLimits
from streams.lint import CheckedStream
from streams.message import Message
from streams.outlet import Outlet, Owed
from streams.processed import build_output
from streams.quarantine import QuarantinedMessage
from streams.spec import Component
from streams.stages import Stage, build_stages, run_batches
from streams.standalone import standalone_identity
from streams.statistics import Statistics
from streams.stopping import StopSignal

SECONDS: Final = 6.0
"""How long a dry run takes at most."""
BATCH_SECONDS: Final = 2.0
"""And how long one batch of it."""


class Outcome(Enum):
    """What would have become of messages."""

    WRITTEN = "written"  # outputs would have got something, and nothing failed
    QUARANTINED = "quarantined"  # one failed; outputs may have got others
    REJECTED = "rejected"  # an output would not take it, so that it is tried again or its sender is told
    DROPPED = "dropped"  # nothing came out, and nothing failed
    UNFINISHED = "unfinished"  # time was up


@dataclass(frozen=True, slots=True)
class Trial:
    """What would have become of one batch, which is one message where the input makes no batches."""

    given: tuple[Message, ...]
    outcome: Outcome
    written: tuple[Written, ...] = ()
    unshown: int = 0
    """Messages that would have been written beside those in `written`."""
    held: tuple[QuarantinedMessage, ...] = ()
    """What would be in quarantine."""
    rejection: str = ""
    """Why an output would not take it."""
    dropped_by: str = ""
    """Of what was dropped: the last stage that saw something of it, by its label or path."""
    left_out: tuple[LeftOut, ...] = ()
    """Processors that it passed unchanged."""


async def dry_run(
    stream: CheckedStream,
    before: Sequence[Component],
    dialect: str,
    batches: Sequence[Sequence[Message]],
    *,
    grouped: bool = False,
) -> list[Trial]:
    """Try a stream on batches of messages, in order.

    before: processors beside the input. grouped: a batch is one to the author of the stream too. Processors that reach
    outside are passed by, outputs only note what they would get; caches begin empty. Whatever takes longer than
    BATCH_SECONDS, or SECONDS in all, is let go of. Raises ConfigError, MissingServiceError.
    """
    async with _rehearsal(stream, before, dialect) as rehearsal:
        until = asyncio.get_running_loop().time() + SECONDS
        return [await rehearsal.try_batch(list(batch), until, grouped=grouped) for batch in batches]


@asynccontextmanager
async def _rehearsal(
    stream: CheckedStream, before: Sequence[Component], dialect: str
) -> AsyncIterator[_Rehearsal]:
    """Build a stream for a dry run, and let go of it at the end."""
    statistics, notes, stopping = Statistics(), Notes(), StopSignal()
    services: dict[type, object] = {
        Statistics: statistics,
        Notes: notes,
        StopSignal: stopping,
        StreamLimits: stream.limits,
        Drain: _nothing_more(),
    }
    context = DryRunContext(standalone_identity(stream.name, dialect), services)
    stages = build_stages((*before, *stream.processors), context)
    output = build_output(stream.output, context)
    place, largest = stream.output.stage, stream.limits.message_bytes
    outlet = Outlet(context.stream, place, output, notes, statistics.stage(place), largest=largest)
    try:
        await output.connect()
        yield _Rehearsal(stages, place, outlet, notes, statistics)
    finally:
        stopping.set()
        await output.close()
        await context.close_resources()


def _nothing_more() -> Drain:
    """So that no batching policy of an output waits for messages that do not come."""
    drain = Drain()
    drain.turn_on()
    return drain


@dataclass(frozen=True, slots=True)
class _Rehearsal:
    """A stream that was built for a dry run."""

    stages: tuple[Stage, ...]
    output: str
    """The stage of its output."""
    outlet: Outlet
    notes: Notes
    statistics: Statistics

    async def try_batch(self, messages: list[Message], until: float, *, grouped: bool) -> Trial:
        """Try one batch. until: when all of them end, on the event loop's clock."""
        self.notes.clear()
        before = self._received()
        until = min(until, asyncio.get_running_loop().time() + BATCH_SECONDS)
        try:
            async with asyncio.timeout_at(until):
                made = await run_batches(self.stages, messages, grouped=grouped)
                owed = await self.outlet.write_batches(messages, made)
        except TimeoutError:
            return self._trial(messages, Outcome.UNFINISHED)
        if (outcome := self._outcome(owed)) is not Outcome.DROPPED:
            return self._trial(messages, outcome, rejection=str(owed.error) if owed is not None else "")
        seen = [name for name, count in self._received().items() if count > before.get(name, 0)]
        return self._trial(messages, outcome, dropped_by=self.output if any(made) else seen[-1])

    def _received(self) -> dict[str, int]:
        """Messages that each stage of the pipeline has seen."""
        return {stage.name: self.statistics.stage(stage.name).received for stage in self.stages}

    def _outcome(self, owed: Owed | None) -> Outcome:
        if self.notes.held:
            return Outcome.QUARANTINED
        if owed is not None:
            return Outcome.REJECTED
        return Outcome.WRITTEN if self.notes.written else Outcome.DROPPED

    def _trial(
        self, messages: list[Message], outcome: Outcome, *, rejection: str = "", dropped_by: str = ""
    ) -> Trial:
        notes = self.notes
        return Trial(
            tuple(messages),
            outcome,
            tuple(notes.written),
            notes.unshown,
            tuple(notes.held),
            rejection,
            dropped_by,
            tuple(notes.left_out),
        )
