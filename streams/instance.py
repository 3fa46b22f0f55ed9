"""How a stream stands in a process."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum


class InstanceState(Enum):
    """How it is with it."""

    STARTING = "starting"  # connecting
    RUNNING = "running"  # reads and writes
    UNHEALTHY = "unhealthy"  # failing, tried again with backoff
    WAITING = "waiting"  # another process holds its lease
    STOPPING = "stopping"  # finishing what it has


@dataclass(frozen=True, slots=True)
class InstanceReport:
    """What a process says of one stream it runs."""

    definition_id: int
    stream: str
    revision: int
    state: InstanceState
    since: datetime
    """When this process began to run it."""
    partitions: dict[str, list[int]] = field(default_factory=dict)
    """Topic to partition numbers."""
    lag: int | None = None
    """Records behind the end of the topics; None: unknown."""
    received: int = 0
    sent: int = 0
    errors: int = 0
    last_error: str = ""
    last_error_at: datetime | None = None
