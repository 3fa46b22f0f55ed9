"""What somebody may decide about a quarantined message."""

import itertools

import pytest

from gateway.models import Quarantine, QuarantineState
from gateway.quarantine_decisions import MOVES, decide_many, discard_quarantined, retry_quarantined
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


def test_what_somebody_made_of_a_message_is_retried_beside_what_came_in(publisher, message):
    with changes() as left:
        retry_quarantined(publisher, message, b"mended")
    kept = Quarantine.objects.get()
    assert (bytes(kept.content), bytes(kept.edited)) == (b"what came in", b"mended")
    assert left.audit[0].changes == {"state": ["held", "retrying"], "bytes": [12, 6]}


def test_a_message_that_was_left_as_it_is_counts_as_not_edited(publisher, message):
    retry_quarantined(publisher, message, bytes(message.content))
    assert Quarantine.objects.get().edited is None


def test_many_are_decided_at_once_and_only_those_that_may_be(publisher, message):
    others = QuarantineFactory.create_batch(2, definition=message.definition)
    QuarantineFactory(definition=message.definition, state=QuarantineState.DISCARDED)
    stranger = QuarantineFactory()
    chosen = Quarantine.objects.exclude(pk=others[1].pk)
    with changes() as left:
        assert decide_many(publisher, message.definition, chosen, QuarantineState.RETRYING) == 2
        assert decide_many(publisher, message.definition, chosen, QuarantineState.RETRYING) == 0
    retrying = Quarantine.objects.filter(state=QuarantineState.RETRYING, decided_by=publisher.user)
    assert {row.pk for row in retrying} == {message.pk, others[0].pk}
    stranger.refresh_from_db()
    assert stranger.state == QuarantineState.HELD
    [row] = left.audit
    assert (row.verb, row.object_id, row.changes) == (
        "definition.retry_quarantine",
        message.definition.public_id,
        {"messages": [None, 2]},
    )
    assert left.counted == 1
