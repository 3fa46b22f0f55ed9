"""Who may open the catalogue, the console, and a publisher's pages."""

from gateway.models import EventType, SubscriptionState
from portal.models import Page
from tests import factories
from tests.portal.pages.conftest import Estate
from tests.portal.pages.permissions import INSIDE, MEMBERS, OPEN, Row, Values

PUBLISHERS = "200 403 403 200 200 403 302"
"""A form of one's own organization that publishers alone open."""
PUBLISH = "200 403 403 404 200 403 302"
"""A form of one organization's own thing that publishers alone open."""
SENT = "422 403 403 404 422 403 302"
"""The same, sent without what it asks for."""
DONE = "302 403 403 404 302 403 302"
"""The same, done."""


def product(estate: Estate) -> dict[str, int]:
    return {"product": estate.shared.pk}


def plan(estate: Estate) -> dict[str, int]:
    return {"product": estate.shared.pk, "plan": estate.shared.plans.get().pk}


def page(estate: Estate) -> dict[str, int]:
    row, _ = Page.objects.get_or_create(product=estate.shared, slug="limits", title="Limits")
    return {"product": estate.shared.pk, "page": row.pk}


def document(estate: Estate) -> dict[str, str]:
    page(estate)
    return {"slug": estate.shared.slug, "page": "limits"}


def ticket(estate: Estate) -> dict[str, object]:
    return {"app": estate.app.pk, "definition": "nothing", "stream": "live"}


def event_type(estate: Estate) -> dict[str, int]:
    return {"event_type": EventType.objects.filter(organization=estate.actor.organization).earliest("pk").pk}


def subscription(estate: Estate) -> dict[str, int]:
    found = estate.shared.subscriptions.first() or factories.SubscriptionFactory(
        plan=estate.shared.plans.get(), state=SubscriptionState.REQUESTED
    )
    return {"subscription": found.pk}


def form(name: str, arguments: Values) -> tuple[Row, ...]:
    """A publisher's form, opened and sent empty."""
    return Row(name, "GET", PUBLISH, arguments), Row(name, "POST", SENT, arguments)


def question(name: str, arguments: Values, *, is_typed: bool) -> tuple[Row, ...]:
    """A publisher's confirmation, opened and answered; the name is not typed."""
    return Row(name, "GET", PUBLISH, arguments), Row(name, "POST", SENT if is_typed else DONE, arguments)


ROWS = (
    Row("catalogue", "GET", OPEN),
    Row("product", "GET", OPEN, lambda estate: {"slug": estate.public.slug}),
    Row("product", "GET", "200 200 200 404 200 404 404", lambda estate: {"slug": estate.shared.slug}),
    Row("product-document", "GET", "200 200 200 404 200 404 404", document),
    Row("console", "GET", MEMBERS),
    Row("console-ticket", "POST", "422 422 403 422 422 403 302"),
    Row("console-ticket", "POST", "422 422 403 404 422 403 302", data=ticket),
    Row("event-types", "GET", MEMBERS),
    Row("new-event-type", "GET", PUBLISHERS),
    Row("new-event-type", "POST", "422 403 403 422 422 403 302"),
    Row("event-type", "GET", INSIDE, event_type),
    Row("event-type-change", "GET", PUBLISH, event_type),
    Row("event-type-change", "POST", SENT, event_type),
    Row("event-type-deprecation", "POST", DONE, event_type),
    *question("event-type-deletion", event_type, is_typed=True),
    Row("products", "GET", MEMBERS),
    Row("new-product", "GET", PUBLISHERS),
    Row("new-product", "POST", "422 403 403 422 422 403 302"),
    Row("own-product", "GET", INSIDE, product),
    *form("product-settings", product),
    Row("product-publication", "POST", DONE, product),
    *question("product-withdrawal", product, is_typed=False),
    *question("product-deprecation", product, is_typed=False),
    *question("product-retirement", product, is_typed=True),
    *question("product-deletion", product, is_typed=True),
    Row("product-plans", "GET", INSIDE, product),
    *form("new-plan", product),
    *form("plan-change", plan),
    Row("plan-deletion", "GET", PUBLISH, plan),
    Row("plan-deletion", "POST", SENT, plan),
    Row("product-texts", "GET", INSIDE, product),
    Row("product-description", "GET", PUBLISH, product),
    Row("product-description", "POST", SENT, product),
    *form("new-page", product),
    *form("page-change", page),
    *question("page-deletion", page, is_typed=True),
    Row("markdown-preview", "POST", PUBLISHERS),
    Row("product-subscribers", "GET", INSIDE, product),
    Row("subscriber", "GET", INSIDE, subscription),
    Row("subscriber", "POST", SENT, subscription),
    Row("subscriber", "POST", SENT, subscription, lambda _: {"attributes": "[]"}),
    Row("approvals", "GET", MEMBERS),
)
