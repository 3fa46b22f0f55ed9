"""`/api/management-keys`: how programs call this API."""

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from gateway import management_keys
from gateway.errors import Fault, InputError
from gateway.management_keys import IssuedManagementKey
from gateway.models import ManagementKey, Scope, User
from portal import access
from portal.api.pages import PageQuery, page_serializer
from portal.api.serializers import EmptySerializer, StrictSerializer
from portal.api.view import ManagementView, created, shown


class ManagementKeySerializer(serializers.ModelSerializer[ManagementKey]):
    """A management key without its text."""

    user = serializers.CharField(source="user.email")

    class Meta:
        model = ManagementKey
        fields = (
            "id",
            "name",
            "user",
            "prefix",
            "scopes",
            "created_at",
            "last_used_at",
            "expires_at",
            "revoked_at",
        )


class IssuedManagementKeySerializer(serializers.Serializer[IssuedManagementKey]):
    """A new management key with its text, which is not shown again."""

    management_key = ManagementKeySerializer()
    key = serializers.CharField()


class NewManagementKeySerializer(StrictSerializer):
    """A new management key."""

    name = serializers.CharField(max_length=120)
    user = serializers.EmailField(max_length=254, required=False, help_text="A member; left out: the caller.")
    scopes = serializers.ListField(child=serializers.ChoiceField(Scope.choices), min_length=1, max_length=20)
    expires_at = serializers.DateTimeField(required=False, allow_null=True)


class ManagementKeyList(ManagementView):
    """All of them."""

    @extend_schema(parameters=[PageQuery], responses=page_serializer(ManagementKeySerializer))
    def get(self, request: Request) -> Response:
        """List the organization's management keys."""
        organization = access.organization(self.actor, access.ORGANIZATION)
        own = ManagementKey.objects.filter(organization=organization).select_related("user")
        return self.page(own, ManagementKeySerializer)

    @extend_schema(request=NewManagementKeySerializer, responses={201: IssuedManagementKeySerializer})
    def post(self, request: Request) -> Response:
        """Issue a management key; the answer is the only place that shows it."""
        access.require(self.actor, access.ORGANIZATION)
        values = self.body(NewManagementKeySerializer)
        email = values.pop("user", None)
        user = self.actor.user if email is None else User.objects.filter(email__iexact=email).first()
        if user is None:
            raise InputError(Fault(f"{email} is not a member", "/user", "unknown"))
        issued = management_keys.issue_management_key(self.actor, user=user, **values)
        return created(IssuedManagementKeySerializer, issued)


class ManagementKeyDetail(ManagementView):
    """One of them."""

    @extend_schema(responses=ManagementKeySerializer)
    def get(self, request: Request, management_key: int) -> Response:
        """Show a management key."""
        return shown(ManagementKeySerializer, access.management_key(self.actor, management_key))


class ManagementKeyRevoke(ManagementView):
    """It ends."""

    @extend_schema(request=EmptySerializer, responses={200: ManagementKeySerializer})
    def post(self, request: Request, management_key: int) -> Response:
        """Revoke a management key now."""
        row = access.management_key(self.actor, management_key)
        return shown(ManagementKeySerializer, management_keys.revoke_management_key(self.actor, row))
