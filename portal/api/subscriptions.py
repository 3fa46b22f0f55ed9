"""`/api/subscriptions`: asked for, decided, ended."""

from typing import Any

from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from gateway import subscriptions
from gateway.errors import Fault, InputError
from gateway.models import App, Organization, Plan, Product, Subscription, SubscriptionState
from gateway.subscription_attributes import LONGEST_TEXT, MOST_ATTRIBUTES
from gateway.subscriptions import Verb
from portal import access
from portal.api.pages import PageQuery, page_serializer
from portal.api.serializers import ReasonSerializer, StrictSerializer
from portal.api.view import ManagementView, created, shown


class _OrganizationName(serializers.ModelSerializer[Organization]):
    class Meta:
        model = Organization
        fields = ("slug", "name")
        ref_name = "OrganizationName"


class _AppName(serializers.ModelSerializer[App]):
    organization = _OrganizationName()

    class Meta:
        model = App
        fields = ("id", "name", "organization")


class _ProductName(serializers.ModelSerializer[Product]):
    organization = _OrganizationName()

    class Meta:
        model = Product
        fields = ("id", "slug", "name", "organization")


class _PlanName(serializers.ModelSerializer[Plan]):
    class Meta:
        model = Plan
        fields = ("id", "name")


@extend_schema_field(
    {
        "type": "object",
        "maxProperties": MOST_ATTRIBUTES,
        "additionalProperties": {
            "oneOf": [{"type": "string", "maxLength": LONGEST_TEXT}, {"type": "number"}, {"type": "boolean"}]
        },
    }
)
class _AttributesField(serializers.JSONField):
    """Attributes by name; the domain call checks them."""


class SubscriptionSerializer(serializers.ModelSerializer[Subscription]):
    """A subscription, the same for both sides: of the app its name, nothing more."""

    app = _AppName()
    product = _ProductName()
    plan = _PlanName()
    attributes = _AttributesField(help_text="Set by the publisher; streams read them as $tyk_meta.<name>.")

    class Meta:
        model = Subscription
        fields = (
            "id",
            "app",
            "product",
            "plan",
            "state",
            "purpose",
            "attributes",
            "requested_at",
            "decided_at",
            "reason",
            "expires_at",
        )


class NewSubscriptionSerializer(StrictSerializer):
    """A request."""

    app = serializers.IntegerField(min_value=1)
    product = serializers.CharField(max_length=80, help_text="Its slug.")
    plan = serializers.IntegerField(min_value=1)
    purpose = serializers.CharField(
        max_length=2000,
        default="",
        allow_blank=True,
        help_text="What it is wanted for; the publisher reads it.",
    )


class PlanChoiceSerializer(StrictSerializer):
    """Another plan of the same product."""

    plan = serializers.IntegerField(min_value=1)


class AttributesSerializer(StrictSerializer):
    """All attributes of a subscription."""

    attributes = _AttributesField(
        help_text='By names of letters, digits and _, such as {"team": "blue"}; those left out are gone.'
    )


class SubscriptionQuery(PageQuery):
    """Which ones."""

    side = serializers.ChoiceField(
        ("subscriber", "publisher"), required=False, help_text="Those of own apps, or those to own products."
    )
    state = serializers.ChoiceField(SubscriptionState.choices, required=False)
    app = serializers.IntegerField(min_value=1, required=False)
    product = serializers.CharField(max_length=80, required=False, help_text="Its slug.")


