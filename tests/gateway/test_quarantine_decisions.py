"""What somebody may decide about a quarantined message."""

import itertools

import pytest

from gateway.models import Quarantine, QuarantineState
from gateway.quarantine_decisions import MOVES, discard_quarantined, retry_quarantined
from tests.changes import actor_in, changes, refused
from tests.factories import QuarantineFactory

pytestmark = pytest.mark.django_db

VERBS = {
    QuarantineState.RETRYING: ("quarantine.retry", retry_quarantined),
    QuarantineState.DISCARDED: ("quarantine.discard", discard_quarantined),
}
PAIRS = list(itertools.product(QuarantineState, VERBS))


@pytest.fixture
def message():
    return QuarantineFactory(content=b"what came in")


@pytest.fixture
def publisher(message):
    return actor_in(message.definition.organization)


def test_held_messages_are_decided_and_a_retry_may_be_given_up():
    assert {(str(before), str(to)) for before, to in PAIRS if to in MOVES[before]} == {
        ("held", "retrying"),
        ("held", "discarded"),
        ("retrying", "discarded"),
    }


@pytest.mark.parametrize(("before", "to"), [pair for pair in PAIRS if pair[1] in MOVES[pair[0]]])
def test_a_decision_is_made_audited_and_announced(publisher, message, before, to):
    Quarantine.objects.update(state=before)
    verb, decide = VERBS[to]
    with changes() as left:
        decided = decide(publisher, message)
    kept = Quarantine.objects.get()
    assert decided.state == kept.state == to
    assert (kept.decided_by, kept.decided_at is not None) == (publisher.user, True)
    assert bytes(kept.content) == b"what came in"
    [row] = left.audit
    assert (row.verb, row.changes) == (verb, {"state": [before, to]})
    assert left.counted == 1


@pytest.mark.parametrize(("before", "to"), [pair for pair in PAIRS if pair[1] not in MOVES[pair[0]]])
def test_what_was_decided_is_not_decided_again(publisher, message, before, to):
    Quarantine.objects.update(state=before)
    with refused("illegal_move"):
        VERBS[to][1](publisher, message)
    kept = Quarantine.objects.get()
    assert (kept.state, kept.decided_by) == (before, None)
