"""Which brokers the streams of an organization may use, and how they are reached."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Final

from streams.errors import UnknownConnectionError

RESERVED_TOPICS: Final = "sluice."
"""Topics whose names begin so are Sluice's own, of all tenants: no definition reads or writes them."""


@dataclass(frozen=True, slots=True)
class ConnectionSettings:
    """How to reach a broker."""

    addresses: tuple[str, ...]
    """`host:port`, one or more."""
    tls: bool = False
    sasl_mechanism: str = ""
    username: str = ""
    password: str = field(default="", repr=False)
    allowed_topics: tuple[str, ...] = ()
    """Shell patterns of the topics that may be used; none: all."""
    name: str = ""
    """The name of the Connection; empty for addresses a publisher wrote."""

    def allows(self, topic: str) -> bool:
        """Tell whether streams may use a topic."""
        if topic.startswith(RESERVED_TOPICS):
            return False
        patterns = self.allowed_topics
        return not patterns or any(fnmatchcase(topic, pattern) for pattern in patterns)


@dataclass(frozen=True, slots=True)
class Connections:
    """The brokers that the operator defined for an organization."""

    known: tuple[ConnectionSettings, ...] = ()
    raw_addresses: bool = False
    """Addresses that no connection has may be used too, without TLS or credentials."""

    def resolve(self, addresses: Sequence[str]) -> ConnectionSettings:
        """Return the connection that one entry names, or that has all of these addresses.

        addresses: as a definition writes them; an entry may hold several, separated by commas. Raises
        UnknownConnectionError.
        """
        wanted = [part.strip() for entry in addresses for part in entry.split(",") if part.strip()]
        if not wanted:
            raise UnknownConnectionError("no address is given")
        for connection in self.known:
            if wanted == [connection.name] or set(wanted) <= set(connection.addresses):
                return connection
        if self.raw_addresses and all(":" in address for address in wanted):
            return ConnectionSettings(tuple(wanted))
        names = ", ".join(sorted(connection.name for connection in self.known)) or "none is defined"
        raise UnknownConnectionError(f"{', '.join(wanted)} is no connection you may use (there are: {names})")
