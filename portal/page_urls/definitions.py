"""What a publisher's streams are made of: definitions with their revisions and quarantine, connections."""

from django.urls import URLPattern, path

from portal.views import (
    connections,
    definition,
    definition_dry_run,
    definition_editor,
    definition_revisions,
    definition_states,
    definitions,
    quarantine,
)

_ONE = "definitions/<public:definition>"

urlpatterns: list[URLPattern] = [
    path("definitions", definitions.definition_list, name="definitions"),
    path("definitions/new", definition_editor.new_definition, name="definition-new"),
    path("definitions/check", definition_editor.check_document, name="definition-new-check"),
    path("definitions/dry-run", definition_dry_run.try_document, name="definition-new-dry-run"),
    path(_ONE, definition.definition, name="definition"),
    path(f"{_ONE}/instances", definition.definition_instances, name="definition-instances"),
    path(f"{_ONE}/document", definition_editor.definition_document, name="definition-document"),
    path(f"{_ONE}/document/check", definition_editor.check_document, name="definition-check"),
    path(f"{_ONE}/document/dry-run", definition_dry_run.try_document, name="definition-dry-run"),
    path(f"{_ONE}/activate", definition_states.activate_definition, name="definition-activate"),
    path(f"{_ONE}/deactivate", definition_states.deactivate_definition, name="definition-deactivate"),
    path(f"{_ONE}/delete", definition_states.delete_definition, name="definition-delete"),
    path(f"{_ONE}/revisions", definition_revisions.definition_revisions, name="definition-revisions"),
    path(f"{_ONE}/revisions/compare", definition_revisions.compare_revisions, name="definition-compare"),
    path(
        f"{_ONE}/revisions/<row:number>/roll-back",
        definition_revisions.roll_back_definition,
        name="definition-roll-back",
    ),
    path(f"{_ONE}/quarantine", quarantine.quarantine, name="definition-quarantine"),
    path(f"{_ONE}/quarantine/decisions", quarantine.decide_chosen, name="definition-quarantine-decisions"),
    path(f"{_ONE}/quarantine/retry-all", quarantine.retry_all, name="definition-quarantine-retry-all"),
    path(f"{_ONE}/quarantine/discard-all", quarantine.discard_all, name="definition-quarantine-discard-all"),
    path(f"{_ONE}/quarantine/<row:message>", quarantine.quarantined, name="definition-quarantined"),
    path(
        f"{_ONE}/quarantine/<row:message>/retry",
        quarantine.retry_message,
        name="definition-quarantined-retry",
    ),
    path(
        f"{_ONE}/quarantine/<row:message>/discard",
        quarantine.discard_message,
        name="definition-quarantined-discard",
    ),
    path("connections", connections.connection_list, name="connections"),
    path("connections/<slug:connection>", connections.connection, name="connection"),
    path("connections/<slug:connection>/test", connections.connection_test, name="connection-test"),
    path("connections/<slug:connection>/topics/<str:topic>", connections.topic, name="connection-topic"),
]
