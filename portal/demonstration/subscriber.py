"""The developer's side of the demonstration: an app with a key, subscribed, with an endpoint."""

from typing import Final

from gateway.actor import Actor
from gateway.applications import create_app
from gateway.credentials import issue_credential
from gateway.models import App, Credential, Plan
from gateway.models.subscription import LIVE
from gateway.subscriptions import request_subscription
from portal.demonstration.issued import IssuedApp
from streams.secrets import api_key_digest
from webhooks.endpoints import change_endpoint, create_endpoint
from webhooks.models import Endpoint

APP: Final = "Parcel tracker"
ENDPOINT: Final = "The receiver of make up"


def app(developer: Actor) -> App:
    """The developer's app."""
    found = App.objects.filter(organization=developer.organization, name=APP).first()
    return found or create_app(developer, name=APP, description="Tells customers where their order is.")


def issue(developer: Actor, app: App, known_key: str) -> IssuedApp:
    """The app's API key: the known one while it works, else a new one."""
    live = Credential.objects.filter(app=app, digest=api_key_digest(known_key), revoked_at=None)
    if known_key and live.exists():
        return IssuedApp(app.name, known_key)
    return IssuedApp(app.name, issue_credential(developer, app, name="tutorial").key)


def subscribe(developer: Actor, app: App, plan: Plan) -> None:
    """Subscribe the app under the plan, which approves at once, unless it is subscribed."""
    if not app.subscriptions.filter(product=plan.product, state__in=LIVE).exists():
        request_subscription(developer, app=app, product=plan.product, plan=plan)


def receive(developer: Actor, app: App, url: str, secret: str) -> None:
    """Give the app an endpoint at the receiver; one whose receiver has moved follows it."""
    found = Endpoint.objects.filter(app=app, description=ENDPOINT).first()
    if found is None:
        create_endpoint(developer, app, url=url, secret=secret, description=ENDPOINT)
    elif found.url != url:
        change_endpoint(developer, found, {"url": url})
