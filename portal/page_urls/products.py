"""What is offered: the catalogue, and a publisher's products and approvals."""

from django.urls import URLPattern, path

from portal.views.catalogue import catalogue, product

urlpatterns: list[URLPattern] = [
    path("", catalogue, name="catalogue"),
    path("products/<slug:slug>", product, name="product"),
]
