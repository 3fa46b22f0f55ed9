"""What is produced: events with a number of their own, made of GitHub's real payloads or of filling.

Every body is a JSON object with the event's name under `event`, its action (if it has one) under `action`,
and its number under `_n`, by which a receiver tells which event it holds.
"""

import gzip
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import orjson

PAYLOADS = "github_webhooks.jsonl.gz"
NUMBER_KEY = b'"_n":'
_PLACE_OF_NUMBER = b'"_n":"here"'

MAPPING = """\
meta event_type = if this.exists("action") && this.action.type() == "string" {
  this.event + "." + this.action
} else {
  this.event
}
"""
"""The mapping under test: an event's type is its name and, where there is one, its action."""


@dataclass(frozen=True, slots=True)
class Event:
    """One event to produce."""

    number: int
    event_type: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Template:
    """A payload to be numbered."""

    event_type: str
    before: bytes  # the body up to where the number goes
    after: bytes  # and from there on

    def event(self, number: int) -> Event:
        """The event with this payload and number."""
        return Event(number, self.event_type, b"%b%d%b" % (self.before, number, self.after))


def digest(body: bytes) -> int:
    """The first eight bytes of a body's SHA-256, for comparing what was received with what was produced."""
    return int.from_bytes(sha256(body).digest()[:8], "big")


def github_templates(shared: Path) -> list[Template]:
    """The 329 real payloads of `SLUICE_SHARED`/data."""
    with gzip.open(shared / "data" / PAYLOADS) as lines:
        rows = [orjson.loads(line) for line in lines]
    return [template(row["event"], row["action"], row["payload"]) for row in rows]


def synthetic_templates(event_types: int, size: int = 1024) -> list[Template]:
    """One payload of about `size` bytes for each of so many event types, `order.0` and on."""
    filling = {"customer": "c" * 32, "text": "x" * (size - 120)}
    return [template("order", str(kind), {"action": str(kind), **filling}) for kind in range(event_types)]


def template(event: str, action: str | None, payload: dict[str, object]) -> Template:
    """A payload with its event's name added, ready to be numbered."""
    numbered = {**payload, "event": event, "_n": "here"}
    before, after = orjson.dumps(numbered, option=orjson.OPT_SORT_KEYS).split(_PLACE_OF_NUMBER)
    return Template(event if action is None else f"{event}.{action}", before + NUMBER_KEY, after)


def events(templates: Sequence[Template], count: int, first: int = 0) -> Iterator[Event]:
    """`count` events numbered from `first`, of each template in turn."""
    turn = itertools.islice(itertools.cycle(templates), first % len(templates), None)
    return (payload.event(number) for number, payload in zip(range(first, first + count), turn, strict=False))
