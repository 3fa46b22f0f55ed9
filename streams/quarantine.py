"""Messages a stream could not process, on their way to the place that keeps them."""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any, Protocol

from streams.message import Failure, Message
from streams.spec import StreamIdentity


@dataclass(frozen=True, slots=True)
class QuarantinedMessage:
    """One message as its stream read it, with where and why it failed."""

    stream: StreamIdentity
    stage: str
    """Label or path of the component that failed."""
    line: int | None
    """Line of the mapping, from 1."""
    error: str
    content: bytes
    metadata: dict[str, Any] = field(default_factory=dict)
    position: str = ""
    """For people, such as `orders/3@1042`."""
    identity: bytes = b""
    """32 bytes: the same whenever the same record fails in the same stream."""


Handle = Callable[[list[Message]], Awaitable[None]]
"""Deals with messages as if they had just been read. Raises OutputError when it could not."""


class QuarantineSink(Protocol):
    """Where failed messages are kept."""

    async def hold(self, messages: Sequence[QuarantinedMessage]) -> None:
        """Return when all are safe; those already there stay as they are. Raises OutputError."""

    async def release(self, stream: StreamIdentity, handle: Handle) -> None:
        """Give `handle` the messages of a stream that somebody wants retried, and note that it has them."""


def quarantined(stream: StreamIdentity, original: Message, failure: Failure) -> QuarantinedMessage:
    """What to keep of a message: its input, and what became of it."""
    source = original.source
    # A message without a source was made inside the stream: nothing will repeat it, so any identity serves.
    origin = source.identity if source is not None else uuid.uuid4().bytes
    digest = blake2b(digest_size=32)
    digest.update(b"%d/%b/" % (stream.definition_id, stream.stream_name.encode()))
    digest.update(origin)
    return QuarantinedMessage(
        stream=stream,
        stage=failure.stage,
        line=failure.line,
        error=failure.text,
        content=original.content,
        metadata=original.metadata,
        position=source.position if source is not None else "",
        identity=digest.digest(),
    )
