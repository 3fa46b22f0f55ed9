"""Error flags: how a processor says of a message that it failed, and how a later one takes that back."""

from __future__ import annotations

from collections.abc import Iterable

from streams.message import Failure, Message


def flagged(message: Message, text: str, line: int | None = None) -> Message:
    """A copy that says why its processing failed; the stage that runs the processor adds its name."""
    twin = message.copy()
    twin.error = Failure(text, line=line)
    return twin


def all_flagged(messages: Iterable[Message], text: str) -> list[Message]:
    """Copies of a batch that failed as a whole."""
    return [flagged(message, text) for message in messages]


def cleared(message: Message) -> Message:
    """A message without an error: itself, or a copy."""
    if message.error is None:
        return message
    twin = message.copy()
    twin.error = None
    return twin
