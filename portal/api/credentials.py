"""`/api/apps/{app}/credentials`: API keys, shown once."""

import datetime as dt

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from gateway import credentials
from gateway.credentials import IssuedCredential
from gateway.models import Credential
from portal import access
from portal.api.pages import PageQuery, page_serializer
from portal.api.serializers import EmptySerializer, StrictSerializer
from portal.api.view import ManagementView, created, shown


class CredentialSerializer(serializers.ModelSerializer[Credential]):
    """A credential without what it proves."""

    class Meta:
        model = Credential
        fields = (
            "id",
            "kind",
            "name",
            "prefix",
            "created_at",
            "last_used_at",
            "expires_at",
            "revoked_at",
        )


class IssuedCredentialSerializer(serializers.Serializer[IssuedCredential]):
    """A new credential with its key, which is not shown again."""

    credential = CredentialSerializer()
    key = serializers.CharField()


class NewCredentialSerializer(StrictSerializer):
    """A new credential."""

    name = serializers.CharField(max_length=120, required=False, allow_blank=True)
    expires_at = serializers.DateTimeField(required=False, allow_null=True)


class RotationSerializer(StrictSerializer):
    """How long the old one still works."""

    overlap_seconds = serializers.IntegerField(min_value=0, max_value=2_592_000, default=86_400)


class CredentialList(ManagementView):
    """All of an app."""

    @extend_schema(parameters=[PageQuery], responses=page_serializer(CredentialSerializer))
    def get(self, request: Request, app: int) -> Response:
        """List an app's credentials."""
        return self.page(Credential.objects.filter(app=access.app(self.actor, app)), CredentialSerializer)

    @extend_schema(request=NewCredentialSerializer, responses={201: IssuedCredentialSerializer})
    def post(self, request: Request, app: int) -> Response:
        """Issue an API key; the answer is the only place that shows it."""
        row = access.app(self.actor, app, access.APPS)
        values = self.body(NewCredentialSerializer)
        return created(IssuedCredentialSerializer, credentials.issue_credential(self.actor, row, **values))


class CredentialDetail(ManagementView):
    """One of them."""

    @extend_schema(responses=CredentialSerializer)
    def get(self, request: Request, app: int, credential: int) -> Response:
        """Show a credential."""
        return shown(CredentialSerializer, access.credential(self.actor, app, credential))


class CredentialRevoke(ManagementView):
    """It ends."""

    @extend_schema(request=EmptySerializer, responses={200: CredentialSerializer})
    def post(self, request: Request, app: int, credential: int) -> Response:
        """Revoke a credential now."""
        row = access.credential(self.actor, app, credential, access.APPS)
        return shown(CredentialSerializer, credentials.revoke_credential(self.actor, row))


class CredentialRotate(ManagementView):
    """Another takes its place."""

    @extend_schema(request=RotationSerializer, responses={201: IssuedCredentialSerializer})
    def post(self, request: Request, app: int, credential: int) -> Response:
        """Issue a new key; the old one works until the overlap ends."""
        row = access.credential(self.actor, app, credential, access.APPS)
        overlap = dt.timedelta(seconds=self.body(RotationSerializer)["overlap_seconds"])
        return created(IssuedCredentialSerializer, credentials.rotate_credential(self.actor, row, overlap))
