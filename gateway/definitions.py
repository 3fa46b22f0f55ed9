"""Definitions: saved as a whole or not at all; every activation is a revision that can be rolled back to."""

import hashlib
import json
import uuid
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import Max

from gateway import audit
from gateway.actor import Actor
from gateway.announcements import announce
from gateway.definition_checks import check_definition, require_good
from gateway.errors import Fault, InputError, RefusedError
from gateway.models import ApiDefinition, DefinitionState, Dialect, Lifecycle, Revision
from gateway.records import save_checked
from gateway.routes import served_purposes
from streams.config import parse
from streams.message import JsonValue
from streams.openapi import StreamingDocument
from streams.registry import Registry


@dataclass(frozen=True, slots=True)
class SavedDefinition:
    """A definition as it was saved, and what its author should know of it."""

    definition: ApiDefinition
    warnings: tuple[Fault, ...] = ()


@transaction.atomic
def create_definition(
    actor: Actor, text: str, dialect: Dialect, registry: Registry, *, activate: bool | None = None
) -> SavedDefinition:
    """Save a new definition and, if `activate`, run it.

    text: an OpenAPI document, JSON or YAML. activate: None is as the document says
    (`x-tyk-api-gateway.info.state.active`). Raises InputError with every finding, RefusedError.
    """
    check = check_definition(actor.organization, text, dialect, registry)
    document = require_good(check)
    definition = ApiDefinition(organization=actor.organization, public_id=uuid.uuid4().hex, dialect=dialect)
    _set_document(definition, document, text)
    save_checked(definition)
    audit.record(actor, "definition.create", definition, {"dialect": [None, str(dialect)]})
    if document.active if activate is None else activate:
        _activate(actor, definition, document)
    return SavedDefinition(definition, check.warnings)


@transaction.atomic
def replace_definition(  # noqa: PLR0913 - how it is saved is named
    actor: Actor,
    definition: ApiDefinition,
    text: str,
    registry: Registry,
    *,
    activate: bool | None = None,
    base: str = "",
) -> SavedDefinition:
    """Save another document of a definition.

    activate: True runs it as a new revision at once; False leaves what runs as it is; None is as the document
    says, which also stops what runs. base: the digest of the document that `text` was made from; empty: whatever
    it is now. Raises InputError with every finding, RefusedError.
    """
    definition = _locked(definition)
    if base and base != document_digest(definition.document):
        raise RefusedError(
            "somebody saved another document while you wrote",
            code="changed_meanwhile",
            remedy="open the definition again beside this page, and bring your changes over",
        )
    check = check_definition(actor.organization, text, Dialect(definition.dialect), registry, definition)
    document = require_good(check)
    stop = activate is None and not document.active and definition.state == DefinitionState.ACTIVE
    if stop:
        _deactivate(actor, definition)
    _set_document(definition, document, text)
    save_checked(definition)
    audit.record(actor, "definition.change", definition)
    if document.active if activate is None else activate:
        _activate(actor, definition, document)
    return SavedDefinition(definition, check.warnings)


def document_digest(text: str) -> str:
    """Return what tells a document from others."""
    return hashlib.sha256(text.encode()).hexdigest()


def patched_document(definition: ApiDefinition, text: str) -> str:
    """Return a definition's document with a merge patch (RFC 7396) applied. Raises InputError."""
    patch, findings = parse(text)
    if patch is None or not isinstance(patch.value, dict):
        faults = [Fault(f.message, f.pointer, f.code, f.remedy, f.line, f.column) for f in findings]
        raise InputError(
            *faults or [Fault("a patch is an object with the members to change", code="wrong_type")]
        )
    present, _ = parse(definition.document)
    before = {} if present is None else present.plain()
    return json.dumps(_merged(before, patch.plain()), indent=2, ensure_ascii=False)


@transaction.atomic
def activate_definition(
    actor: Actor, definition: ApiDefinition, registry: Registry, note: str = ""
) -> SavedDefinition:
    """Run the saved document as a new revision. Raises InputError when it cannot run any more, RefusedError."""
    definition = _locked(definition)
    dialect = Dialect(definition.dialect)
    check = check_definition(actor.organization, definition.document, dialect, registry, definition)
    _activate(actor, definition, require_good(check), note)
    return SavedDefinition(definition, check.warnings)


