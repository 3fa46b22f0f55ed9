"""What the editor of a definition shows beside a text: findings, and what it can be tried on."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gateway.actor import Actor
from gateway.connections import usable_connections
from gateway.definition_checks import check_definition
from gateway.errors import Fault, RefusedError
from gateway.models import ApiDefinition, ConnectionKind, Dialect
from portal.components import definition_registry
from portal.forms.dry_run import DryRunForm
from portal.shown_findings import ShownFindings, shown_check, shown_findings
from streams.dry_run.topics import topic_readings


@dataclass(frozen=True, slots=True)
class CheckedText:
    """A text and what is in it."""

    findings: ShownFindings
    streams: tuple[str, ...] = ()
    """Names of its streams, where it has more than one and no error."""
    topics: tuple[str, ...] = ()
    """That they read."""


def checked_text(actor: Actor, text: str, definition: ApiDefinition | None) -> CheckedText:
    """What is to be said of a document as it stands; of an empty one, nothing yet."""
    if not text.strip():
        return CheckedText(ShownFindings(is_checked=False))
    dialect = dialect_of(definition)
    try:
        check = check_definition(actor.organization, text, dialect, definition_registry(), definition)
    except RefusedError as error:
        return CheckedText(shown_findings("", [Fault(str(error), code=error.code, remedy=error.remedy)]))
    streams = {} if check.document is None else check.document.streams
    topics = dict.fromkeys(one.topic for stream in streams.values() for one in topic_readings(stream))
    return CheckedText(shown_check(text, check), tuple(streams) if len(streams) > 1 else (), tuple(topics))


def dialect_of(definition: ApiDefinition | None) -> Dialect:
    """The dialect of a definition; None: of a new one."""
    return Dialect.SLUICE if definition is None else Dialect(definition.dialect)


def dry_run_form(actor: Actor, checked: CheckedText, data: Mapping[str, Any] | None = None) -> DryRunForm:
    """The form that tries a text; data: as it was sent."""
    brokers = usable_connections(actor.organization).filter(kind=ConnectionKind.KAFKA).order_by("name")
    return DryRunForm(
        data,
        streams=checked.streams,
        connections=brokers.values_list("name", flat=True),
        topics=checked.topics,
    )


def editor_frame(actor: Actor, checked: CheckedText) -> dict[str, Any]:
    """Return the context of templates/definitions/editor.html beside its form; two queries."""
    return {"findings": checked.findings, "trying": dry_run_form(actor, checked)}
