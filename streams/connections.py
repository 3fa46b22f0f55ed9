"""Which brokers and services the streams of an organization may use, and how they are reached."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Final

from streams.errors import UnknownConnectionError

RESERVED_TOPICS: Final = "sluice."
"""Topics of Kafka whose names begin so are Sluice's own, of all tenants: no definition reads or writes them."""
KAFKA: Final = "kafka"


@dataclass(frozen=True, slots=True)
class ConnectionSettings:
    """How to reach a broker."""

    addresses: tuple[str, ...]
    """`host:port`, one or more."""
    tls: bool = False
    sasl_mechanism: str = ""
    username: str = ""
    password: str = field(default="", repr=False)
    ca_certificate: str = field(default="", repr=False)
    """PEM of the authorities that vouch for the brokers under TLS; empty: those of the system."""
    allowed_topics: tuple[str, ...] = ()
    """Shell patterns of the topics (queues, subjects, streams, keys) that may be used; none: all."""
    name: str = ""
    """The name of the Connection; empty for addresses a publisher wrote."""
    kind: str = KAFKA
    """What is at the other end, such as `amqp`."""

    def allows(self, topic: str) -> bool:
        """Tell whether streams may use a topic."""
        if self.kind == KAFKA and topic.startswith(RESERVED_TOPICS):
            return False
        patterns = self.allowed_topics
        return not patterns or any(fnmatchcase(topic, pattern) for pattern in patterns)


@dataclass(frozen=True, slots=True)
class Connections:
    """The brokers that the operator defined for an organization."""

    known: tuple[ConnectionSettings, ...] = ()
    raw_addresses: bool = False
    """Addresses that no connection has may be used too."""

    def of_kind(self, kind: str) -> tuple[ConnectionSettings, ...]:
        """Return those to one kind of broker or service."""
        return tuple(connection for connection in self.known if connection.kind == kind)

    def resolve(self, addresses: Sequence[str]) -> ConnectionSettings:
        """Return the connection to Kafka that one entry names, or that has all of these addresses.

        addresses: as a definition writes them; an entry may hold several, separated by commas. Raises
        UnknownConnectionError.
        """
        wanted = [part.strip() for entry in addresses for part in entry.split(",") if part.strip()]
        if not wanted:
            raise UnknownConnectionError("no address is given")
        known = self.of_kind(KAFKA)
        for connection in known:
            if wanted == [connection.name] or set(wanted) <= set(connection.addresses):
                return connection
        if self.raw_addresses and all(":" in address for address in wanted):
            return ConnectionSettings(tuple(wanted))
        raise UnknownConnectionError(unknown_connection(", ".join(wanted), known))


def unknown_connection(wanted: str, known: Sequence[ConnectionSettings]) -> str:
    """Say that there is no such connection, and which there are."""
    names = ", ".join(sorted(connection.name for connection in known)) or "none is defined"
    return f"{wanted} is no connection you may use (there are: {names})"
