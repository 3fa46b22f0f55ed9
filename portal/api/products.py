"""`/api/products`: what the organization sells, from draft to retirement."""

from collections.abc import Callable
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from gateway import products
from gateway.actor import Actor
from gateway.errors import Fault, InputError
from gateway.models import ApiDefinition, EventType, Organization, Product, Visibility
from portal import access
from portal.api.pages import PageQuery, page_serializer
from portal.api.serializers import EmptySerializer, StrictSerializer
from portal.api.view import ManagementView, created, deleted, shown


class ProductSerializer(serializers.ModelSerializer[Product]):
    """A product."""

    definitions: serializers.SlugRelatedField[Any] = serializers.SlugRelatedField(
        "public_id", many=True, read_only=True
    )
    event_types: serializers.SlugRelatedField[Any] = serializers.SlugRelatedField(
        "name", many=True, read_only=True
    )
    audience: serializers.SlugRelatedField[Any] = serializers.SlugRelatedField(
        "slug", many=True, read_only=True
    )

    class Meta:
        model = Product
        fields = (
            "id",
            "slug",
            "name",
            "summary",
            "description",
            "visibility",
            "audience",
            "lifecycle",
            "webhooks_enabled",
            "definitions",
            "event_types",
            "created_at",
            "published_at",
        )


class ProductChangeSerializer(StrictSerializer):
    """What may change."""

    name = serializers.CharField(max_length=120, required=False)
    summary = serializers.CharField(max_length=250, required=False, allow_blank=True)
    description = serializers.CharField(max_length=100_000, required=False, allow_blank=True)
    visibility = serializers.ChoiceField(Visibility.choices, required=False)
    audience = serializers.ListField(
        child=serializers.CharField(max_length=60), required=False, max_length=1000, help_text="Slugs."
    )
    webhooks_enabled = serializers.BooleanField(required=False)
    definitions = serializers.ListField(
        child=serializers.CharField(max_length=32), required=False, max_length=200, help_text="Their ids."
    )
    event_types = serializers.ListField(
        child=serializers.CharField(max_length=127), required=False, max_length=1000, help_text="Names."
    )


class NewProductSerializer(ProductChangeSerializer):
    """A new product."""

    name = serializers.CharField(max_length=120)
    slug = serializers.SlugField(max_length=80, required=False)


class ProductList(ManagementView):
    """All of them."""

    @extend_schema(parameters=[PageQuery], responses=page_serializer(ProductSerializer))
    def get(self, request: Request) -> Response:
        """List the organization's own products."""
        own = Product.objects.filter(organization=access.organization(self.actor))
        return self.page(own.prefetch_related("definitions", "event_types", "audience"), ProductSerializer)

    @extend_schema(request=NewProductSerializer, responses={201: ProductSerializer})
    def post(self, request: Request) -> Response:
        """Make a draft product."""
        access.require(self.actor, access.PRODUCTS)
        values = with_rows(self.actor, self.body(NewProductSerializer))
        return created(ProductSerializer, products.create_product(self.actor, **values))


class ProductDetail(ManagementView):
    """One of them."""

    @extend_schema(responses=ProductSerializer)
    def get(self, request: Request, product: int) -> Response:
        """Show a product."""
        return shown(ProductSerializer, access.product(self.actor, product))

    @extend_schema(request=ProductChangeSerializer, responses=ProductSerializer)
    def patch(self, request: Request, product: int) -> Response:
        """Change a product; definitions, event types and audience are replaced as whole lists."""
        row = access.product(self.actor, product, access.PRODUCTS)
        values = with_rows(self.actor, self.body(ProductChangeSerializer))
        return shown(ProductSerializer, products.change_product(self.actor, row, values))

    @extend_schema(responses={204: None})
    def delete(self, request: Request, product: int) -> Response:
        """Delete a draft that nobody ever subscribed to."""
        products.delete_product(self.actor, access.product(self.actor, product, access.PRODUCTS))
        return deleted()


class ProductMove(ManagementView):
    """A step in its life; `move` is set where the address is."""

    move: Callable[[Actor, Product], Product] | None = None

    @extend_schema(request=EmptySerializer, responses={200: ProductSerializer})
    def post(self, request: Request, product: int) -> Response:
        """Move a product to another stage of its life."""
        row = access.product(self.actor, product, access.PRODUCTS)
        assert self.move is not None, "set in urls.py"  # noqa: S101
        return shown(ProductSerializer, self.move(self.actor, row))


def with_rows(actor: Actor, values: dict[str, Any]) -> dict[str, Any]:
    """Put rows in the place of names. Raises InputError for a name that the organization has none of."""
    own = {"organization": actor.organization}
    sources: dict[str, Any] = {
        "definitions": (ApiDefinition.objects.filter(**own), "public_id"),
        "event_types": (EventType.objects.filter(**own), "name"),
        "audience": (Organization.objects.all(), "slug"),
    }
    found = {
        field: _named_rows(field, names, *sources[field])
        for field, names in values.items()
        if field in sources
    }
    return {**values, **found}


def _named_rows(field: str, names: list[str], candidates: Any, key: str) -> list[Any]:
    by_name = {getattr(row, key): row for row in candidates.filter(**{f"{key}__in": names})}
    faults = [
        Fault(f"there is no {name!r} among the {field.replace('_', ' ')}", f"/{field}/{place}", "unknown")
        for place, name in enumerate(names)
        if name not in by_name
    ]
    if faults:
        raise InputError(*faults)
    return [by_name[name] for name in dict.fromkeys(names)]
