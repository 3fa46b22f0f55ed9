"""What a gateway is made of."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from gateway.admission import Admission
from gateway.call import Handler
from gateway.configuration import ConfigurationFollower
from gateway.metrics_access import MetricsAccess
from gateway.routes import ActiveApi, Purpose


class Part(Protocol):
    """Something that serves streams, from the start of the process to its end."""

    async def start(self) -> None:
        """Get ready."""

    def apply(self, apis: Sequence[ActiveApi]) -> None:
        """Serve exactly these; what is unchanged goes on undisturbed."""

    async def stop(self) -> None:
        """Finish what was begun."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What a gateway is made of. They live on one event loop."""

    serving: Sequence[Part]
    """In the order they are started."""
    handlers: Mapping[Purpose, Handler]
    sandbox: Handler
    """Serves whoever has examples, whatever they ask for."""
    admission: Admission
    follower: ConfigurationFollower
    metrics_access: MetricsAccess
    portal_origin: str
    """`https://portal.example.com`: its pages may call every API."""
    close: Callable[[], Awaitable[None]]
    """Called last: lets go of the database."""
