"""Who receives: each condition alone is enough to receive nothing."""

import asyncio
import datetime as dt
import time

import psycopg
import pytest

from gateway.models import (
    ApiDefinition,
    App,
    Dialect,
    EventType,
    Lifecycle,
    Organization,
    Plan,
    Product,
    Subscription,
    SubscriptionState,
)
from webhooks.models import Endpoint, EndpointState, Lane
from webhooks.subscribers import Recipient, Subscribers, load_subscribers

pytestmark = pytest.mark.django_db(transaction=True)


class Estate:
    """One publisher, one product, one app with one endpoint: everything is as it must be to receive."""

    def __init__(self) -> None:
        self.publisher = Organization.objects.create(name="Shop", slug="shop")
        self.developer = Organization.objects.create(name="Partner", slug="partner")
        self.definition = ApiDefinition.objects.create(
            organization=self.publisher,
            public_id="d1",
            name="Orders",
            dialect=Dialect.SLUICE,
            document="{}",
            listen_path="/orders/",
        )
        self.created = EventType.objects.create(organization=self.publisher, name="order.created")
        self.paid = EventType.objects.create(organization=self.publisher, name="order.paid")
        self.product = self.add_product("orders")
        self.app = App.objects.create(organization=self.developer, name="Till")
        self.subscription = self.subscribe(self.product)
        self.endpoint = Endpoint.objects.create(
            app=self.app, public_id="ep_1", url="https://till.example/hook"
        )
        self.lane = Lane.objects.create(endpoint=self.endpoint)

    def add_product(self, slug: str) -> Product:
        product = Product.objects.create(
            organization=self.publisher,
            slug=slug,
            name=slug,
            webhooks_enabled=True,
            lifecycle=Lifecycle.PUBLISHED,
        )
        product.definitions.add(self.definition)
        product.event_types.add(self.created, self.paid)
        return product

    def subscribe(self, product: Product, **values) -> Subscription:
        plan = Plan.objects.create(product=product, name="free")
        values = {"state": SubscriptionState.APPROVED, **values}
        return Subscription.objects.create(app=self.app, product=product, plan=plan, **values)

    def recipient(self, expires_at: dt.datetime | None = None) -> Recipient:
        return Recipient(self.endpoint.pk, self.lane.pk, expires_at and expires_at.timestamp())

    def match(self, event_type: str = "order.created", now: float | None = None) -> tuple[Recipient, ...]:
        return self.load().match(self.definition.pk, event_type, time.time() if now is None else now)

    def load(self) -> Subscribers:
        return asyncio.run(self._load())

    async def _load(self) -> Subscribers:
        async with await psycopg.AsyncConnection.connect(self.url) as connection:
            return await load_subscribers(connection)


@pytest.fixture
def estate(postgres_url) -> Estate:
    made = Estate()
    made.url = postgres_url
    return made


def test_an_approved_subscription_receives(estate):
    assert estate.match() == (estate.recipient(),)


CONDITIONS = {
    "the subscription is requested": lambda e: _set(e.subscription, state=SubscriptionState.REQUESTED),
    "the subscription is suspended": lambda e: _set(e.subscription, state=SubscriptionState.SUSPENDED),
    "the subscription is cancelled": lambda e: _set(e.subscription, state=SubscriptionState.CANCELLED),
    "the subscription has expired": lambda e: _set(
        e.subscription, expires_at=dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
    ),
    "the product has webhooks off": lambda e: _set(e.product, webhooks_enabled=False),
    "the product is a draft": lambda e: _set(e.product, lifecycle=Lifecycle.DRAFT),
    "the product is retired": lambda e: _set(e.product, lifecycle=Lifecycle.RETIRED),
    "the product lacks the definition": lambda e: e.product.definitions.clear(),
    "the product lacks the event type": lambda e: e.product.event_types.remove(e.created),
    "the endpoint chose another type": lambda e: e.endpoint.event_types.add(e.paid),
    "the endpoint is disabled": lambda e: _set(e.endpoint, state=EndpointState.DISABLED),
    "the organization is closed": lambda e: _set(e.developer, is_active=False),
}


def _set(row, **values) -> None:
    for name, value in values.items():
        setattr(row, name, value)
    row.save()


@pytest.mark.parametrize("change", CONDITIONS.values(), ids=CONDITIONS.keys())
def test_nothing_is_received_when(estate, change):
    change(estate)
    assert estate.match() == ()


def test_an_event_type_is_matched_exactly(estate):
    assert estate.match("order.create") == ()
    assert estate.match("order.created.v2") == ()


def test_an_endpoint_that_chose_its_types_receives_those(estate):
    estate.endpoint.event_types.add(estate.created)
    assert estate.match("order.created") == (estate.recipient(),)
    assert estate.match("order.paid") == ()


def test_a_deprecated_product_and_a_paused_endpoint_still_receive(estate):
    _set(estate.product, lifecycle=Lifecycle.DEPRECATED)
    _set(estate.endpoint, state=EndpointState.PAUSED)
    assert estate.match() == (estate.recipient(),)


def test_two_products_reach_an_endpoint_once_and_for_as_long_as_the_longer_lasts(estate):
    soon, later = (dt.datetime.now(dt.UTC) + dt.timedelta(hours=hours) for hours in (1, 2))
    _set(estate.subscription, expires_at=soon)
    estate.subscribe(estate.add_product("everything"), expires_at=later)
    assert estate.match() == (estate.recipient(later),)
    assert estate.match(now=later.timestamp() + 1) == ()


def test_what_no_product_offers_is_told_from_what_nobody_subscribed_to(estate):
    estate.subscription.delete()
    offered = estate.load().offered
    assert (estate.definition.pk, "order.created") in offered
    assert (estate.definition.pk, "order.lost") not in offered
