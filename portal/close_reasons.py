"""Why streams of an app ended, counted, each with what to do about it. Pure."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from gateway.client import CloseReason
from gateway.traffic import TrafficStep

_PREFIX: Final = "closed."
_REMEDIES: Final = {
    CloseReason.LEFT: "Your program closed it, or its connection broke.",
    CloseReason.SHUTDOWN: "A gateway was restarted: come back at once.",
    CloseReason.REVOKED: "Its key was revoked: use one that works.",
    CloseReason.EXPIRED: "Its key or the subscription expired: use one that lasts.",
    CloseReason.UNSUBSCRIBED: "The subscription was cancelled or suspended.",
    CloseReason.DECIDED: "It read examples, and the publisher has decided: come back.",
    CloseReason.LIMITED: "The plan allows fewer open streams, or its quota is used up.",
    CloseReason.AGED: "The plan bounds how long a stream lasts: come back by your cursor.",
    CloseReason.CHANGED: "The publisher changed the definition or an attribute that it reads: come back at once.",
    CloseReason.DEACTIVATED: "The publisher took the definition out of use.",
    CloseReason.GAP: "Messages were gone before your program came to them: read by cursors, which say so and go on.",
    CloseReason.SLOW: "Your program read too slowly: what it missed is behind its cursor.",
    CloseReason.STALE: "The gateway did not reach its database: come back in a while.",
    CloseReason.FAILED: "The stream failed; its publisher sees the error. Come back.",
}


@dataclass(frozen=True, slots=True)
class CountedReason:
    """How often streams ended for one reason."""

    reason: str
    """As clients are told it."""
    count: int
    remedy: str


def close_reasons(steps: Iterable[TrafficStep]) -> list[CountedReason]:
    """Return why streams ended, the most frequent reason first."""
    counts: Counter[str] = Counter()
    for step in steps:
        counts.update({name: value for name, value in step.counts.items() if name.startswith(_PREFIX)})
    known = {reason.value: text for reason, text in _REMEDIES.items()}
    named = [(name.removeprefix(_PREFIX), count) for name, count in counts.most_common()]
    return [CountedReason(name, count, known.get(name, "")) for name, count in named]
