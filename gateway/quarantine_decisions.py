"""What somebody decides about a message that a stream could not process."""

from typing import Any, Final

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from gateway import audit
from gateway.actor import Actor
from gateway.announcements import announce
from gateway.errors import RefusedError
from gateway.models import ApiDefinition, Quarantine, QuarantineState

MOVES: Final[dict[QuarantineState, frozenset[QuarantineState]]] = {
    QuarantineState.HELD: frozenset({QuarantineState.RETRYING, QuarantineState.DISCARDED}),
    QuarantineState.RETRYING: frozenset({QuarantineState.DISCARDED}),
    QuarantineState.RETRIED: frozenset(),
    QuarantineState.DISCARDED: frozenset(),
}
"""What somebody may decide about a quarantined message; the stream itself moves it from retrying to retried."""
_OF_MANY: Final = {
    QuarantineState.RETRYING: "definition.retry_quarantine",
    QuarantineState.DISCARDED: "definition.discard_quarantine",
}


def retry_quarantined(actor: Actor, message: Quarantine, edited: bytes | None = None) -> Quarantine:
    """Give a held message to its stream again. Raises RefusedError when it was decided already.

    edited: what the stream gets in its place; what came in is kept beside it.
    """
    return _decide(actor, message, "quarantine.retry", QuarantineState.RETRYING, edited)


def discard_quarantined(actor: Actor, message: Quarantine) -> Quarantine:
    """Drop a held message. Raises RefusedError when it was decided already."""
    return _decide(actor, message, "quarantine.discard", QuarantineState.DISCARDED)


@transaction.atomic
def decide_many(
    actor: Actor, definition: ApiDefinition, chosen: "QuerySet[Quarantine]", to: QuarantineState
) -> int:
    """Retry or discard those of a definition's chosen messages that may be; returns how many.

    One audit row says so of all, on the definition; each message names who decided it.
    """
    before = [state for state, moves in MOVES.items() if to in moves]
    decided = chosen.filter(definition=definition, state__in=before).update(
        state=to, decided_by=actor.user, decided_at=timezone.now()
    )
    if decided:
        audit.record(actor, _OF_MANY[to], definition, {"messages": [None, decided]})
        announce()
    return decided


@transaction.atomic
def _decide(
    actor: Actor, message: Quarantine, verb: str, to: QuarantineState, edited: bytes | None = None
) -> Quarantine:
    message = Quarantine.objects.select_for_update().get(pk=message.pk)
    before = QuarantineState(message.state)
    if to not in MOVES[before]:
        raise RefusedError(f"the message was {before} already", code="illegal_move")
    message.state, message.decided_by, message.decided_at = to, actor.user, timezone.now()
    changes: dict[str, list[Any]] = {"state": [before, to]}
    if edited is not None and edited != bytes(message.content):
        message.edited = edited
        changes["bytes"] = [len(message.content), len(edited)]
    message.save(update_fields=("state", "edited", "decided_by", "decided_at"))
    audit.record(actor, verb, message, changes)
    announce()
    return message
