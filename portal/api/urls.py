"""The addresses of the management API."""

from django.urls import URLPattern, path, re_path, register_converter
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerView
from rest_framework.permissions import AllowAny

from gateway import products, subscriptions
from gateway.quarantine_decisions import discard_quarantined, retry_quarantined
from portal.api import (
    apps,
    audit,
    catalogue,
    clients,
    connections,
    converters,
    credentials,
    definitions,
    deliveries,
    dry_runs,
    endpoints,
    event_types,
    instances,
    invitations,
    management_keys,
    messages,
    organization,
    plans,
    quarantine,
    tickets,
    traffic,
    tyk_streams,
)
from portal.api import products as products_api
from portal.api import subscriptions as subscriptions_api
from portal.api.unknown import UnknownAddress
from webhooks.endpoint_states import enable_endpoint, pause_endpoint

register_converter(converters.RowId, "row")
register_converter(converters.PublicId, "public")
register_converter(converters.DeliveryId, "delivery")
register_converter(converters.MessageId, "message")

_OPEN = {"authentication_classes": (), "permission_classes": (AllowAny,)}

_GATEWAY: list[URLPattern] = [
    path("event-types", event_types.EventTypeList.as_view()),
    path("event-types/<row:event_type>", event_types.EventTypeDetail.as_view()),
    path("event-types/<row:event_type>/deprecate", event_types.EventTypeDeprecate.as_view()),
    path("event-types/<row:event_type>/restore", event_types.EventTypeRestore.as_view()),
    path("products", products_api.ProductList.as_view()),
    path("products/<row:product>", products_api.ProductDetail.as_view()),
    path("products/<row:product>/publish", products_api.ProductMove.as_view(move=products.publish_product)),
    path(
        "products/<row:product>/unpublish", products_api.ProductMove.as_view(move=products.unpublish_product)
    ),
    path(
        "products/<row:product>/deprecate", products_api.ProductMove.as_view(move=products.deprecate_product)
    ),
    path("products/<row:product>/retire", products_api.ProductMove.as_view(move=products.retire_product)),
    path("products/<row:product>/plans", plans.PlanList.as_view()),
    path("products/<row:product>/plans/<row:plan>", plans.PlanDetail.as_view()),
    path("catalogue", catalogue.CatalogueList.as_view()),
    path("catalogue/<slug:slug>", catalogue.CatalogueDetail.as_view()),
    path("apps", apps.AppList.as_view()),
    path("apps/<row:app>", apps.AppDetail.as_view()),
    path("apps/<row:app>/clients", clients.ClientList.as_view()),
    path("apps/<row:app>/tickets", tickets.TicketList.as_view()),
    path("apps/<row:app>/credentials", credentials.CredentialList.as_view()),
    path("apps/<row:app>/credentials/<row:credential>", credentials.CredentialDetail.as_view()),
    path("apps/<row:app>/credentials/<row:credential>/revoke", credentials.CredentialRevoke.as_view()),
    path("apps/<row:app>/credentials/<row:credential>/rotate", credentials.CredentialRotate.as_view()),
    path("subscriptions", subscriptions_api.SubscriptionList.as_view()),
    path("subscriptions/<row:subscription>", subscriptions_api.SubscriptionDetail.as_view()),
    path("subscriptions/<row:subscription>/cancel", subscriptions_api.SubscriptionCancel.as_view()),
    path("subscriptions/<row:subscription>/choose-plan", subscriptions_api.SubscriptionPlanChoice.as_view()),
    path(
        "subscriptions/<row:subscription>/assign-plan", subscriptions_api.SubscriptionPlanAssignment.as_view()
    ),
    path(
        "subscriptions/<row:subscription>/set-attributes", subscriptions_api.SubscriptionAttributes.as_view()
    ),
    *(
        path(
            f"subscriptions/<row:subscription>/{verb.name.partition('.')[2]}",
            subscriptions_api.SubscriptionDecision.as_view(verb=verb),
        )
        for verb in (
            subscriptions.APPROVE,
            subscriptions.REJECT,
            subscriptions.SUSPEND,
            subscriptions.RESUME,
        )
    ),
    path("definitions", definitions.DefinitionList.as_view()),
    path("definitions/validate", definitions.DefinitionValidate.as_view()),
    path("definitions/dry-run", dry_runs.DocumentDryRun.as_view()),
    path("definitions/<public:definition>", definitions.DefinitionDetail.as_view()),
    path("definitions/<public:definition>/dry-run", dry_runs.DefinitionDryRun.as_view()),
    path("definitions/<public:definition>/activate", definitions.DefinitionActivate.as_view()),
    path("definitions/<public:definition>/deactivate", definitions.DefinitionDeactivate.as_view()),
    path("definitions/<public:definition>/rollback", definitions.DefinitionRollback.as_view()),
    path("definitions/<public:definition>/revisions", definitions.DefinitionRevisions.as_view()),
    path("definitions/<public:definition>/unmatched", definitions.DefinitionUnmatched.as_view()),
    path("apis/streams", tyk_streams.TykStreamsList.as_view()),
    path("apis/streams/<public:definition>", tyk_streams.TykStreamsDetail.as_view()),
    path("connections", connections.ConnectionList.as_view()),
    path("connections/<slug:connection>", connections.ConnectionDetail.as_view()),
    path("instances", instances.InstanceList.as_view()),
    path("traffic", traffic.TrafficList.as_view()),
    path("quarantine", quarantine.QuarantineList.as_view()),
    path("quarantine/<row:quarantined>", quarantine.QuarantineDetail.as_view()),
    path(
        "quarantine/<row:quarantined>/retry",
        quarantine.QuarantineDecision.as_view(decide=retry_quarantined),
    ),
    path(
        "quarantine/<row:quarantined>/discard",
        quarantine.QuarantineDecision.as_view(decide=discard_quarantined),
    ),
    path("audit", audit.AuditList.as_view()),
    path("organization", organization.OrganizationDetail.as_view()),
    path("organization/members", organization.MemberList.as_view()),
    path("organization/members/<row:member>", organization.MemberDetail.as_view()),
    path("organization/invitations", invitations.InvitationList.as_view()),
    path("organization/invitations/<row:invitation>/revoke", invitations.InvitationRevoke.as_view()),
    path("management-keys", management_keys.ManagementKeyList.as_view()),
    path("management-keys/<row:management_key>", management_keys.ManagementKeyDetail.as_view()),
    path("management-keys/<row:management_key>/revoke", management_keys.ManagementKeyRevoke.as_view()),
]

