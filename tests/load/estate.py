"""Makes an estate in the database that DATABASE_URL names.

stage.py runs `main` in a process of its own, because the harness works on several databases.
"""

import json
import sys

from django.conf import settings
from django.db import transaction
from webhooks.endpoints import SECRET_PURPOSE

from gateway.models import (
    ApiDefinition,
    App,
    Approval,
    Connection,
    DefinitionState,
    Dialect,
    EventType,
    Lifecycle,
    Organization,
    Plan,
    Product,
    Revision,
    RevisionCounter,
    Subscription,
    SubscriptionState,
)
from streams.secrets import KeyRing
from tests.load.plan import AppPlan, EndpointPlan, EstatePlan, loaded
from webhooks.models import Endpoint, EndpointSecret, Lane
from webhooks.signing import secret_key


def build(plan: EstatePlan) -> dict[str, object]:
    """Make everything and have every process learn of it."""
    with transaction.atomic():
        publisher = Organization.objects.create(name="Publisher", slug=f"publisher-{plan.topic}")
        definition = _definition(publisher, plan)
        types = _event_types(publisher, plan)
        products = {name: _product(publisher, definition, name, plan, types) for name in plan.products}
        made: dict[int, list[int]] = {}
        for app_plan in plan.apps:
            made |= _app(app_plan, plan, products, types)
        counter, _ = RevisionCounter.objects.get_or_create(pk=1)
        RevisionCounter.objects.filter(pk=1).update(value=counter.value + 1)
    return {"definition": definition.pk, "endpoints": made}


def _definition(publisher: Organization, plan: EstatePlan) -> ApiDefinition:
    Connection.objects.get_or_create(name="kafka", defaults={"addresses": [plan.bootstrap]})
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


def _event_types(publisher: Organization, plan: EstatePlan) -> dict[str, EventType]:
    names = sorted({name for names in plan.products.values() for name in names})
    made = EventType.objects.bulk_create(EventType(organization=publisher, name=name) for name in names)
    return {one.name: one for one in made}


def _product(
    publisher: Organization,
    definition: ApiDefinition,
    name: str,
    plan: EstatePlan,
    types: dict[str, EventType],
) -> Product:
    product = Product.objects.create(
        organization=publisher,
        slug=f"{name}-{plan.topic}",
        name=name,
        lifecycle=Lifecycle.PUBLISHED,
        webhooks_enabled=True,
    )
    product.definitions.add(definition)
    product.event_types.add(*[types[one] for one in plan.products[name]])
    Plan.objects.create(product=product, name="free", approval=Approval.AUTOMATIC)
    return product


def _app(
    app_plan: AppPlan, plan: EstatePlan, products: dict[str, Product], types: dict[str, EventType]
) -> dict[int, list[int]]:
    developer = Organization.objects.create(name=app_plan.name, slug=f"{app_plan.name}-{plan.topic}")
    app = App.objects.create(organization=developer, name=app_plan.name)
    states = dict.fromkeys(app_plan.products, SubscriptionState.APPROVED)
    states |= dict.fromkeys(app_plan.requested, SubscriptionState.REQUESTED)
    for name, state in states.items():
        product = products[name]
        Subscription.objects.create(app=app, product=product, plan=product.plans.get(), state=state)
    return {one.number: _endpoint(app, one, plan, types) for one in app_plan.endpoints}


def _endpoint(
    app: App, endpoint_plan: EndpointPlan, plan: EstatePlan, types: dict[str, EventType]
) -> list[int]:
    endpoint = Endpoint.objects.create(
        app=app,
        public_id=f"ep-{endpoint_plan.number}-{plan.topic}"[:32],
        url=endpoint_plan.url,
        max_in_flight=endpoint_plan.max_in_flight,
    )
    endpoint.event_types.add(*[types[name] for name in endpoint_plan.event_types])
    ciphertext = KeyRing(settings.KEY_RING).encrypt(
        secret_key(endpoint_plan.secret), purpose=SECRET_PURPOSE, row=endpoint.public_id
    )
    EndpointSecret.objects.create(endpoint=endpoint, ciphertext=ciphertext)
    lane = Lane.objects.create(endpoint=endpoint)
    return [endpoint.pk, lane.pk]


def main() -> None:
    """Make the plan on stdin; print what `stage.Stage.build` reads."""
    json.dump(build(loaded(sys.stdin.read())), sys.stdout)