class SubscriptionList(ManagementView):
    """All of them."""

    @extend_schema(parameters=[SubscriptionQuery], responses=page_serializer(SubscriptionSerializer))
    def get(self, request: Request) -> Response:
        """List subscriptions of own apps and to own products; side=publisher&state=requested is the inbox."""
        access.require(self.actor, access.READ)
        query = self.query(SubscriptionQuery)
        sides = {
            "subscriber": {"app__organization": self.actor.organization},
            "publisher": {"product__organization": self.actor.organization},
        }
        chosen: dict[str, Any] = dict(sides[query["side"]]) if "side" in query else {}
        columns = {"state": "state", "app": "app", "product": "product__slug"}
        chosen |= {column: query[name] for name, column in columns.items() if name in query}
        return self.page(access.subscriptions(self.actor).filter(**chosen), SubscriptionSerializer, query)

    @extend_schema(request=NewSubscriptionSerializer, responses={201: SubscriptionSerializer})
    def post(self, request: Request) -> Response:
        """Ask for a product under a plan; some plans approve at once."""
        access.require(self.actor, access.APPS)
        values = self.body(NewSubscriptionSerializer)
        app = access.app(self.actor, values["app"], access.APPS)
        product = access.catalogue(self.actor).filter(slug=values["product"]).first()
        plan = Plan.objects.filter(product=product, pk=values["plan"]).first()
        if product is None:
            raise InputError(Fault("there is no such product", "/product", "unknown"))
        if plan is None:
            raise InputError(Fault("the product has no such plan", "/plan", "unknown"))
        made = subscriptions.request_subscription(
            self.actor, app=app, product=product, plan=plan, purpose=values["purpose"]
        )
        return created(SubscriptionSerializer, made)


class SubscriptionDetail(ManagementView):
    """One of them."""

    @extend_schema(responses=SubscriptionSerializer)
    def get(self, request: Request, subscription: int) -> Response:
        """Show a subscription."""
        return shown(SubscriptionSerializer, access.subscription(self.actor, subscription))


class SubscriptionDecision(ManagementView):
    """A publisher decides; `verb` is set where the address is."""

    verb: Verb | None = None

    @extend_schema(request=ReasonSerializer, responses={200: SubscriptionSerializer})
    def post(self, request: Request, subscription: int) -> Response:
        """Decide on a subscription to an own product, with a reason its developer reads."""
        row = access.sold_subscription(self.actor, subscription)
        assert self.verb is not None, "set in urls.py"  # noqa: S101
        reason = self.body(ReasonSerializer)["reason"]
        decided = subscriptions.decide_subscription(self.actor, row, self.verb, reason)
        return shown(SubscriptionSerializer, decided)


class SubscriptionCancel(ManagementView):
    """Its developer ends it."""

    @extend_schema(request=ReasonSerializer, responses={200: SubscriptionSerializer})
    def post(self, request: Request, subscription: int) -> Response:
        """Cancel an own subscription for good."""
        row = access.own_subscription(self.actor, subscription)
        reason = self.body(ReasonSerializer)["reason"]
        return shown(SubscriptionSerializer, subscriptions.cancel_subscription(self.actor, row, reason))


class SubscriptionPlanChoice(ManagementView):
    """Its developer goes on under another plan."""

    @extend_schema(request=PlanChoiceSerializer, responses={200: SubscriptionSerializer})
    def post(self, request: Request, subscription: int) -> Response:
        """Change an own subscription to a plan that approves automatically; its limits act at once."""
        row = access.own_subscription(self.actor, subscription)
        plan = _plan(row, self.body(PlanChoiceSerializer)["plan"])
        return shown(SubscriptionSerializer, subscriptions.choose_plan(self.actor, row, plan))


class SubscriptionPlanAssignment(ManagementView):
    """A publisher gives it another plan."""

    @extend_schema(request=PlanChoiceSerializer, responses={200: SubscriptionSerializer})
    def post(self, request: Request, subscription: int) -> Response:
        """Move a subscription to an own product to any of its plans; its limits act at once."""
        row = access.sold_subscription(self.actor, subscription)
        plan = _plan(row, self.body(PlanChoiceSerializer)["plan"])
        return shown(SubscriptionSerializer, subscriptions.assign_plan(self.actor, row, plan))


class SubscriptionAttributes(ManagementView):
    """A publisher says what streams read of it."""

    @extend_schema(request=AttributesSerializer, responses={200: SubscriptionSerializer})
    def post(self, request: Request, subscription: int) -> Response:
        """Replace the attributes of a subscription to an own product, which streams read as $tyk_meta.<name>."""
        row = access.sold_subscription(self.actor, subscription)
        attributes = self.body(AttributesSerializer)["attributes"]
        return shown(SubscriptionSerializer, subscriptions.set_attributes(self.actor, row, attributes))


def _plan(subscription: Subscription, pk: int) -> Plan:
    """A plan of the subscription's product. Raises InputError."""
    found = Plan.objects.filter(product_id=subscription.product_id, pk=pk).first()
    if found is None:
        raise InputError(Fault("the product has no such plan", "/plan", "unknown"))
    return found
