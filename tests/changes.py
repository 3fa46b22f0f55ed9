"""What a domain call leaves behind: its audit rows, and the revision counter counted up."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest

from gateway.actor import Actor
from gateway.errors import RefusedError
from gateway.models import Audit, Organization, RevisionCounter, Role
from tests.factories import MembershipFactory


@dataclass
class Changes:
    """Filled in when the block ends."""

    audit: list[Audit] = field(default_factory=list)
    counted: int = 0

    @property
    def verbs(self) -> list[str]:
        return [row.verb for row in self.audit]


@contextmanager
def changes() -> Iterator[Changes]:
    """Collect what is written down while the block runs."""
    before, seen = _counter(), set(Audit.objects.values_list("pk", flat=True))
    found = Changes()
    yield found
    found.audit = list(Audit.objects.exclude(pk__in=seen).order_by("pk"))
    found.counted = _counter() - before


@contextmanager
def refused(code: str) -> Iterator[None]:
    """The block is refused with this code, and neither audit nor counter say that anything changed."""
    with changes() as left, pytest.raises(RefusedError) as error:
        yield
    assert error.value.code == code
    assert (left.audit, left.counted) == ([], 0)


def actor_in(organization: Organization, role: Role = Role.OWNER) -> Actor:
    """Somebody who acts in an organization in person."""
    membership = MembershipFactory(organization=organization, role=role)
    return Actor(membership.user, organization, role)


def texts(audit: list[Audit]) -> str:
    """All that audit rows say, for looking for what they must not say."""
    return " ".join(f"{row.verb} {row.object_name} {row.object_id} {row.changes}" for row in audit)


def _counter() -> int:
    return RevisionCounter.objects.get(pk=1).value
