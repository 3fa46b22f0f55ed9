"""The portal's addresses."""

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

from portal.api import urls as api
from portal.page_urls import account, apps, definitions, products
from portal.views.guards import choose_organization
from portal.views.styleguide import styleguide

handler500 = "portal.views.failure.failure"
admin.autodiscover()

urlpatterns: list[URLPattern | URLResolver] = [
    *account.urlpatterns,
    *definitions.urlpatterns,
    *products.urlpatterns,
    *apps.urlpatterns,
    path("organization/choice", choose_organization, name="organization-choice"),
    path("styleguide", styleguide, name="styleguide"),
    path("admin/", admin.site.urls),
    path("api/", include(api)),
]
