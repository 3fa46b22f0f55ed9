"""Who calls the gateway, and within which limits."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from ipaddress import IPv6Address, ip_address, ip_network


@dataclass(frozen=True, slots=True)
class Limits:
    """What a plan allows; None is without limit."""

    requests_per_second: int | None = None
    messages_per_second: int | None = None
    quota: int | None = None
    """Requests and messages a period."""
    quota_period: str = "month"
    """`day` or `month`, in UTC."""
    max_clients: int | None = None
    """Open streams at a time."""
    client_age_seconds: int | None = None
    replay_window_seconds: int | None = None
    """How far back a position may lie."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody who was let in: an app by its subscription, or anybody where an API is open."""

    address: str
    """The peer's IP address."""
    limits: Limits
    app_id: int | None = None
    """None: an open API, limited by address."""
    app_organization_id: int | None = None
    credential_id: int | None = None
    subscription_id: int | None = None
    product_id: int | None = None
    plan_id: int | None = None
    attributes: Mapping[str, object] = field(default_factory=dict)
    """Of the subscription; what `$tyk_meta` gives."""
    expires_at: datetime | None = None
    """The earlier end of credential and subscription."""
    examples: tuple[bytes, ...] | None = None
    """What is read in the place of messages while the subscription waits for its publisher; None: it is approved."""

    @property
    def budget_key(self) -> str:
        """Whose limits are used up: `subscription/7`, or `address/192.0.2.1`; of IPv6 the /64.

        What is used in the sandbox counts for nothing but itself: `sandbox/7`.
        """
        if self.examples is not None:
            return f"sandbox/{self.subscription_id}"
        return (
            f"address/{_network(self.address)}"
            if self.subscription_id is None
            else f"subscription/{self.subscription_id}"
        )


@lru_cache(10_000)
def _network(address: str) -> str:
    """What one customer commonly has: an IPv4 address, or the /64 of an IPv6 address."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, IPv6Address):
        return str(parsed.ipv4_mapped or ip_network((parsed, 64), strict=False))
    return str(parsed)
