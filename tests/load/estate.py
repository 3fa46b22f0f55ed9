"""Makes an estate in the database that DATABASE_URL names, by the domain calls that API and pages make.

stage.py runs `main` in a process of its own, because the harness works on several databases.
"""

import json
import sys

from django.db import transaction

from gateway.actor import Actor
from gateway.announcements import announce
from gateway.models import (
    ApiDefinition,
    App,
    Connection,
    DefinitionState,
    Dialect,
    EventType,
    Organization,
    Product,
    Revision,
    Role,
    Subscription,
    SubscriptionState,
)
from gateway.plans import create_plan
from gateway.products import create_product, publish_product
from tests.load.plan import AppPlan, EndpointPlan, EstatePlan, loaded
from webhooks.endpoints import create_endpoint


@transaction.atomic
def build(plan: EstatePlan) -> dict[str, object]:
    """Make everything; every process learns of it at the commit."""
    publisher = _owner("publisher")
    definition = _definition(publisher.organization, plan)
    names = sorted({name for names in plan.products.values() for name in names})
    EventType.objects.bulk_create(EventType(organization=publisher.organization, name=name) for name in names)
    products = {name: _product(publisher, definition, name, plan) for name in plan.products}
    made: dict[int, list[int]] = {}
    for app_plan in plan.apps:
        made |= _app(app_plan, products)
    announce()
    return {"definition": definition.pk, "endpoints": made}


def _owner(name: str) -> Actor:
    return Actor(None, Organization.objects.create(name=name, slug=name), Role.OWNER)


def _definition(publisher: Organization, plan: EstatePlan) -> ApiDefinition:
    Connection.objects.create(name="kafka", addresses=[plan.bootstrap])
    document = json.dumps(plan.document())
    path = f"/{plan.topic}/"
    definition = ApiDefinition.objects.create(
        organization=publisher,
        public_id=plan.topic,
        name=plan.topic,
        dialect=Dialect.SLUICE,
        document=document,
        listen_path=path,
    )
    revision = Revision.objects.create(definition=definition, number=1, document=document, listen_path=path)
    definition.active_revision = revision
    definition.state = DefinitionState.ACTIVE
    definition.save()
    return definition


def _product(publisher: Actor, definition: ApiDefinition, name: str, plan: EstatePlan) -> Product:
    types = EventType.objects.filter(name__in=plan.products[name])
    product = create_product(
        publisher, name=name, webhooks_enabled=True, definitions=[definition], event_types=types
    )
    create_plan(publisher, product, name="free")
    return publish_product(publisher, product)


def _app(app_plan: AppPlan, products: dict[str, Product]) -> dict[int, list[int]]:
    developer = _owner(app_plan.name)
    app = App.objects.create(organization=developer.organization, name=app_plan.name)
    states = dict.fromkeys(app_plan.products, SubscriptionState.APPROVED)
    states |= dict.fromkeys(app_plan.requested, SubscriptionState.REQUESTED)
    for name, state in states.items():
        product = products[name]
        Subscription.objects.create(app=app, product=product, plan=product.plans.get(), state=state)
    return {one.number: _endpoint(developer, app, one) for one in app_plan.endpoints}


def _endpoint(developer: Actor, app: App, plan: EndpointPlan) -> list[int]:
    created = create_endpoint(
        developer,
        app,
        url=plan.url,
        secret=plan.secret,
        event_types=plan.event_types,
        max_in_flight=plan.max_in_flight,
    )
    return [created.endpoint.pk, created.endpoint.lanes.get().pk]


def main() -> None:
    """Make the plan on stdin; print what `stage.Stage.build` reads."""
    json.dump(build(loaded(sys.stdin.read())), sys.stdout)
