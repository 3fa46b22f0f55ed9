"""`/api/products/{product}/plans`: the limits a product is used under."""

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from gateway import plans
from gateway.models import Approval, Plan, QuotaPeriod
from portal import access
from portal.api.pages import PageQuery, page_serializer
from portal.api.serializers import StrictSerializer
from portal.api.view import ManagementView, created, deleted, shown


class PlanSerializer(serializers.ModelSerializer[Plan]):
    """A plan; null is without limit."""

    class Meta:
        model = Plan
        fields = (
            "id",
            "name",
            "description",
            "approval",
            "requests_per_second",
            "messages_per_second",
            "quota",
            "quota_period",
            "max_clients",
            "client_age_seconds",
            "replay_window_seconds",
            "max_endpoints",
            "price",
            "created_at",
        )


def _limit(most: int = 2_147_483_647) -> serializers.IntegerField:
    return serializers.IntegerField(min_value=0, max_value=most, required=False, allow_null=True)


class PlanChangeSerializer(StrictSerializer):
    """What may change."""

    name = serializers.CharField(max_length=80, required=False)
    description = serializers.CharField(max_length=10_000, required=False, allow_blank=True)
    approval = serializers.ChoiceField(Approval.choices, required=False)
    requests_per_second = _limit()
    messages_per_second = _limit()
    quota = _limit(9_000_000_000_000_000)
    quota_period = serializers.ChoiceField(QuotaPeriod.choices, required=False)
    max_clients = _limit()
    client_age_seconds = _limit()
    replay_window_seconds = _limit()
    max_endpoints = _limit()
    price = serializers.CharField(max_length=80, required=False, allow_blank=True)


class NewPlanSerializer(PlanChangeSerializer):
    """A new plan."""

    name = serializers.CharField(max_length=80)


class PlanList(ManagementView):
    """All of a product."""

    @extend_schema(parameters=[PageQuery], responses=page_serializer(PlanSerializer))
    def get(self, request: Request, product: int) -> Response:
        """List a product's plans."""
        return self.page(Plan.objects.filter(product=access.product(self.actor, product)), PlanSerializer)

    @extend_schema(request=NewPlanSerializer, responses={201: PlanSerializer})
    def post(self, request: Request, product: int) -> Response:
        """Make a plan."""
        row = access.product(self.actor, product, access.PRODUCTS)
        return created(PlanSerializer, plans.create_plan(self.actor, row, **self.body(NewPlanSerializer)))


class PlanDetail(ManagementView):
    """One of them."""

    @extend_schema(responses=PlanSerializer)
    def get(self, request: Request, product: int, plan: int) -> Response:
        """Show a plan."""
        return shown(PlanSerializer, access.plan(self.actor, product, plan))

    @extend_schema(request=PlanChangeSerializer, responses=PlanSerializer)
    def patch(self, request: Request, product: int, plan: int) -> Response:
        """Change a plan; new limits act on present subscriptions at once."""
        row = access.plan(self.actor, product, plan, access.PRODUCTS)
        return shown(PlanSerializer, plans.change_plan(self.actor, row, self.body(PlanChangeSerializer)))

    @extend_schema(responses={204: None})
    def delete(self, request: Request, product: int, plan: int) -> Response:
        """Delete a plan that nobody ever subscribed under."""
        plans.delete_plan(self.actor, access.plan(self.actor, product, plan, access.PRODUCTS))
        return deleted()
