"""The first page of Django admin: what waits for somebody."""

from dataclasses import dataclass
from typing import Any, Final

from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse

from gateway.models import (
    Instance,
    InstanceState,
    Quarantine,
    QuarantineState,
    Subscription,
    SubscriptionState,
)
from webhooks.models import Endpoint, EndpointState

MOST_COUNTED: Final = 1000
"""Nobody needs to know how many more."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """Some rows that somebody should look at."""

    title: str
    count: str
    url: str
    is_quiet: bool
    """There are none."""


def with_what_waits(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:  # noqa: ARG001 - unfold's signature
    """Add what waits to the page's context; unfold's DASHBOARD_CALLBACK. Four counts, each of few rows."""
    requested = Subscription.objects.filter(state=SubscriptionState.REQUESTED)
    disabled = Endpoint.objects.filter(state=EndpointState.DISABLED)
    unhealthy = Instance.objects.filter(state=InstanceState.UNHEALTHY)
    held = Quarantine.objects.filter(state=QuarantineState.HELD)
    context["waiting"] = [
        _waiting("Subscriptions to approve", requested, f"state__exact={SubscriptionState.REQUESTED}"),
        _waiting("Endpoints that are disabled", disabled, f"state__exact={EndpointState.DISABLED}"),
        _waiting("Streams that fail", unhealthy, f"state__exact={InstanceState.UNHEALTHY}"),
        _waiting("Messages in quarantine", held, f"state__exact={QuarantineState.HELD}"),
    ]
    return context


def _waiting(title: str, rows: "QuerySet[Any]", query: str) -> Waiting:
    found = len(rows.values_list("pk")[: MOST_COUNTED + 1])
    count = f"over {MOST_COUNTED}" if found > MOST_COUNTED else str(found)
    meta = rows.model._meta  # noqa: SLF001 - Django's documented way to a model's names
    address = reverse(f"admin:{meta.app_label}_{meta.model_name}_changelist")
    return Waiting(title, count, f"{address}?{query}", found == 0)
