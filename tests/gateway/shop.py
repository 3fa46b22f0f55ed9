"""A publisher's API, made by the domain calls, and those who call it: with a right to, and without."""

import json
import time
from dataclasses import dataclass, field
from typing import Any

from gateway.actor import Actor
from gateway.credentials import IssuedCredential, issue_credential
from gateway.definitions import create_definition, replace_definition
from gateway.models import (
    ApiDefinition,
    App,
    Dialect,
    Plan,
    Product,
    RevisionCounter,
    Subscription,
    SubscriptionState,
)
from gateway.openness import is_open_definition
from gateway.plans import create_plan
from gateway.products import create_product, publish_product
from portal.components import definition_registry
from tests.changes import actor_in
from tests.factories import AppFactory, OrganizationFactory, SubscriptionFactory

CHAT = {"input": {"http_server": {"path": "/chat", "ws_path": "/chat/ws"}}, "output": {"drop": {}}}


def document(
    streams: dict[str, Any] | None = None,
    *,
    name: str = "shop",
    authentication: dict[str, Any] | None = None,
    upstream: str = "",
    **gateway: Any,
) -> dict[str, Any]:
    """A definition that listens at /<name>/; gateway: more of `x-tyk-api-gateway`."""
    server: dict[str, Any] = {"listenPath": {"value": f"/{name}/", "strip": True}}
    if authentication is not None:
        server["authentication"] = authentication
    return {
        "openapi": "3.0.3",
        "info": {"title": name, "version": "1.0.0"},
        "paths": {},
        "x-tyk-api-gateway": {
            "info": {"name": name},
            "server": server,
            "upstream": {"url": upstream},
            **gateway,
        },
        "x-tyk-streaming": {"streams": streams or {"chat": CHAT}},
    }


@dataclass
class Shop:
    """A published product with one definition and one plan; an open definition is in no product."""

    publisher: Actor
    definition: ApiDefinition
    product: Product
    plan: Plan
    developers: dict[int, Actor] = field(default_factory=dict)

    def app(self, state: SubscriptionState | None = SubscriptionState.APPROVED, **values: Any) -> App:
        """An app, subscribed in a state; None: not at all."""
        app = AppFactory()
        self.developers[app.pk] = actor_in(app.organization)
        if state is not None:
            SubscriptionFactory(app=app, plan=self.plan, product=self.product, state=state, **values)
        return app

    def issue(self, app: App, **values: Any) -> IssuedCredential:
        """A key of an app."""
        return issue_credential(self.developers[app.pk], app, **values)

    def key(self, app: App, **values: Any) -> str:
        """The text of a key."""
        return self.issue(app, **values).key

    def subscription(self, app: App) -> Subscription:
        """The one of an app."""
        return Subscription.objects.get(app=app)

    def replace(self, text: dict[str, Any]) -> None:
        """Another document in force."""
        replace_definition(
            self.publisher, self.definition, json.dumps(text), definition_registry(), activate=True
        )


def open_shop(text: dict[str, Any] | None = None, dialect: Dialect = Dialect.SLUICE, **limits: Any) -> Shop:
    """Make it; limits: of the plan. An open definition is not for sale."""
    # Each test's count is another: a gateway that outlives a test sees that everything is new.
    RevisionCounter.objects.update(value=time.time_ns() // 1_000_000)
    publisher = actor_in(OrganizationFactory())
    saved = create_definition(
        publisher, json.dumps(text or document()), dialect, definition_registry(), activate=True
    )
    sold = [] if is_open_definition(saved.definition) else [saved.definition]
    product = create_product(publisher, name="shop", definitions=sold)
    plan = create_plan(publisher, product, name="free", **limits)
    if sold:
        publish_product(publisher, product)
    return Shop(publisher, saved.definition, product, plan)
