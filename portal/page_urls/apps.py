"""What a developer runs: apps with their credentials, subscriptions, endpoints and deliveries."""

from django.urls import URLPattern, path

from portal.views.app_clients import app_clients
from portal.views.app_settings import app_delete, app_settings
from portal.views.apps import app, app_list, new_app
from portal.views.credentials import app_keys, credential_revoke, credential_rotate
from portal.views.deliveries import app_deliveries, deliveries
from portal.views.delivery import delivery, delivery_body, delivery_replay
from portal.views.endpoint_settings import (
    endpoint_delete,
    endpoint_enable,
    endpoint_pause,
    endpoint_replay,
    endpoint_secret,
    endpoint_settings,
    endpoint_test,
)
from portal.views.endpoints import app_webhooks, endpoint, new_endpoint
from portal.views.signature import signature_check
from portal.views.subscribe import subscribe
from portal.views.subscriptions import subscription, subscription_cancel, subscription_list

_KEY = "apps/<row:app>/keys/<row:credential>"
_ENDPOINT = "endpoints/<public:endpoint>"

urlpatterns: list[URLPattern] = [
    path("apps", app_list, name="apps"),
    path("apps/new", new_app, name="app-new"),
    path("apps/<row:app>", app, name="app"),
    path("apps/<row:app>/settings", app_settings, name="app-settings"),
    path("apps/<row:app>/delete", app_delete, name="app-delete"),
    path("apps/<row:app>/keys", app_keys, name="app-keys"),
    path(f"{_KEY}/rotate", credential_rotate, name="credential-rotate"),
    path(f"{_KEY}/revoke", credential_revoke, name="credential-revoke"),
    path("apps/<row:app>/webhooks", app_webhooks, name="app-webhooks"),
    path("apps/<row:app>/webhooks/subscribe", new_endpoint, name="endpoint-new"),
    path("apps/<row:app>/deliveries", app_deliveries, name="app-deliveries"),
    path("apps/<row:app>/streams", app_clients, name="app-clients"),
    path("products/<slug:slug>/subscribe", subscribe, name="subscribe"),
    path("subscriptions", subscription_list, name="subscriptions"),
    path("subscriptions/<row:subscription>", subscription, name="subscription"),
    path("subscriptions/<row:subscription>/cancel", subscription_cancel, name="subscription-cancel"),
    path(_ENDPOINT, endpoint, name="endpoint"),
    path(f"{_ENDPOINT}/settings", endpoint_settings, name="endpoint-settings"),
    path(f"{_ENDPOINT}/secret", endpoint_secret, name="endpoint-secret"),
    path(f"{_ENDPOINT}/test", endpoint_test, name="endpoint-test"),
    path(f"{_ENDPOINT}/pause", endpoint_pause, name="endpoint-pause"),
    path(f"{_ENDPOINT}/enable", endpoint_enable, name="endpoint-enable"),
    path(f"{_ENDPOINT}/replay", endpoint_replay, name="endpoint-replay"),
    path(f"{_ENDPOINT}/delete", endpoint_delete, name="endpoint-delete"),
    path("deliveries", deliveries, name="deliveries"),
    path("deliveries/<delivery:delivery>", delivery, name="delivery"),
    path("deliveries/<delivery:delivery>/body", delivery_body, name="delivery-body"),
    path("deliveries/<delivery:delivery>/replay", delivery_replay, name="delivery-replay"),
    path("signature", signature_check, name="signature"),
]
