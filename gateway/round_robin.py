"""Streams whose every message goes to one client: this process's part in their consumer groups."""

from collections.abc import AsyncIterator, Sequence
from typing import Protocol

from gateway.call import Call
from gateway.internal_topic import InternalTopics
from gateway.routes import ActiveApi
from streams.message import Message
from streams.quarantine import QuarantineSink


class QueueReader(Protocol):
    """One client's end of a stream's queue.

    An asynchronous iterator of small batches, each for this client alone. It ends when the stream is read no more.
    """

    def __aiter__(self) -> AsyncIterator[list[Message]]:
        """Itself."""

    async def __anext__(self) -> list[Message]:
        """The next messages, in order, waiting for them; at least one. Whoever waits longest is served first."""

    async def handed_over(self, batch: Sequence[Message]) -> None:
        """The client has these messages (all of a batch, or the first of it): their offsets may be committed."""

    async def close(self) -> None:
        """Give back what was not handed over, to the next client in order; call it always, once."""


class RoundRobin:
    """Hands each message of a stream to one of the clients of all gateway processes."""

    def __init__(self, internal: InternalTopics, quarantine: QuarantineSink, valkey_url: str) -> None:
        """valkey_url: where processes tell each other that they have gained a client."""

    async def start(self) -> None:
        """Listen for other processes."""

    def apply(self, apis: Sequence[ActiveApi]) -> None:
        """Read the streams as they are now; what is unchanged goes on undisturbed."""

    async def join(self, call: Call, *, lingering: bool = False) -> QueueReader:
        """Give a client its part in a stream; returns once this process is a member of the consumer group.

        lingering: the membership outlasts this client a while, for the next one of its kind. Raises ConnectError
        when no broker answers.
        """
        raise NotImplementedError

    async def stop(self) -> None:
        """Leave every group; what was not handed out is not committed."""
