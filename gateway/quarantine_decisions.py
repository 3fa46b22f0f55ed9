"""What somebody decides about a message that a stream could not process."""

from typing import Final

from django.db import transaction
from django.utils import timezone

from gateway import audit
from gateway.actor import Actor
from gateway.announcements import announce
from gateway.errors import RefusedError
from gateway.models import Quarantine, QuarantineState

MOVES: Final[dict[QuarantineState, frozenset[QuarantineState]]] = {
    QuarantineState.HELD: frozenset({QuarantineState.RETRYING, QuarantineState.DISCARDED}),
    QuarantineState.RETRYING: frozenset({QuarantineState.DISCARDED}),
    QuarantineState.RETRIED: frozenset(),
    QuarantineState.DISCARDED: frozenset(),
}
"""What somebody may decide about a quarantined message; the stream itself moves it from retrying to retried."""


def retry_quarantined(actor: Actor, message: Quarantine) -> Quarantine:
    """Give a held message to its stream again. Raises RefusedError when it was decided already."""
    return _decide(actor, message, "quarantine.retry", QuarantineState.RETRYING)


def discard_quarantined(actor: Actor, message: Quarantine) -> Quarantine:
    """Drop a held message. Raises RefusedError when it was decided already."""
    return _decide(actor, message, "quarantine.discard", QuarantineState.DISCARDED)


@transaction.atomic
def _decide(actor: Actor, message: Quarantine, verb: str, to: QuarantineState) -> Quarantine:
    message = Quarantine.objects.select_for_update().get(pk=message.pk)
    before = QuarantineState(message.state)
    if to not in MOVES[before]:
        raise RefusedError(f"the message was {before} already", code="illegal_move")
    message.state, message.decided_by, message.decided_at = to, actor.user, timezone.now()
    message.save(update_fields=("state", "decided_by", "decided_at"))
    audit.record(actor, verb, message, {"state": [before, to]})
    announce()
    return message
