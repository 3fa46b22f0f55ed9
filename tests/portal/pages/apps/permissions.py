"""Who may open the pages of apps."""

from tests.portal.pages.permissions import INSIDE, MEMBERS, Row
from webhooks.models import Delivery, DeliveryState

MAKERS = "200 200 403 200 200 403 302"
"""A page that every organization has its own of, for those who may change apps."""
CHANGED = "200 200 403 404 200 403 302"
"""A page that changes one organization's own thing."""
DONE = CHANGED.replace("200", "302")
"""It was changed, and the reader led on."""


def unfilled(statuses):
    """Of a form whose page has these statuses, sent empty."""
    return statuses.replace("200", "422")


def app(estate):
    return {"app": estate.app.pk}


def credential(estate):
    return {**app(estate), "credential": estate.app.credentials.get().pk}


def subscription(estate):
    return {"subscription": estate.app.subscriptions.get().pk}


def endpoint(estate):
    return {"endpoint": estate.app.endpoints.earliest("pk").public_id}


def paused_endpoint(estate):
    estate.app.endpoints.update(state="paused")
    return endpoint(estate)


def delivery(estate):
    return {"delivery": Delivery.objects.filter(endpoint__app=estate.app).earliest("pk").pk}


def exhausted_delivery(estate):
    Delivery.objects.update(state=DeliveryState.EXHAUSTED)
    return delivery(estate)


def product(estate):
    return {"slug": estate.public.slug}


def confirmed(name):
    """Fields of a form that has a name typed."""
    return lambda estate: {"typed": name(estate)}


ROWS = (
    Row("apps", "GET", MEMBERS),
    Row("app", "GET", INSIDE, app),
    Row("app-new", "GET", MAKERS),
    Row("app-new", "POST", unfilled(MAKERS)),
    Row("app-settings", "GET", CHANGED, app),
    Row("app-settings", "POST", unfilled(CHANGED), app),
    Row("app-delete", "GET", CHANGED, app),
    Row("app-delete", "POST", DONE, app, confirmed(lambda estate: estate.app.name)),
    Row("app-keys", "GET", INSIDE, app),
    Row("app-keys", "POST", DONE, app),
    Row("credential-rotate", "GET", CHANGED, credential),
    Row("credential-rotate", "POST", unfilled(CHANGED), credential),
    Row("credential-revoke", "GET", CHANGED, credential),
    Row("credential-revoke", "POST", DONE, credential),
    Row("app-webhooks", "GET", INSIDE, app),
    Row("endpoint-new", "GET", CHANGED, app),
    Row("endpoint-new", "POST", unfilled(CHANGED), app),
    Row("app-deliveries", "GET", INSIDE, app),
    Row("app-clients", "GET", INSIDE, app),
    Row("subscribe", "GET", MAKERS, product),
    Row("subscribe", "POST", unfilled(MAKERS), product),
    Row("subscriptions", "GET", MEMBERS),
    Row("subscription", "GET", INSIDE, subscription),
    Row("subscription", "POST", unfilled(CHANGED), subscription),
    Row("subscription-cancel", "GET", CHANGED, subscription),
    Row("subscription-cancel", "POST", DONE, subscription),
    Row("endpoint", "GET", INSIDE, endpoint),
    *(
        row
        for name in ("endpoint-settings", "endpoint-secret")
        for row in (Row(name, "GET", CHANGED, endpoint), Row(name, "POST", unfilled(CHANGED), endpoint))
    ),
    Row("endpoint-test", "GET", CHANGED, endpoint),
    Row("endpoint-test", "POST", unfilled(CHANGED), endpoint, lambda estate: {"event_type": "unheard.of"}),
    Row("endpoint-pause", "POST", DONE, endpoint),
    Row("endpoint-enable", "POST", DONE, paused_endpoint),
    Row("endpoint-replay", "GET", CHANGED, endpoint),
    Row("endpoint-replay", "POST", unfilled(CHANGED), endpoint),
    Row("endpoint-delete", "GET", CHANGED, endpoint),
    Row(
        "endpoint-delete",
        "POST",
        DONE,
        endpoint,
        confirmed(lambda estate: estate.app.endpoints.earliest("pk").url),
    ),
    Row("deliveries", "GET", MEMBERS),
    Row("delivery", "GET", INSIDE, delivery),
    Row("delivery-body", "GET", INSIDE, delivery),
    Row("delivery-replay", "POST", DONE, exhausted_delivery),
    Row("signature", "GET", MEMBERS),
    Row("signature", "POST", unfilled(MEMBERS)),
)
