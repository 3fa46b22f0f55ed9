"""What a developer runs: apps with their credentials, subscriptions, endpoints and deliveries."""

from django.urls import URLPattern, path

from portal.views.apps import app, app_list

urlpatterns: list[URLPattern] = [
    path("apps", app_list, name="apps"),
    path("apps/<row:app>", app, name="app"),
]
