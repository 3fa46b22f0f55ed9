"""`/api/apps/{app}/tickets`: a browser's way into a stream, shown once and of one use."""

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from gateway import tickets
from gateway.tickets import IssuedTicket
from portal import access
from portal.api.serializers import StrictSerializer
from portal.api.view import ManagementView, created


class NewTicketSerializer(StrictSerializer):
    """For what."""

    definition = serializers.CharField(max_length=32, help_text="The id of a definition the app may call.")
    stream = serializers.CharField(max_length=120, help_text="The name of one of its streams.")


class IssuedTicketSerializer(serializers.Serializer[IssuedTicket]):
    """A ticket, which is not shown again."""

    ticket = serializers.CharField(help_text="To be sent as the query parameter `ticket`.")
    expires_at = serializers.DateTimeField()


class TicketList(ManagementView):
    """They are not listed: a ticket is of use to who was given it."""

    @extend_schema(request=NewTicketSerializer, responses={201: IssuedTicketSerializer})
    def post(self, request: Request, app: int) -> Response:
        """Make a ticket of one use, for a minute: the app's page opens one stream with it."""
        row = access.app(self.actor, app, access.APPS)
        values = self.body(NewTicketSerializer)
        issued = tickets.issue_ticket(self.actor, row, values["definition"], values["stream"])
        return created(IssuedTicketSerializer, issued)
