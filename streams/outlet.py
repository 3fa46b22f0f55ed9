"""The end of a pipeline: what failed goes to quarantine, the rest to the output."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass

from streams.errors import BatchError, OutputError, RejectedMessageError, StreamStoppedError
from streams.limits import is_too_large
from streams.message import Failure, Message
from streams.outputs.attempt import attempt
from streams.processed import ProcessingFailedError
from streams.quarantine import QuarantinedMessage, QuarantineSink, quarantined
from streams.spec import Output, StreamIdentity
from streams.statistics import StageStatistics

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Owed:
    """What the output did not take."""

    error: OutputError
    sources: frozenset[int] | None = None
    """Identities (`id`) of the sources that are still owed; None: all."""

    def of(self, originals: list[Message]) -> list[Message]:
        """The messages to process again."""
        if self.sources is None:
            return originals
        return [message for message in originals if id(message.source) in self.sources] or originals


class Outlet:
    """Writes processed messages of one stream."""

    def __init__(  # noqa: PLR0913 - what it writes for, to and about
        self,
        stream: StreamIdentity,
        stage: str,
        output: Output,
        quarantine: QuarantineSink,
        statistics: StageStatistics,
        *,
        largest: int,
    ) -> None:
        """largest: bytes of a message; one that has more goes to quarantine, whatever the dialect."""
        self._stream = stream
        self._stage = stage
        self._output = output
        self._quarantine = quarantine
        self._statistics = statistics
        self._largest = largest

    async def write(self, originals: list[Message], messages: list[Message]) -> Owed | None:
        """Deal with the messages made of `originals`, in one write. Returns what is to be tried again, if anything."""
        return await self.write_batches(originals, [messages])

    async def write_batches(self, originals: list[Message], batches: list[list[Message]]) -> Owed | None:
        """Deal with what was made of `originals`, a write for each batch.

        Returns what is to be tried again, if anything is.
        """
        try:
            sound = await self._hold_failed(originals, await self._hold_large(originals, batches))
            self._statistics.received += sum(map(len, sound))
            owed = await self._write_sound(originals, sound) if sound else None
        except OutputError as error:
            owed = Owed(error)
        except Exception as error:
            # A fault of the output's own: the messages are as little taken as if it had said so.
            logger.exception("stream %s: output %s failed", self._stream.stream_name, self._stage)
            owed = Owed(OutputError(repr(error)))
        if owed is not None:
            self._statistics.failed(len(owed.of(originals)), str(owed.error))
        return owed

    async def _hold_large(
        self, originals: list[Message], batches: list[list[Message]]
    ) -> list[list[Message]]:
        """Put messages that are too large in quarantine. Returns the others."""
        large = [one for batch in batches for one in batch if is_too_large(one, self._largest)]
        if not large:
            return batches
        await self._hold(originals, [(one, self._too_large(one)) for one in large])
        self._statistics.failed(len(large), self._too_large(large[0]).text)
        held = set(map(id, large))
        return [[one for one in batch if id(one) not in held] for batch in batches]

    def _too_large(self, message: Message) -> Failure:
        size = len(message.content)
        return Failure(f"the message has {size} bytes; streams take {self._largest}", self._stage)

    async def _hold_failed(
        self, originals: list[Message], batches: list[list[Message]]
    ) -> list[list[Message]]:
        """Put failed messages in quarantine. Returns the others; all of them in dialect `tyk`."""
        if self._stream.dialect != "tyk":
            failures = [(one, one.error) for batch in batches for one in batch if one.error is not None]
            if failures:
                await self._hold(originals, failures)
                batches = [[one for one in batch if one.error is None] for batch in batches]
        return [batch for batch in batches if batch]

    async def _write_sound(self, originals: list[Message], batches: list[list[Message]]) -> Owed | None:
        if len(batches) == 1:
            failed = await self._attempt(batches[0])
        else:
            failed = [
                fault for found in await asyncio.gather(*map(self._attempt, batches)) for fault in found
            ]
        rejected = [(one, error) for one, error in failed if isinstance(error, RejectedMessageError)]
        if rejected:
            # Trying again would change nothing, in either dialect; dropped they must not be.
            await self._hold(originals, [(one, self._failure(error)) for one, error in rejected])
            self._statistics.failed(len(rejected), str(rejected[0][1]))
        self._statistics.sent += sum(map(len, batches)) - len(failed)
        return _owed([(one, error) for one, error in failed if not isinstance(error, RejectedMessageError)])

    async def _attempt(self, batch: list[Message]) -> list[tuple[Message, Exception]]:
        """Write one batch. Returns what was not taken, and why."""
        return [(batch[at], reason) for at, reason in (await attempt(self._output, batch)).items()]

    def _failure(self, error: RejectedMessageError) -> Failure:
        return error.failure if isinstance(error, ProcessingFailedError) else Failure(str(error), self._stage)

    async def _hold(self, originals: list[Message], failures: list[tuple[Message, Failure]]) -> None:
        """Put what was read of the failed messages in quarantine, each once. Raises OutputError."""
        by_source = {id(message.source): message for message in originals}
        held: dict[int, QuarantinedMessage] = {}
        for message, failure in failures:
            original = by_source.get(id(message.source), message)
            held.setdefault(id(original), quarantined(self._stream, original, failure))
        await self._quarantine.hold(list(held.values()))


def _owed(failed: list[tuple[Message, Exception]]) -> Owed | None:
    if not failed:
        return None
    stopped = [error for _, error in failed if isinstance(error, StreamStoppedError)]
    whole: set[Exception] = {error for _, error in failed}
    if len(whole) == 1 and isinstance(failed[0][1], OutputError):
        error: OutputError = failed[0][1]
    else:
        error = stopped[0] if stopped else BatchError({at: reason for at, (_, reason) in enumerate(failed)})
    return Owed(error, frozenset(id(one.source) for one, _ in failed))
