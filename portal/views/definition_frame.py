"""What every page of a definition shows above its own content."""

from typing import Any, Final

from django.urls import reverse

from gateway.actor import Actor
from gateway.models import ApiDefinition, DefinitionState, QuarantineState
from gateway.openness import is_open_definition
from portal import access
from portal.navigation import Entry

MOST_COUNTED: Final = 1_000
"""Messages in quarantine that are counted for a page; there may be millions."""
_TABS: Final = (
    ("definition", "Overview"),
    ("definition-document", "Document"),
    ("definition-revisions", "Revisions"),
    ("definition-quarantine", "Quarantine"),
)


def definition_frame(actor: Actor, definition: ApiDefinition) -> dict[str, Any]:
    """Return the context of templates/definitions/frame.html; one query."""
    held = counted(definition.quarantine.filter(state=QuarantineState.HELD)[: MOST_COUNTED + 1].count())
    return {
        "definition": definition,
        "tabs": [
            Entry(_with_count(text, held), reverse(name, args=[definition.public_id])) for name, text in _TABS
        ],
        "held": held,
        "is_active": definition.state == DefinitionState.ACTIVE,
        "is_open": is_open_definition(definition),
        "differs": has_unpublished_changes(definition),
        "may_change": access.allows(actor, access.DEFINITIONS),
    }


def has_unpublished_changes(definition: ApiDefinition) -> bool:
    """Tell whether a definition that runs was saved since with another document."""
    revision = definition.active_revision
    return revision is not None and revision.document != definition.document


def counted(found: int, most: int = MOST_COUNTED) -> str:
    """Return a number of things of which at most `most` and one were counted; of none, nothing."""
    return f"{most:,}+" if found > most else f"{found:,}" if found else ""


def _with_count(text: str, held: str) -> str:
    return f"{text} ({held})" if text == "Quarantine" and held else text
