"""What every view of the management API has in common."""

import uuid
from collections.abc import Sequence
from typing import Any

from django.db.models import Model, QuerySet
from rest_framework import serializers, status
from rest_framework.parsers import BaseParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from gateway.actor import Actor
from portal.api.pages import Page, PageQuery, page_of_rows
from portal.api.parsers import StrictJSONParser
from portal.api.schema import ManagementSchema

Serializer = serializers.BaseSerializer[Any]


class ManagementView(APIView):
    """Translates a request into one domain call, and its result into JSON."""

    schema = ManagementSchema()
    parser_classes: Sequence[type[BaseParser]] = (StrictJSONParser,)
    request_id = ""

    @property
    def actor(self) -> Actor:
        """Who calls."""
        actor = self.request.auth
        assert isinstance(actor, Actor), "only authenticated requests come here"  # noqa: S101
        return actor

    def initialize_request(self, request: Any, *args: Any, **kwargs: Any) -> Request:
        """Give the request the id that errors and logs name."""
        self.request_id = uuid.uuid4().hex
        return super().initialize_request(request, *args, **kwargs)

    def finalize_response(self, request: Any, response: Any, *args: Any, **kwargs: Any) -> Response:
        """Send the request's id along."""
        final: Response = super().finalize_response(request, response, *args, **kwargs)
        final["X-Request-Id"] = self.request_id
        return final

    def body(self, serializer: type[Serializer], *, partial: bool = False) -> dict[str, Any]:
        """Return the checked body. Raises ValidationError."""
        return _checked(serializer(data=self.request.data, partial=partial))

    def query(self, serializer: type[Serializer]) -> dict[str, Any]:
        """Return the checked query parameters. Raises ValidationError."""
        return _checked(serializer(data=self.request.query_params.dict()))

    def page(
        self,
        queryset: "QuerySet[Any]",
        item: type[Serializer],
        query: dict[str, Any] | None = None,
        context: dict[str, Any] | None = None,
    ) -> Response:
        """Answer with a page of rows; `query`: the checked query, if the view has read it already."""
        query = self.query(PageQuery) if query is None else query
        return answer_page(page_of_rows(queryset, query["limit"], query["cursor"]), item, context)


def answer_page(page: Page[Any], item: type[Serializer], context: dict[str, Any] | None = None) -> Response:
    """Answer with a page."""
    rows = item(page.rows, many=True, context=context or {})
    return Response({"items": rows.data, "next": page.next})


def shown(serializer: type[Serializer], row: Model | object) -> Response:
    """Answer with one thing."""
    return Response(serializer(row).data)


def created(serializer: type[Serializer], row: Model | object) -> Response:
    """Answer with one new thing."""
    return Response(serializer(row).data, status=status.HTTP_201_CREATED)


def deleted() -> Response:
    """Answer that it is gone."""
    return Response(status=status.HTTP_204_NO_CONTENT)


def _checked(serializer: Serializer) -> dict[str, Any]:
    serializer.is_valid(raise_exception=True)
    values: dict[str, Any] = serializer.validated_data
    return values
