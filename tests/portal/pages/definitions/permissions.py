"""Who may open the pages of definitions and connections."""

from gateway.models import ApiDefinition, Connection, ConnectionKind, Quarantine
from tests import factories
from tests.portal.pages.permissions import INSIDE, MEMBERS, Row

PUBLISHERS = "200 403 403 200 200 403 302"
"""A page that every organization has its own of, for those who publish."""
THEIRS = "200 403 403 404 200 403 302"
"""A page of one organization's own thing, for those who publish."""
DONE = "302 403 403 404 302 403 302"
"""A step of theirs; who did not sign in is sent to do so."""
REFUSED = "422 403 403 404 422 403 302"
"""The same, with a form that is not filled in."""


def definition(estate):
    return {"definition": ApiDefinition.objects.get(organization=estate.actor.organization).public_id}


def message(estate):
    row = Quarantine.objects.filter(definition__organization=estate.actor.organization).first()
    if row is None:
        own = ApiDefinition.objects.get(organization=estate.actor.organization)
        row = factories.QuarantineFactory(definition=own)
    return {**definition(estate), "message": row.pk}


def connection(estate):
    """One of a kind that is not tested: nobody is waited for."""
    if not Connection.objects.filter(name="others").exists():
        factories.ConnectionFactory(name="others", kind=ConnectionKind.NATS)
    return {"connection": "others"}


ROWS = (
    Row("definitions", "GET", MEMBERS),
    Row("definition-new", "GET", PUBLISHERS),
    Row("definition-new", "POST", PUBLISHERS.replace("200", "422")),
    Row("definition-new-check", "POST", PUBLISHERS),
    Row("definition-new-dry-run", "POST", PUBLISHERS.replace("200", "422")),
    Row("definition", "GET", INSIDE, definition),
    Row("definition-instances", "GET", INSIDE, definition),
    Row("definition-document", "GET", INSIDE, definition),
    Row("definition-document", "POST", REFUSED, definition),
    Row("definition-check", "POST", THEIRS, definition),
    Row("definition-dry-run", "POST", REFUSED, definition),
    Row("definition-activate", "GET", THEIRS, definition),
    Row("definition-activate", "POST", DONE, definition),
    Row("definition-deactivate", "GET", THEIRS, definition),
    Row("definition-deactivate", "POST", DONE, definition),
    Row("definition-delete", "GET", THEIRS, definition),
    Row("definition-delete", "POST", REFUSED, definition),
    Row("definition-revisions", "GET", INSIDE, definition),
    Row("definition-compare", "GET", INSIDE, definition),
    Row("definition-roll-back", "GET", THEIRS, lambda estate: {**definition(estate), "number": 1}),
    Row("definition-roll-back", "POST", DONE, lambda estate: {**definition(estate), "number": 1}),
    Row("definition-quarantine", "GET", INSIDE, definition),
    Row("definition-quarantine-decisions", "POST", DONE, definition),
    Row("definition-quarantine-retry-all", "GET", THEIRS, definition),
    Row("definition-quarantine-retry-all", "POST", DONE, definition),
    Row("definition-quarantine-discard-all", "GET", THEIRS, definition),
    Row("definition-quarantine-discard-all", "POST", REFUSED, definition),
    Row("definition-quarantined", "GET", INSIDE, message),
    Row("definition-quarantined", "POST", DONE, message),
    Row("definition-quarantined-retry", "POST", DONE, message),
    Row("definition-quarantined-discard", "GET", THEIRS, message),
    Row("definition-quarantined-discard", "POST", DONE, message),
    Row("connections", "GET", PUBLISHERS),
    Row("connection", "GET", PUBLISHERS, connection),
    Row("connection-test", "GET", PUBLISHERS, connection),
    Row("connection-topic", "GET", PUBLISHERS, lambda estate: {**connection(estate), "topic": "orders"}),
)
