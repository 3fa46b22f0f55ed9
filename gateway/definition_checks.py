"""Whether a definition may be saved: what the engine finds in it, and what only the database knows."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from django.conf import settings

from gateway.connections import allowed_connections
from gateway.errors import Fault, InputError, RefusedError
from gateway.models import ApiDefinition, DefinitionState, Dialect, EventType, Lifecycle, Organization
from gateway.path_claims import clashes
from streams.config import Finding, Node, Text, parse
from streams.openapi import StreamingDocument, check_document, is_open
from streams.registry import Registry
from streams.spec import Rules, Severity

RESERVED_PATHS: Final = frozenset({"/healthz", "/metrics", "/api", "/admin", "/static"})
"""First segments of listen paths that belong to Sluice itself."""
_SERVER: Final = ("x-tyk-api-gateway", "server")
_LISTEN_PATH: Final = (*_SERVER, "listenPath", "value")
_AUTHENTICATION: Final = (*_SERVER, "authentication")


@dataclass(frozen=True, slots=True)
class DefinitionCheck:
    """A document and everything that is to be said of it."""

    document: StreamingDocument | None
    """None: it cannot be saved."""
    errors: tuple[Fault, ...]
    warnings: tuple[Fault, ...]


def check_definition(
    organization: Organization,
    text: str,
    dialect: Dialect,
    registry: Registry,
    definition: ApiDefinition | None = None,
) -> DefinitionCheck:
    """Check a document as `definition` of an organization; None: as a new one. Changes nothing.

    Raises RefusedError where the operator has switched streaming off.
    """
    if not settings.STREAMING_ENABLED:
        raise RefusedError(
            "streaming is switched off on this installation",
            code="streaming_disabled",
            remedy="its operator switches it on by SLUICE_STREAMING_ENABLED=true",
        )
    checked = check_document(text, registry, _rules(organization, dialect))
    findings = list(checked.findings)
    if checked.document is not None:
        findings += _taken_path(text, checked.document.listen_path, definition)
        findings += _open_faults(text, dialect, definition)
        findings += _clashing_paths(text, checked.document)
    errors = tuple(_fault(found) for found in findings if found.severity is Severity.ERROR)
    warnings = tuple(_fault(found) for found in findings if found.severity is Severity.WARNING)
    return DefinitionCheck(None if errors else checked.document, errors, warnings)


def require_good(check: DefinitionCheck) -> StreamingDocument:
    """Return the document of a check without errors. Raises InputError with all of them."""
    if check.document is None:
        raise InputError(*check.errors)
    return check.document


def _rules(organization: Organization, dialect: Dialect) -> Rules:
    offered = EventType.objects.filter(products__organization=organization).exclude(
        products__lifecycle=Lifecycle.RETIRED
    )
    return Rules(
        dialect=dialect.value,
        portal_url=settings.PORTAL_URL,
        event_types=frozenset(offered.values_list("name", flat=True)),
        connections=allowed_connections(organization),
        sqlite_directories=settings.SQLITE_DIRECTORIES,
        reserved_paths=RESERVED_PATHS,
    )


def _taken_path(text: str, listen_path: str, definition: ApiDefinition | None) -> list[Finding]:
    """An error where another active definition, of whatever organization, listens at the same path."""
    others = ApiDefinition.objects.filter(state=DefinitionState.ACTIVE, listen_path=listen_path)
    if definition is not None:
        others = others.exclude(pk=definition.pk)
    if not others.exists():
        return []
    message = f"another definition listens at {listen_path}"
    return [
        Text(text).finding(
            _place(text, _LISTEN_PATH), "listen_path_taken", message, "choose another listen path"
        )
    ]


def _open_faults(text: str, dialect: Dialect, definition: ApiDefinition | None) -> list[Finding]:
    """Errors where anybody could call what only some may, or what the operator lets nobody call without a key."""
    if not is_open(text, dialect):
        return []
    place, source = _place(text, _AUTHENTICATION), Text(text)
    remedy = f"set {'.'.join(_AUTHENTICATION)}.enabled to true"
    findings = []
    if not settings.OPEN_APIS:
        message = (
            "anybody could call this without a key, which the operator of this installation does not permit"
        )
        findings.append(source.finding(place, "open_refused", message, remedy))
    sold = definition.products.filter(plans__isnull=False).first() if definition is not None else None
    if sold is not None:
        message = f"the product {sold} sells this under plans, and anybody could call it without a key"
        findings.append(source.finding(place, "open_in_product", message, remedy))
    return findings


def _clashing_paths(text: str, document: StreamingDocument) -> list[Finding]:
    """An error where two streams were given the same path; a warning where both left it as it is by default."""
    found = []
    for clash in clashes(document.streams.values()):
        place = _place(text, ("x-tyk-streaming", "streams", clash.second))
        message = f"{clash.path} is the path of {clash.first!r} too, which alone would be called there"
        finding = Text(text).finding(place, "path_clash", message, "give each stream paths of its own")
        found.append(finding if clash.is_written else replace(finding, severity=Severity.WARNING))
    return found


def _place(text: str, path: Sequence[str]) -> Node:
    """The node at a path of a document that was read before, or the nearest above that is written."""
    root, _ = parse(text)
    place = root or Node({}, "", 0)
    for key in path:
        found = place.get(key)
        if found is None:
            break
        place = found
    return place


def _fault(found: Finding) -> Fault:
    return Fault(found.message, found.pointer, found.code, found.remedy, found.line, found.column)
