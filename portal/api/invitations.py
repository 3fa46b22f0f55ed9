"""`/api/organization/invitations`: who is asked by e-mail to join."""

from allauth.core import ratelimit
from drf_spectacular.utils import extend_schema
from rest_framework import exceptions, serializers
from rest_framework.request import Request
from rest_framework.response import Response

from gateway.invitations import open_invitations, revoke_invitation
from gateway.models import Invitation, Role
from portal import access
from portal.api.organization import NewMemberSerializer
from portal.api.pages import PageQuery, page_serializer
from portal.api.serializers import EmptySerializer
from portal.api.view import ManagementView, created, shown
from portal.invitation_mail import invite_by_mail


class InvitationSerializer(serializers.ModelSerializer[Invitation]):
    """An invitation without its link, which only the mail has."""

    invited_by = serializers.CharField(source="invited_by.email", default=None, allow_null=True)

    class Meta:
        model = Invitation
        fields = ("id", "email", "role", "invited_by", "created_at", "expires_at", "revoked_at")


class InvitationList(ManagementView):
    """Those that nobody accepted yet."""

    @extend_schema(parameters=[PageQuery], responses=page_serializer(InvitationSerializer))
    def get(self, request: Request) -> Response:
        """List the open invitations, expired ones too."""
        organization = access.organization(self.actor, access.ORGANIZATION)
        return self.page(open_invitations(organization), InvitationSerializer)

    @extend_schema(request=NewMemberSerializer, responses={201: InvitationSerializer})
    def post(self, request: Request) -> Response:
        """Ask somebody to join; they are sent a link that works once, for seven days."""
        access.require(self.actor, access.ORGANIZATION)
        values = self.body(NewMemberSerializer)
        # The page's own bound: 30 mails an hour for a user, however they ask.
        if not ratelimit.consume(request, action="invite", user=self.actor.user):
            raise exceptions.Throttled(detail="Too many invitations were sent in this hour: try again later.")
        invitation = invite_by_mail(self.actor, email=values["email"], role=Role(values["role"]))
        return created(InvitationSerializer, invitation)


class InvitationRevoke(ManagementView):
    """It ends."""

    @extend_schema(request=EmptySerializer, responses={200: InvitationSerializer})
    def post(self, request: Request, invitation: int) -> Response:
        """Take an invitation back: its link opens nothing any more."""
        row = access.invitation(self.actor, invitation)
        return shown(InvitationSerializer, revoke_invitation(self.actor, row))