_WEBHOOKS: list[URLPattern] = [
    path("endpoints", endpoints.EndpointList.as_view()),
    path("endpoints/<public:endpoint>", endpoints.EndpointDetail.as_view()),
    path("endpoints/<public:endpoint>/pause", endpoints.EndpointMove.as_view(move=pause_endpoint)),
    path("endpoints/<public:endpoint>/resume", endpoints.EndpointMove.as_view(move=enable_endpoint)),
    path("endpoints/<public:endpoint>/enable", endpoints.EndpointMove.as_view(move=enable_endpoint)),
    path("endpoints/<public:endpoint>/test", endpoints.EndpointTest.as_view()),
    path("endpoints/<public:endpoint>/replay", endpoints.EndpointReplay.as_view()),
    path("endpoints/<public:endpoint>/rotate-secret", endpoints.EndpointRotateSecret.as_view()),
    path("deliveries", deliveries.DeliveryList.as_view()),
    path("deliveries/<delivery:delivery>", deliveries.DeliveryDetail.as_view()),
    path("deliveries/<delivery:delivery>/replay", deliveries.DeliveryReplay.as_view()),
    path("messages/<message:message>", messages.MessageDetail.as_view()),
]

urlpatterns: list[URLPattern] = [
    *_GATEWAY,
    *_WEBHOOKS,
    path("schema/", SpectacularAPIView.as_view(**_OPEN), name="schema"),
    path("docs/", SpectacularSwaggerView.as_view(url_name="schema", **_OPEN), name="api-docs"),
    re_path(r"^", UnknownAddress.as_view()),
]
