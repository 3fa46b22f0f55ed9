"""The end of a pipeline: what failed goes to quarantine, the rest to the output."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from streams.errors import BatchError, OutputError, RejectedMessageError
from streams.message import Failure, Message
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

    def __init__(
        self,
        stream: StreamIdentity,
        stage: str,
        output: Output,
        quarantine: QuarantineSink,
        statistics: StageStatistics,
    ) -> None:
        self._stream = stream
        self._stage = stage
        self._output = output
        self._quarantine = quarantine
        self._statistics = statistics

    async def write(self, originals: list[Message], messages: list[Message]) -> Owed | None:
        """Deal with the messages made of `originals`. Returns what is to be tried again, if anything is."""
        try:
            sound = await self._hold_failed(originals, messages)
            self._statistics.received += len(sound)
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

    async def _hold_failed(self, originals: list[Message], messages: list[Message]) -> list[Message]:
        """Put failed messages in quarantine. Returns the others; all of them in dialect `tyk`."""
        if self._stream.dialect == "tyk":
            return messages
        failures = [(message, message.error) for message in messages if message.error is not None]
        if not failures:
            return messages
        await self._hold(originals, failures)
        return [message for message in messages if message.error is None]

    async def _write_sound(self, originals: list[Message], sound: list[Message]) -> Owed | None:
        errors: dict[int, Exception] = {}
        try:
            await self._output.write(sound)
        except BatchError as error:
            errors = error.errors
        rejected = {at: error for at, error in errors.items() if isinstance(error, RejectedMessageError)}
        if rejected:
            # Trying again would change nothing, in either dialect; dropped they must not be.
            await self._hold(originals, [(sound[at], self._failure(error)) for at, error in rejected.items()])
            self._statistics.failed(len(rejected), str(next(iter(rejected.values()))))
        self._statistics.sent += len(sound) - len(errors)
        owed = {at: error for at, error in errors.items() if at not in rejected}
        return Owed(BatchError(owed), frozenset(id(sound[at].source) for at in owed)) if owed else None

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
