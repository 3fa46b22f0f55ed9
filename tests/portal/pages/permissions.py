"""Who may open which page: rows of the table, which each area keeps in its `permissions.py`."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.portal.pages.conftest import Estate

READERS = ("owner", "member", "viewer", "other", "publisher", "administrator", "anonymous")
"""Owner, developer, viewer and publisher of the estate's organization; the owner of another one; staff of the
installation without an organization; nobody."""

Values = Callable[[Estate], dict[str, Any]]


def none(estate: Estate) -> dict[str, Any]:
    """No arguments, or an empty form."""
    return {}


@dataclass(frozen=True)
class Row:
    """One URL under one method: the status that each of READERS is answered, such as "200 200 200 404 200 403 302".

    An action that is permitted answers 302, or 422 where `data` does not fill its form; both prove the permission.
    """

    name: str
    """Of the URL."""
    method: str
    statuses: str
    arguments: Values = field(default=none)
    """Of the URL."""
    data: Values = field(default=none)
    """Of the form, or the query."""

    def expected(self) -> dict[str, int]:
        """The status of each reader."""
        return dict(zip(READERS, map(int, self.statuses.split()), strict=True))


OPEN = "200 200 200 200 200 200 200"
"""Anybody."""
MEMBERS = "200 200 200 200 200 403 302"
"""A page that every organization has its own of."""
INSIDE = "200 200 200 404 200 403 302"
"""A page of one organization's own thing."""
