"""`/api/apps`: what subscribes, and holds credentials and endpoints."""

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from gateway import applications
from gateway.models import App
from portal import access
from portal.api.pages import PageQuery, page_serializer
from portal.api.serializers import StrictSerializer
from portal.api.view import ManagementView, created, deleted, shown
from webhooks.endpoints import delete_app


class AppSerializer(serializers.ModelSerializer[App]):
    """An app."""

    class Meta:
        model = App
        fields = ("id", "name", "description", "created_at")


class AppChangeSerializer(StrictSerializer):
    """What may change."""

    name = serializers.CharField(max_length=120, required=False)
    description = serializers.CharField(max_length=10_000, required=False, allow_blank=True)


class NewAppSerializer(AppChangeSerializer):
    """A new app."""

    name = serializers.CharField(max_length=120)


class AppList(ManagementView):
    """All of them."""

    @extend_schema(parameters=[PageQuery], responses=page_serializer(AppSerializer))
    def get(self, request: Request) -> Response:
        """List the organization's apps."""
        return self.page(App.objects.filter(organization=access.organization(self.actor)), AppSerializer)

    @extend_schema(request=NewAppSerializer, responses={201: AppSerializer})
    def post(self, request: Request) -> Response:
        """Make an app."""
        access.require(self.actor, access.APPS)
        return created(AppSerializer, applications.create_app(self.actor, **self.body(NewAppSerializer)))


class AppDetail(ManagementView):
    """One of them."""

    @extend_schema(responses=AppSerializer)
    def get(self, request: Request, app: int) -> Response:
        """Show an app."""
        return shown(AppSerializer, access.app(self.actor, app))

    @extend_schema(request=AppChangeSerializer, responses=AppSerializer)
    def patch(self, request: Request, app: int) -> Response:
        """Change an app."""
        row = access.app(self.actor, app, access.APPS)
        return shown(AppSerializer, applications.change_app(self.actor, row, self.body(AppChangeSerializer)))

    @extend_schema(responses={204: None})
    def delete(self, request: Request, app: int) -> Response:
        """Delete an app with its credentials, subscriptions and endpoints."""
        delete_app(self.actor, access.app(self.actor, app, access.APPS))
        return deleted()
