"""Where the rail leads: what a developer does, what a publisher does, what the organization is."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from django.urls import NoReverseMatch, reverse

from gateway.actor import Actor
from gateway.models import Role


@dataclass(frozen=True, slots=True)
class Entry:
    """One link, of the rail or of a page's tabs."""

    text: str
    url: str
    is_current: bool = False


@dataclass(frozen=True, slots=True)
class Section:
    """Some of them under one title."""

    title: str
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class _Offer:
    """A section, by the names of its URLs."""

    title: str
    roles: frozenset[Role]
    """Who finds it in the rail."""
    names: tuple[tuple[str, str], ...]
    """Name of the URL, text."""


_PUBLISHERS: Final = frozenset({Role.OWNER, Role.ADMIN, Role.PUBLISHER})
_OFFERED: Final = (("event-types", "Event types"), ("products", "Products"), ("approvals", "Approvals"))
_OFFERS: Final = (
    _Offer(
        "Consume",
        frozenset(Role),
        (
            ("catalogue", "Catalogue"),
            ("apps", "My apps"),
            ("subscriptions", "Subscriptions"),
            ("deliveries", "Deliveries"),
            ("console", "Console"),
        ),
    ),
    _Offer(
        "Publish",
        _PUBLISHERS,
        (("definitions", "Definitions"), ("connections", "Connections"), *_OFFERED),
    ),
    _Offer("Publish", frozenset({Role.VIEWER}), (("definitions", "Definitions"), *_OFFERED)),
    _Offer("Organization", frozenset(Role), (("organization", "Members"), ("profile", "Profile"))),
    _Offer(
        "", frozenset({Role.OWNER, Role.ADMIN}), (("management-keys", "Management keys"), ("audit", "Audit"))
    ),
)
_ANYBODY: Final = (("catalogue", "Catalogue"),)
_BELOW: Final = {"catalogue": "/products", "apps": "/endpoints"}
"""Where pages of an entry have addresses that do not begin with its own."""


def navigation(actor: Actor | None, path: str) -> list[Section]:
    """Return the rail's sections for a reader (None: nobody) who is at `path`."""
    if actor is None:
        return [Section("", _marked(_ANYBODY, path))]
    mine = (offer for offer in _OFFERS if actor.role in offer.roles)
    sections = [Section(offer.title, _marked(offer.names, path)) for offer in mine]
    return [section for section in sections if section.entries]


def _marked(names: Iterable[tuple[str, str]], path: str) -> tuple[Entry, ...]:
    return tuple(
        Entry(text, url, is_current=_leads_to(url, path) or _leads_to(_BELOW.get(name, url), path))
        for name, text, url in _links(names)
    )


def _links(names: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str, str]]:
    for name, text in names:
        try:
            yield name, text, reverse(name)
        except NoReverseMatch:
            continue


def _leads_to(url: str, path: str) -> bool:
    """Whether a page belongs to an entry: it is the entry's own, or lies below it."""
    return path == url or (url != "/" and path.startswith(f"{url}/"))
