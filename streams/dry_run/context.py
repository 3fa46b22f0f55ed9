"""Building a stream for a dry run: what reaches outside is left out, and what would have reached it is noted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from streams.message import Message
from streams.quarantine import Handle, QuarantinedMessage
from streams.spec import BuildContext, Component, DryRun, Kind, StreamIdentity, held

MOST_WRITTEN: Final = 50
"""Messages that are kept of what one trial would have written; the others are counted."""
MOST_BYTES: Final = 256 * 1024
"""Bytes of them after which no more are kept."""
_STOOD_IN_FOR: Final = frozenset({Kind.PROCESSOR, Kind.OUTPUT})
_RESOURCES: Final = frozenset({Kind.CACHE, Kind.RATE_LIMIT})


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A processor that messages passed unchanged."""

    component: Component
    reason: DryRun


@dataclass(frozen=True, slots=True)
class Written:
    """A message that an output would have been given."""

    component: Component
    message: Message


@dataclass(slots=True)
class Notes:
    """What happened in one trial; also the place where failed messages are kept (`streams.quarantine`)."""

    left_out: list[LeftOut] = field(default_factory=list)
    """Each once."""
    written: list[Written] = field(default_factory=list)
    unshown: int = 0
    """Messages that would have been written beside those."""
    held: list[QuarantinedMessage] = field(default_factory=list)
    _bytes: int = 0

    def clear(self) -> None:
        """Begin anew."""
        self.left_out, self.written, self.held = [], [], []
        self.unshown = self._bytes = 0

    def pass_by(self, left_out: LeftOut) -> None:
        """Note that messages passed a processor unchanged."""
        if all(known.component is not left_out.component for known in self.left_out):
            self.left_out.append(left_out)

    def write(self, component: Component, messages: list[Message]) -> None:
        """Note what an output would have been given."""
        for message in messages:
            if len(self.written) < MOST_WRITTEN and self._bytes < MOST_BYTES:
                self.written.append(Written(component, message))
                self._bytes += len(message.content)
            else:
                self.unshown += 1

    async def hold(self, messages: Sequence[QuarantinedMessage]) -> None:
        """Note what would have been held in quarantine."""
        self.held += messages

    async def release(self, stream: StreamIdentity, handle: Handle) -> None:
        """Nothing is ever retried."""


@dataclass(frozen=True, slots=True)
class DryRunContext(BuildContext):
    """Builds components, and stand-ins for those that a dry run must not run; it needs Notes as a service."""

    def build(self, component: Component) -> object:
        """Build a component, or what stands in for it."""
        reason = _why_left_out(component)
        if reason is None:
            return BuildContext.build(self, component)
        notes = self.service(Notes)
        if component.spec.kind is Kind.OUTPUT:
            return _NotedOutput(component, notes)
        return _PassedBy(LeftOut(component, reason), notes)


def _why_left_out(component: Component) -> DryRun | None:
    """Why a processor or output is not run, itself or because of a resource it names; None: it is run."""
    if component.spec.kind not in _STOOD_IN_FOR:
        return None
    if component.spec.dry_run is not DryRun.RUN:
        return component.spec.dry_run
    named = (one.spec for one in held(dict(component.config)) if one.spec.kind in _RESOURCES)
    return DryRun.OUTSIDE if any(spec.dry_run is DryRun.OUTSIDE for spec in named) else None


@dataclass(frozen=True, slots=True)
class _PassedBy:
    """Stands in for a processor: messages pass unchanged."""

    left_out: LeftOut
    notes: Notes

    async def process(self, messages: list[Message]) -> list[list[Message]]:
        self.notes.pass_by(self.left_out)
        return [messages]


@dataclass(frozen=True, slots=True)
class _NotedOutput:
    """Stands in for an output: takes everything, and sends nothing."""

    component: Component
    notes: Notes

    async def connect(self) -> None:
        """There is nothing to connect to."""

    async def write(self, messages: list[Message]) -> None:
        self.notes.write(self.component, messages)

    async def close(self) -> None:
        """There is nothing to let go of."""
