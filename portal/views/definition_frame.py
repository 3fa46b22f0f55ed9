"""What every page of a definition shows above its own content."""

from dataclasses import dataclass
from typing import Any, Final

from django.urls import reverse

from gateway.actor import Actor
from gateway.models import ApiDefinition, DefinitionState, QuarantineState
from gateway.openness import is_open_definition
from portal import access

_TABS: Final = (
    ("definition", "Overview"),
    ("definition-document", "Document"),
    ("definition-revisions", "Revisions"),
    ("definition-quarantine", "Quarantine"),
)


@dataclass(frozen=True, slots=True)
class Tab:
    """One page of a definition, for components/page_tabs.html."""

    text: str
    url: str


def definition_frame(actor: Actor, definition: ApiDefinition) -> dict[str, Any]:
    """Return the context of templates/definitions/frame.html; one query."""
    held = definition.quarantine.filter(state=QuarantineState.HELD).count()
    return {
        "definition": definition,
        "tabs": [
            Tab(_with_count(text, held), reverse(name, args=[definition.public_id])) for name, text in _TABS
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


def _with_count(text: str, held: int) -> str:
    return f"{text} ({held:,})" if text == "Quarantine" and held else text
