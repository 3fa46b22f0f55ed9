"""Which event types an endpoint may choose: those that its app's subscriptions offer."""

import pytest

from gateway.errors import InputError
from gateway.models import EventType, Lifecycle, Product, Role, SubscriptionState
from gateway.models.subscription import LIVE
from tests.changes import actor_in, changes, refused
from tests.factories import (
    AppFactory,
    EventTypeFactory,
    SubscriptionFactory,
)
from webhooks.endpoints import (
    change_endpoint,
    create_endpoint,
    delete_unchosen_event_type,
)

pytestmark = pytest.mark.django_db

URL = "https://receiver.example.com/hook"


@pytest.fixture
def app():
    return AppFactory()


@pytest.fixture
def developer(app):
    return actor_in(app.organization, Role.DEVELOPER)


def subscribe(app, *names, **values):
    """A subscription of a product that offers these event types; returns them."""
    subscription = SubscriptionFactory(app=app, **values)
    owner = subscription.product.organization
    offered = [EventTypeFactory(organization=owner, name=name) for name in names]
    subscription.product.event_types.set(offered)
    return offered


def test_an_endpoint_chooses_from_what_its_app_is_subscribed_to(developer, app):
    created, paid = subscribe(app, "order.created", "order.paid")
    EventTypeFactory(name="order.created")  # another organization's, offered to nobody
    endpoint = create_endpoint(developer, app, url=URL, event_types=["order.created"]).endpoint
    assert list(endpoint.event_types.all()) == [created]
    with changes() as left:
        change_endpoint(developer, endpoint, {"event_types": ["order.paid"]})
    assert list(endpoint.event_types.all()) == [paid]
    [row] = left.audit
    assert row.changes == {"event_types": [["order.created"], ["order.paid"]]}
    change_endpoint(developer, endpoint, {"event_types": []})
    assert not endpoint.event_types.exists()


def test_a_name_that_two_publishers_offer_means_both(developer, app):
    [mine], [theirs] = subscribe(app, "order.created"), subscribe(app, "order.created")
    endpoint = create_endpoint(developer, app, url=URL, event_types=["order.created"]).endpoint
    assert set(endpoint.event_types.all()) == {mine, theirs}


def test_an_event_type_goes_when_no_endpoint_has_chosen_it_any_more(developer, app):
    """Without its only choice an endpoint would receive every type."""
    [created] = subscribe(app, "order.created")
    publisher = actor_in(created.organization, Role.PUBLISHER)
    endpoint = create_endpoint(developer, app, url=URL, event_types=["order.created"]).endpoint
    Product.objects.get().event_types.clear()
    with refused("in_use"):
        delete_unchosen_event_type(publisher, created)
    assert list(endpoint.event_types.all()) == [created]
    change_endpoint(developer, endpoint, {"event_types": []})
    with changes() as left:
        delete_unchosen_event_type(publisher, created)
    assert not EventType.objects.exists()
    assert left.verbs == ["event_type.delete"]


def test_an_event_type_that_a_product_offers_stays(app):
    [created] = subscribe(app, "order.created")
    with refused("in_use"):
        delete_unchosen_event_type(actor_in(created.organization), created)
    assert EventType.objects.get() == created


def test_every_name_that_is_not_offered_is_named_with_its_place(developer, app):
    subscribe(app, "order.created")
    with pytest.raises(InputError) as error:
        create_endpoint(developer, app, url=URL, event_types=["order", "order.created", "Order.created"])
    assert [fault.pointer for fault in error.value.faults] == ["/event_types/0", "/event_types/2"]


@pytest.mark.parametrize("state", SubscriptionState)
def test_a_subscription_offers_while_it_lives(developer, app, state):
    subscribe(app, "order.created", state=state)
    offers(developer, app, state in LIVE)


@pytest.mark.parametrize("lifecycle", Lifecycle)
def test_a_product_offers_while_it_is_sold(developer, app, lifecycle):
    subscribe(app, "order.created")
    Product.objects.update(lifecycle=lifecycle)
    offers(developer, app, lifecycle in {Lifecycle.PUBLISHED, Lifecycle.DEPRECATED})


def test_a_product_without_webhooks_offers_none(developer, app):
    subscribe(app, "order.created")
    Product.objects.update(webhooks_enabled=False)
    offers(developer, app, False)


def test_what_another_app_is_subscribed_to_is_not_offered(developer, app):
    subscribe(AppFactory(organization=app.organization), "order.created")
    offers(developer, app, False)


def offers(developer, app, expected):
    if expected:
        made = create_endpoint(developer, app, url=URL, event_types=["order.created"])
        assert [one.name for one in made.endpoint.event_types.all()] == ["order.created"]
    else:
        with pytest.raises(InputError) as error:
            create_endpoint(developer, app, url=URL, event_types=["order.created"])
        assert [(fault.pointer, fault.code) for fault in error.value.faults] == [
            ("/event_types/0", "unknown")
        ]
