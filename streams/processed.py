"""Inputs and outputs with the `processors` that stand beside them."""

from __future__ import annotations

from dataclasses import replace

from streams.errors import BatchError, OutputError, RejectedMessageError
from streams.message import Failure, Message
from streams.spec import Batch, BuildContext, Component, Input, Output, Reclaiming
from streams.stages import Stage, build_stages, run_batches


class ProcessingFailedError(RejectedMessageError):
    """A processor beside an output failed on the message."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.text)
        self.failure = failure


def build_input(component: Component, context: BuildContext) -> Input:
    """Build an input, or a child of one, with its processors."""
    reading: Input = context.build(component)
    stages = build_stages(component.processors, context)
    return ProcessedInput(reading, stages) if stages else reading


def build_output(component: Component, context: BuildContext) -> Output:
    """Build an output, or a child of one, with its processors."""
    writing: Output = context.build(component)
    stages = build_stages(component.processors, context)
    return ProcessedOutput(writing, stages, context.stream.dialect) if stages else writing


class ProcessedInput:
    """An input whose batches are to be processed before those of its siblings join them.

    The pipeline runs the processors, so that a replay and the quarantine begin with what was really read.
    """

    def __init__(self, reading: Input, stages: tuple[Stage, ...]) -> None:
        self._reading = reading
        self.stages = stages
        """What is done to each batch before its siblings' join it."""

    async def connect(self) -> None:
        """Connect the input."""
        await self._reading.connect()

    async def read(self) -> Batch:
        """Read a batch and say what is to be done to it first."""
        batch = await self._reading.read()
        return replace(batch, before=(*batch.before, *self.stages))

    async def reclaim(self, messages: list[Message]) -> list[Message]:
        """Let the input take back what was read for it. Returns the rest. Raises OutputError."""
        return await self._reading.reclaim(messages) if isinstance(self._reading, Reclaiming) else messages

    async def close(self) -> None:
        """Close the input."""
        await self._reading.close()


class ProcessedOutput:
    """An output that processes messages right before it writes them."""

    def __init__(self, writing: Output, stages: tuple[Stage, ...], dialect: str) -> None:
        self._writing = writing
        self._stages = stages
        self._dialect = dialect

    async def connect(self) -> None:
        """Connect the output."""
        await self._writing.connect()

    async def close(self) -> None:
        """Close the output."""
        await self._writing.close()

    async def write(self, messages: list[Message]) -> None:
        """Process and write. Raises BatchError for messages that failed here or in the output."""
        errors: dict[int, Exception] = {}
        for made in await run_batches(self._stages, messages, grouped=True):
            errors |= await self._write_batch(messages, made)
        if errors:
            raise BatchError(errors)

    async def _write_batch(self, messages: list[Message], made: list[Message]) -> dict[int, Exception]:
        """Write one batch of those that were made. Returns errors by the places of what they were made of."""
        errors: dict[int, Exception] = {}
        sound = made
        if self._dialect != "tyk":
            sound = [message for message in made if message.error is None]
            for message in made:
                if message.error is not None:
                    errors |= dict.fromkeys(_places(messages, message), ProcessingFailedError(message.error))
        try:
            if sound:
                await self._writing.write(sound)
        except BatchError as error:
            for at, reason in error.errors.items():
                errors |= dict.fromkeys(_places(messages, sound[at]), reason)
        except OutputError as error:
            for message in sound:
                errors |= dict.fromkeys(_places(messages, message), error)
        return errors


def _places(given: list[Message], made: Message) -> list[int]:
    """Where the messages stand that this one may have been made of: those of the same source."""
    places = [at for at, message in enumerate(given) if message.source is made.source]
    return places or list(range(len(given)))
