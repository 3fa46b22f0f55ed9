"""`/api/traffic`: what passed the gateway, by the minute, hour or day."""

import datetime as dt
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from gateway.models import ApiDefinition
from gateway.traffic import Step, TrafficStep, span, traffic_in
from portal import access
from portal.api.pages import Page, page_serializer
from portal.api.view import ManagementView, answer_page


class TrafficStepSerializer(serializers.Serializer[TrafficStep]):
    """The sums of one step of time."""

    at = serializers.DateTimeField(help_text="When it began.")
    counts = serializers.DictField(
        child=serializers.IntegerField(),
        help_text="By measure: `messages`, `bytes`, `opened`, `open_seconds`, `requests.<outcome>`,"
        " `error.<kind>`, `closed.<reason>`.",
    )


class TrafficQuery(serializers.Serializer[Any]):
    """Whose, when, and in which steps."""

    definition = serializers.CharField(max_length=32, required=False)
    app = serializers.IntegerField(min_value=1, max_value=10**18, required=False)
    product = serializers.IntegerField(min_value=1, max_value=10**18, required=False)
    plan = serializers.IntegerField(min_value=1, max_value=10**18, required=False)
    step = serializers.ChoiceField([step.value for step in Step], default=Step.HOUR.value)
    after = serializers.DateTimeField(required=False, help_text="Included; without it, the last 60 steps.")
    before = serializers.DateTimeField(required=False, help_text="Not included; without it, now.")


class TrafficList(ManagementView):
    """All of it."""

    @extend_schema(parameters=[TrafficQuery], responses=page_serializer(TrafficStepSerializer))
    def get(self, request: Request) -> Response:
        """Sum up the traffic of the organization's definitions and apps, the earliest step first; one page."""
        rows = access.traffic(self.actor)
        query = self.query(TrafficQuery)
        for name in ("app", "product", "plan"):
            if name in query:
                rows = rows.filter(**{f"{name}_id": query[name]})
        if "definition" in query:
            named = ApiDefinition.objects.filter(public_id=query["definition"])
            rows = rows.filter(definition_id__in=named.values("pk"))
        wanted = span(Step(query["step"]), query.get("after"), query.get("before"), dt.datetime.now(dt.UTC))
        return answer_page(Page(traffic_in(rows, wanted), None), TrafficStepSerializer)
