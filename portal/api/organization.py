"""`/api/organization`: the caller's own, and who belongs to it."""

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from gateway import organizations
from gateway.models import Membership, Organization, Role
from portal import access
from portal.api.pages import PageQuery, page_serializer
from portal.api.serializers import StrictSerializer
from portal.api.view import ManagementView, created, deleted, shown


class OrganizationSerializer(serializers.ModelSerializer[Organization]):
    """An organization."""

    class Meta:
        model = Organization
        fields = ("slug", "name", "created_at")


class OrganizationChangeSerializer(StrictSerializer):
    """What may change."""

    name = serializers.CharField(max_length=120, required=False)


class MemberSerializer(serializers.ModelSerializer[Membership]):
    """A member."""

    email = serializers.CharField(source="user.email")
    name = serializers.CharField(source="user.name")

    class Meta:
        model = Membership
        fields = ("id", "email", "name", "role", "created_at")


class MemberRoleSerializer(StrictSerializer):
    """Another role."""

    role = serializers.ChoiceField(Role.choices)


class NewMemberSerializer(MemberRoleSerializer):
    """A new member."""

    email = serializers.EmailField(max_length=254)


class OrganizationDetail(ManagementView):
    """The caller's own."""

    @extend_schema(responses=OrganizationSerializer)
    def get(self, request: Request) -> Response:
        """Show the organization."""
        return shown(OrganizationSerializer, access.organization(self.actor))

    @extend_schema(request=OrganizationChangeSerializer, responses=OrganizationSerializer)
    def patch(self, request: Request) -> Response:
        """Rename the organization."""
        access.require(self.actor, access.ORGANIZATION)
        values = self.body(OrganizationChangeSerializer)
        return shown(OrganizationSerializer, organizations.change_organization(self.actor, values))


class MemberList(ManagementView):
    """Who belongs to it."""

    @extend_schema(parameters=[PageQuery], responses=page_serializer(MemberSerializer))
    def get(self, request: Request) -> Response:
        """List the members."""
        own = Membership.objects.filter(organization=access.organization(self.actor))
        return self.page(own.select_related("user"), MemberSerializer)

    @extend_schema(request=NewMemberSerializer, responses={201: MemberSerializer})
    def post(self, request: Request) -> Response:
        """Add somebody who has signed up."""
        access.require(self.actor, access.ORGANIZATION)
        values = self.body(NewMemberSerializer)
        member = organizations.add_member(self.actor, email=values["email"], role=Role(values["role"]))
        return created(MemberSerializer, member)


class MemberDetail(ManagementView):
    """One of them."""

    @extend_schema(request=MemberRoleSerializer, responses=MemberSerializer)
    def patch(self, request: Request, member: int) -> Response:
        """Give a member another role."""
        row = access.membership(self.actor, member)
        role = Role(self.body(MemberRoleSerializer)["role"])
        return shown(MemberSerializer, organizations.change_member(self.actor, row, role))

    @extend_schema(responses={204: None})
    def delete(self, request: Request, member: int) -> Response:
        """Remove a member."""
        organizations.remove_member(self.actor, access.membership(self.actor, member))
        return deleted()
