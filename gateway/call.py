"""A request or WebSocket that was routed, let in and is within its limits: what the handlers get."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from gateway.caller import Caller
from gateway.client import Client, CloseReason
from gateway.protocol import Headers, Receive, Scope, Send
from gateway.routes import Route


class Budget(Protocol):
    """What a caller may still use. Decided in this process, on what it has leased: no I/O."""

    def take_messages(self, count: int) -> float:
        """Use up messages that are about to be handed over or taken in; seconds to wait before that, 0.0 for none."""

    def messages_refused(self, seconds: float) -> Sequence[tuple[bytes, bytes]]:
        """What a caller is told whose messages would have to wait so long: `Retry-After` and `RateLimit`."""


class Meter(Protocol):
    """Counts for one definition, product, app and plan; written to the database in bulk, by the minute."""

    def request(self, outcome: str) -> None:
        """A request came; outcome: `accepted`, or why it was turned away."""

    def messages(self, count: int, size: int) -> None:
        """Messages handed over or taken in, and their bytes."""

    def error(self, kind: str) -> None:
        """Something went wrong for this caller; kind: a short stable name."""

    def opened(self) -> None:
        """A stream was opened."""

    def closed(self, reason: CloseReason, seconds: float) -> None:
        """A stream was closed after so long."""


@dataclass(slots=True)
class Call:
    """One request or WebSocket on its way to its handler. Nobody changes it; to freeze it costs a microsecond each."""

    scope: Scope
    receive: Receive
    send: Send
    headers: Headers
    route: Route
    caller: Caller
    budget: Budget
    meter: Meter
    client: Client | None = None
    """Set where something stays open: STREAM, WEBSOCKET, INGEST_WEBSOCKET, POLL."""

    def forget_headers(self) -> None:
        """Let go of the headers, where all that asks for them has: a stream stays open for hours, and has a kilobyte
        of them.
        """
        self.headers.clear()
        self.scope["headers"].clear()


Handler = Callable[[Call], Awaitable[None]]
"""Answers one call. Raises nothing for a caller's mistake."""
