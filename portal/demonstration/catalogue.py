"""The publisher's side of the demonstration: connection, definitions, event types, products and plans."""

from typing import Final

from gateway.actor import Actor
from gateway.connections import change_connection, create_connection
from gateway.definitions import create_definition
from gateway.event_types import create_event_type
from gateway.models import ApiDefinition, Approval, Connection, Dialect, EventType, Plan, Product
from gateway.plans import create_plan
from gateway.products import create_product, publish_product
from portal.components import definition_registry
from portal.demonstration import shop

SLUG: Final = "shop-orders"
FREE: Final = "Free"


def connect(administrator: Actor, bootstrap_servers: str) -> None:
    """Allow the broker of `make up`, wherever it is this time, under its name."""
    addresses = [address.strip() for address in bootstrap_servers.split(",")]
    found = Connection.objects.filter(name=shop.CONNECTION).first()
    if found is None:
        create_connection(administrator, name=shop.CONNECTION, addresses=addresses)
    elif found.addresses != addresses:
        change_connection(administrator, found, {"addresses": addresses})


def product(publisher: Actor) -> Plan:
    """The published product with all it contains. Returns the plan that approves at once."""
    found = Product.objects.filter(slug=SLUG).first()
    return (found or _product(publisher)).plans.get(name=FREE)


def _product(publisher: Actor) -> Product:
    _run(publisher, shop.simulator())
    definition = _run(publisher, shop.orders())
    made = create_product(
        publisher,
        name="Shop orders",
        slug=SLUG,
        summary="Every order of the demonstration's shop, as it happens.",
        webhooks_enabled=True,
        definitions=[definition],
        event_types=[_event_type(publisher, name) for name in shop.EVENT_TYPES],
    )
    create_plan(publisher, made, name=FREE, approval=Approval.AUTOMATIC, max_endpoints=10, price="free")
    create_plan(publisher, made, name="Business", approval=Approval.MANUAL, price="by agreement")
    return publish_product(publisher, made)


def _run(publisher: Actor, document: str) -> ApiDefinition:
    return create_definition(
        publisher, document, Dialect.SLUICE, definition_registry(), activate=True
    ).definition


def _event_type(publisher: Actor, name: str) -> EventType:
    return create_event_type(
        publisher,
        name=name,
        description=shop.EVENT_TYPES[name],
        schema=shop.ORDER_SCHEMA,
        example=shop.example(name),
    )
