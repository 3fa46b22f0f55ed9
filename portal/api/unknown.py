"""Addresses under `/api/` that are none."""

from typing import Any

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from portal.api.view import ManagementView


@extend_schema(exclude=True)
class UnknownAddress(ManagementView):
    """Answers 404 as a problem, like everything else here."""

    authentication_classes = ()
    permission_classes = (AllowAny,)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Raise Http404 before the method matters."""
        raise Http404

    def get(self, request: Request) -> Response:
        """Never called: `initial` has answered."""
        raise Http404