@transaction.atomic
def deactivate_definition(actor: Actor, definition: ApiDefinition) -> ApiDefinition:
    """Stop its streams. Raises RefusedError when it is a draft."""
    definition = _locked(definition)
    if definition.state != DefinitionState.ACTIVE:
        raise RefusedError(f"{definition} is not active", code="illegal_move")
    _deactivate(actor, definition)
    return definition


@transaction.atomic
def roll_back_definition(
    actor: Actor, definition: ApiDefinition, number: int, registry: Registry
) -> SavedDefinition:
    """Run the document of an earlier revision again, as a new one. Raises InputError, RefusedError."""
    definition = _locked(definition)
    revision = Revision.objects.filter(definition=definition, number=number).first()
    if revision is None:
        raise InputError(Fault(f"{definition} has no revision {number}", "/revision", "unknown"))
    dialect = Dialect(definition.dialect)
    check = check_definition(actor.organization, revision.document, dialect, registry, definition)
    document = require_good(check)
    _set_document(definition, document, revision.document)
    _activate(actor, definition, document, f"Rolled back to revision {number}.")
    return SavedDefinition(definition, check.warnings)


@transaction.atomic
def delete_definition(actor: Actor, definition: ApiDefinition) -> None:
    """Stop and delete a definition that is in no product of the catalogue. Raises RefusedError."""
    definition = _locked(definition)
    selling = definition.products.filter(lifecycle__in=(Lifecycle.PUBLISHED, Lifecycle.DEPRECATED)).first()
    if selling is not None:
        raise RefusedError(
            f"the product {selling} contains {definition}",
            code="in_use",
            remedy="take it out of the product first, or deactivate the definition",
        )
    audit.record(actor, "definition.delete", definition)
    definition.state, definition.active_revision = DefinitionState.DRAFT, None
    definition.save(update_fields=("state", "active_revision"))
    definition.delete()
    announce()


def _locked(definition: ApiDefinition) -> ApiDefinition:
    """The definition as it is now, kept from changing meanwhile: revisions are numbered one by one."""
    return ApiDefinition.objects.select_for_update().get(pk=definition.pk)


def _set_document(definition: ApiDefinition, document: StreamingDocument, text: str) -> None:
    """While a revision runs, the name and the path stay its own; they change with the next activation."""
    definition.document = text
    if definition.state != DefinitionState.ACTIVE:
        definition.name, definition.listen_path = document.name, document.listen_path


def _activate(actor: Actor, definition: ApiDefinition, document: StreamingDocument, note: str = "") -> None:
    last = definition.revisions.aggregate(last=Max("number"))["last"] or 0
    revision = Revision.objects.create(
        definition=definition,
        number=last + 1,
        document=definition.document,
        listen_path=document.listen_path,
        activated_by=actor.user,
        note=note,
    )
    definition.name, definition.listen_path = document.name, document.listen_path
    definition.state, definition.active_revision = DefinitionState.ACTIVE, revision
    definition.serves = sorted(purpose.value for purpose in served_purposes(document.streams.values()))
    save_checked(definition)
    audit.record(actor, "definition.activate", definition, {"revision": [last or None, last + 1]})
    announce()


def _deactivate(actor: Actor, definition: ApiDefinition) -> None:
    definition.state, definition.active_revision = DefinitionState.DRAFT, None
    definition.serves = []
    definition.save(update_fields=("state", "active_revision", "serves", "updated_at"))
    audit.record(actor, "definition.deactivate", definition)
    announce()


def _merged(target: JsonValue, patch: Any) -> JsonValue:
    """The algorithm of RFC 7396 section 2: null removes, objects merge, anything else replaces."""
    if not isinstance(patch, dict):
        return patch
    merged = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            merged.pop(name, None)
        else:
            merged[name] = _merged(merged.get(name), value)
    return merged
