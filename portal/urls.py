"""The portal's addresses."""

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path
from django.views.generic import RedirectView

urlpatterns: list[URLPattern | URLResolver] = [
    path("", RedirectView.as_view(url="/api/docs/"), name="start"),
    path("admin/", admin.site.urls),
    path("api/", include("portal.api.urls")),
]
