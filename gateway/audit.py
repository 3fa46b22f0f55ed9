"""Who changed what: one row beside each change, in its transaction."""

from collections.abc import Mapping
from typing import Any

from django.db.models import Model

from gateway.actor import Actor
from gateway.models import Audit, Organization, User

Changes = Mapping[str, list[Any]]
"""Field to [before, after], as JSON has them; never a secret."""


def record(
    actor: Actor,
    verb: str,
    subject: Model,
    changes: Changes | None = None,
    *,
    organization: Organization | None = None,
) -> Audit:
    """Write down that `actor` did `verb` (such as `app.create`) to `subject`; call it inside the transaction.

    organization: whose audit shows it, where that is not the actor's own.
    """
    whose = organization or actor.organization
    return _write(
        verb, subject, changes, organization=whose, actor=actor.user, management_key=actor.management_key
    )


def record_by_user(
    user: User, organization: Organization | None, verb: str, subject: Model, changes: Changes | None = None
) -> Audit:
    """Write down what somebody did who acts for no organization: an operator, or a person with their own account."""
    return _write(verb, subject, changes, organization=organization, actor=user)


def _write(verb: str, subject: Model, changes: Changes | None, **who: Any) -> Audit:
    return Audit.objects.create(
        **who,
        verb=verb,
        object_type=verb.partition(".")[0],
        object_id=str(getattr(subject, "public_id", None) or subject.pk),
        object_name=str(subject)[:255],
        changes=dict(changes or {}),
    )
