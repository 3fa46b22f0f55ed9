"""What is correlated, and what comes of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any


@dataclass(frozen=True, slots=True)
class Event:
    """One event of one key."""

    time: int
    """When it happened, in Unix milliseconds."""
    identity: str
    """The same whenever the same event comes again."""
    roles: tuple[int, ...]
    """What it may be: the steps of a pattern whose conditions it meets, or the side of a join it came from."""
    document: Any
    """Its payload as a JSON value."""

    @property
    def order(self) -> tuple[int, str]:
        """Events of one moment have an order too, the same however they arrive."""
        return self.time, self.identity


@dataclass(frozen=True, slots=True)
class Match:
    """What was found."""

    identity: str
    """The same whenever the same events make it."""
    time: int
    """When it was complete, in Unix milliseconds."""
    document: Any
    """What is said of it."""


def match_identity(kind: str, identities: Iterable[str]) -> str:
    """The identity of a match by those of its events."""
    digest = blake2b(kind.encode(), digest_size=16)
    for identity in identities:
        digest.update(b"/" + identity.encode())
    return digest.hexdigest()


def encode_event(event: Event) -> list[Any]:
    """An event as a JSON value."""
    return [event.time, event.identity, list(event.roles), event.document]


def decode_event(value: list[Any]) -> Event:
    """The event of a JSON value."""
    time, identity, roles, document = value
    return Event(time, identity, tuple(roles), document)
