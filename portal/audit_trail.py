"""What the audit says of one thing or of a whole organization, as people read it."""

import datetime as dt
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from django.db.models import Model, QuerySet

from gateway.actor import Actor
from gateway.models import Audit, Membership

ON_A_PAGE: Final = 10
"""The last changes of a thing that stand on its page."""
_LONGEST: Final = 80
_NOTHING: Final[tuple[object, ...]] = (None, "", [], {})
_TONES: Final = {
    "approve": "good",
    "activate": "good",
    "publish": "good",
    "accept": "good",
    "delete": "bad",
    "disable": "bad",
    "reject": "bad",
    "suspend": "bad",
    "revoke": "warn",
    "remove": "warn",
    "cancel": "warn",
    "deactivate": "warn",
}


@dataclass(frozen=True, slots=True)
class TrailEntry:
    """One change, for components/timeline.html."""

    title: str
    """Such as `Change plan Gold`."""
    at: dt.datetime
    text: str
    """Who did it, and by which management key."""
    lines: tuple[str, ...]
    """What is different, a field each."""
    tone: str


def trail_of(actor: Actor, subject: Model) -> list[TrailEntry]:
    """Return the last changes of one thing of the actor's organization, newest first; two queries."""
    identity = str(getattr(subject, "public_id", None) or subject.pk)
    kind = _kind(subject)
    own = Audit.objects.filter(organization=actor.organization, object_type=kind, object_id=identity)
    return list(trail(actor, own.select_related("actor", "management_key").order_by("-pk")[:ON_A_PAGE]))


def audit_of(actor: Actor) -> "QuerySet[Audit]":
    """Return everything that was done in the actor's organization."""
    return Audit.objects.filter(organization=actor.organization).select_related("actor", "management_key")


def trail(actor: Actor, rows: Iterable[Audit]) -> Iterator[TrailEntry]:
    """Return audit rows as people of the actor's organization read them."""
    colleagues = set(
        Membership.objects.filter(organization=actor.organization).values_list("user", flat=True)
    )
    for row in rows:
        noun, _, verb = row.verb.partition(".")
        yield TrailEntry(
            title=f"{_words(verb).capitalize()} {_words(noun)} {row.object_name}".strip(),
            at=row.at,
            text=_who(row, colleagues),
            lines=tuple(_lines(row.changes)),
            tone=_TONES.get(verb, ""),
        )


def _kind(subject: Model) -> str:
    """The noun before the dot of a verb, as domain calls write it."""
    names = {"apidefinition": "definition", "membership": "member"}
    name = type(subject).__name__
    snake = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name).lstrip("_")
    return names.get(name.lower(), snake)


def _who(row: Audit, colleagues: set[int]) -> str:
    """People of other organizations, such as an app's publisher or an operator, are not named."""
    if row.actor is None:
        return "by Sluice"
    if row.actor.pk not in colleagues:
        return "by somebody outside your organization"
    key = f", with the management key {row.management_key.prefix}…" if row.management_key else ""
    return f"by {row.actor.name or row.actor.email}{key}"


def _lines(changes: dict[str, Any]) -> Iterator[str]:
    for field, values in changes.items():
        before, after = values if isinstance(values, list) and len(values) == 2 else (None, values)
        name = _words(field).capitalize()
        if before not in _NOTHING:
            yield f"{name}: was {_shown(before)}, is {_shown(after)}"
        elif after not in _NOTHING:
            yield f"{name}: {_shown(after)}"


def _shown(value: Any) -> str:
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        value = ", ".join(value)
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    text = text or "empty"
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def _words(name: str) -> str:
    return name.replace("_", " ")
