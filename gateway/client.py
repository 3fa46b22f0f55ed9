"""One open stream of a caller, and why it ends."""

import asyncio
from dataclasses import dataclass, field
from enum import Enum

from gateway.caller import Caller
from gateway.routes import Route


class CloseReason(Enum):
    """Why a client's stream ended; the value is told to the client and counted."""

    LEFT = "client_left"
    SHUTDOWN = "shutdown"
    REVOKED = "credential_revoked"
    EXPIRED = "expired"
    UNSUBSCRIBED = "subscription_ended"
    """Cancelled or suspended."""
    DECIDED = "subscription_decided"
    """It read examples while its subscription waited, and that waits no more."""
    LIMITED = "plan_limit"
    """Beyond what the plan allows: more streams than a changed one has, or its quota is used up."""
    AGED = "client_age"
    CHANGED = "definition_changed"
    DEACTIVATED = "definition_deactivated"
    SLOW = "slow_client"
    GAP = "messages_missing"
    """It has no place for the notice that messages are gone: lines, or a WebSocket without cursors."""
    STALE = "configuration_stale"
    """PostgreSQL was away for too long."""
    FAILED = "stream_failed"

    @property
    def websocket_code(self) -> int:
        """RFC 6455 section 7.4: 1001 going away, 1008 policy, 1011 failure, 1012 restart, 1013 try again later."""
        return _CODES[self]


_CODES = {
    CloseReason.LEFT: 1000,
    CloseReason.SHUTDOWN: 1012,
    CloseReason.REVOKED: 1008,
    CloseReason.EXPIRED: 1008,
    CloseReason.UNSUBSCRIBED: 1008,
    CloseReason.DECIDED: 1012,
    CloseReason.LIMITED: 1008,
    CloseReason.AGED: 1001,
    CloseReason.CHANGED: 1012,
    CloseReason.DEACTIVATED: 1001,
    CloseReason.SLOW: 1013,
    CloseReason.GAP: 1013,
    CloseReason.STALE: 1013,
    CloseReason.FAILED: 1011,
}


@dataclass(eq=False, slots=True)
class Client:
    """An open stream: SSE, lines, a WebSocket in or out, a waiting GET."""

    route: Route
    caller: Caller
    number: int
    """The order of opening in this process; what is beyond a limit goes newest first."""
    opened_at: float
    """On the event loop's clock."""
    ending: asyncio.Future[CloseReason] = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )
    """Done when the stream is to be closed, and why. Whoever serves the stream watches it."""

    def end(self, reason: CloseReason) -> None:
        """Ask whoever serves it to close it."""
        if not self.ending.done():
            self.ending.set_result(reason)
