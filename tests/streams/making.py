"""Streams for tests: made of text, run without a broker or a database."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from streams.builtin import core_registry
from streams.config import Finding, Text, parse
from streams.connections import Connections
from streams.errors import EndOfInput
from streams.lint import CheckedStream, check_stream
from streams.message import Message, Source
from streams.quarantine import QuarantinedMessage
from streams.registry import Registry
from streams.spec import Batch, ComponentSpec, Kind, Rules, StreamIdentity

IDENTITY = StreamIdentity(1, 1, "shop", "orders", "sluice", 1)


def findings(text: str, registry: Registry | None = None, rules: Rules | None = None) -> list[Finding]:
    """Everything found in the text of one stream."""
    root, found = parse(text)
    assert root is not None, found
    checked = check_stream("orders", root, Text(text), registry or core_registry(), rules or Rules())
    return [*found, *checked[1]]


def stream(text: str, registry: Registry | None = None) -> CheckedStream:
    """The stream a text describes; it has no error."""
    root, _ = parse(text)
    assert root is not None
    checked, found = check_stream("orders", root, Text(text), registry or core_registry(), Rules())
    assert checked is not None, found
    return checked


def message(content: bytes = b"{}", number: int = 0) -> Message:
    """A message as an input gives it."""
    return Message(content, source=Source(b"%d" % number, 0, f"orders/0@{number}"))


class MemoryQuarantine:
    """A quarantine that is a list."""

    def __init__(self) -> None:
        self.held: list[QuarantinedMessage] = []

    async def hold(self, messages: Sequence[QuarantinedMessage]) -> None:
        self.held += messages


class ListInput:
    """Gives batches of a list and remembers what it was told of each."""

    def __init__(self, batches: list[list[Message]]) -> None:
        self.left = batches
        self.acknowledged: list[Exception | None] = []

    async def connect(self) -> None: ...

    async def close(self) -> None: ...

    async def read(self) -> Batch:
        if not self.left:
            raise EndOfInput
        return Batch(self.left.pop(0), self._acknowledge)

    async def _acknowledge(self, error: Exception | None) -> None:
        self.acknowledged.append(error)


class ListOutput:
    """Keeps what it takes; raises what stands in `failures` first."""

    def __init__(self) -> None:
        self.taken: list[Message] = []
        self.failures: list[Exception] = []

    async def connect(self) -> None: ...

    async def close(self) -> None: ...

    async def write(self, messages: list[Message]) -> None:
        if self.failures:
            raise self.failures.pop(0)
        self.taken += messages


def with_ends(inputs: Any, *outputs: Any) -> Registry:
    """The core components, an input `listed`, and outputs `kept0`, `kept1` and so on."""
    ends = [ComponentSpec(Kind.INPUT, "listed", "", lambda *_: inputs)]
    for at, output in enumerate(outputs):
        ends.append(ComponentSpec(Kind.OUTPUT, f"kept{at}", "", lambda *_, made=output: made))
    return core_registry().with_component(*ends)


SERVICES: dict[type, object] = {Connections: Connections(raw_addresses=True)}
