"""What a dry run showed, with the places in the document that it is about."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from gateway.errors import Fault
from streams.config.node import pointer_to
from streams.dry_run.context import Written
from streams.dry_run.places import find_stage, place_of
from streams.dry_run.trial import Trial
from streams.lint import CheckedStream
from streams.message import Message
from streams.spec import Component


@dataclass(frozen=True, slots=True)
class PlacedMessage:
    """A message that an output would get."""

    output: str
    """Its label or path in the stream."""
    component: str
    """Its name, such as `kafka`."""
    message: Message
    error: Fault | None
    """What it carries on in the dialect `tyk`, though a processor failed."""


@dataclass(frozen=True, slots=True)
class PlacedTrial:
    """What would have become of one message or batch, with the places in the document."""

    trial: Trial
    written: tuple[PlacedMessage, ...]
    errors: tuple[Fault, ...]
    """Why it would be in quarantine, or why an output would not take it."""
    left_out: tuple[Fault, ...]
    """Processors that it passed unchanged, and why."""


@dataclass(frozen=True, slots=True)
class DryRunReport:
    """A dry run that was made."""

    stream: str
    connection: str
    """The name, or the addresses."""
    topic: str
    trials: tuple[PlacedTrial, ...]
    """In the order of reading."""
    remarks: tuple[str, ...]
    """What differs from the stream at work."""
    warnings: tuple[Fault, ...]
    """About the document."""


def placed_trials(text: str, stream: CheckedStream, trials: Iterable[Trial]) -> tuple[PlacedTrial, ...]:
    """Return trials of a stream with their places in the text of its document."""
    places = _Places(text, stream)
    return tuple(
        PlacedTrial(
            trial,
            tuple(places.written(one) for one in trial.written),
            tuple(places.errors(trial)),
            tuple(places.left_out(trial)),
        )
        for trial in trials
    )


@dataclass(frozen=True, slots=True)
class _Places:
    """Finds stages of a stream in its document."""

    text: str
    stream: CheckedStream

    def written(self, written: Written) -> PlacedMessage:
        """A message with the name of its output, and where it failed if it did."""
        failure = written.message.error
        error = (
            None if failure is None else self._at_stage("flagged", failure.text, failure.stage, failure.line)
        )
        return PlacedMessage(written.component.stage, written.component.spec.name, written.message, error)

    def errors(self, trial: Trial) -> Iterator[Fault]:
        """Why messages would be in quarantine or rejected."""
        for one in trial.held:
            yield self._at_stage("quarantined", one.error, one.stage, one.line)
        if trial.rejection:
            yield self._at("rejected", trial.rejection, self.stream.output)

    def left_out(self, trial: Trial) -> Iterator[Fault]:
        """Which processors were not run, and why."""
        for one in trial.left_out:
            said = f"{one.component.spec.name} is not run: {one.reason.value}. Messages pass it unchanged"
            yield self._at("left_out", said, one.component)

    def _at_stage(self, code: str, message: str, stage: str, line: int | None) -> Fault:
        component = find_stage(self.stream, stage)
        return Fault(message, code=code) if component is None else self._at(code, message, component, line)

    def _at(self, code: str, message: str, component: Component, line: int | None = None) -> Fault:
        path = ("x-tyk-streaming", "streams", self.stream.name)
        place = place_of(self.text, path, component, line)
        pointer = pointer_to("/x-tyk-streaming/streams", self.stream.name) + component.pointer
        return Fault(message, pointer, code, line=place.line, column=place.column)
