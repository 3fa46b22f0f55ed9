"""The portal's addresses."""

from django.contrib import admin
from django.contrib.auth.views import LoginView, LogoutView
from django.urls import URLPattern, URLResolver, include, path

from portal.api import urls as api
from portal.views.apps import app, app_list
from portal.views.catalogue import catalogue, product
from portal.views.styleguide import styleguide

_SIGN_IN = LoginView.as_view(template_name="sign_in.html", redirect_authenticated_user=True)

urlpatterns: list[URLPattern | URLResolver] = [
    path("", catalogue, name="catalogue"),
    path("products/<slug:slug>", product, name="product"),
    path("apps", app_list, name="apps"),
    path("apps/<row:app>", app, name="app"),
    path("sign-in", _SIGN_IN, name="sign-in"),
    path("sign-out", LogoutView.as_view(), name="sign-out"),
    path("styleguide", styleguide, name="styleguide"),
    path("admin/", admin.site.urls),
    path("api/", include(api)),
]
