"""`/deliveries/<id>`: one delivery, every try of it, the exact bytes, and what happens next."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from gateway.actor import Actor
from portal import access
from portal.delivery_outlook import coming_tries, failure_text, outlook
from portal.page_requests import PageRequest
from portal.signature_recipe import signature_recipe
from portal.views.actions import perform
from portal.views.app_frame import app_frame
from portal.views.guards import member_page, role_page
from streams.errors import SluiceError
from webhooks.exchange import ErrorClass, public_class
from webhooks.models import Attempt, Delivery, Due, Payload, message_id_text
from webhooks.replay import replay_delivery
from webhooks.request import Request
from webhooks.sent_request import head_of, sent_request

BODY_SHOWN: Final = 64 * 1024
"""Bytes of a body that the page shows; all of it can be saved."""
TRIES_SHOWN: Final = 50


@dataclass(frozen=True, slots=True)
class Phase:
    """Where some of a try's time went."""

    name: str
    ms: float


@dataclass(frozen=True, slots=True)
class ShownTry:
    """One try."""

    attempt: Attempt
    failure: str
    """What went wrong, and what to do; empty: nothing did."""
    request: str
    """Its line and headers as they were sent; empty: the payload is past its retention."""
    response_body: str | None
    error: str
    """Its class, in words; empty: it got a whole answer."""
    phases: tuple[Phase, ...]


@require_safe
@member_page
def delivery(request: PageRequest, actor: Actor, delivery: int) -> HttpResponse:
    """Show a delivery. Raises Http404."""
    found = access.delivery(actor, delivery)
    payload = Payload.objects.filter(message_id=found.message_id, day=found.day).first()
    attempts = _attempts(found)
    due = Due.objects.filter(pk=found.pk).first()
    coming = coming_tries(due, found.endpoint)
    last = attempts[0] if attempts else None
    context = {
        **app_frame(actor, found.endpoint.app),
        "delivery": found,
        "message_id": message_id_text(found.message_id.bytes),
        "outlook": outlook(found, found.endpoint, due, last),
        "tries": [_shown(found, attempt, payload) for attempt in attempts],
        "coming": coming,
        "last_try_at": coming[-1].expected if coming else None,
        "by_hand": due is not None and due.manual,
        "payload": payload,
        "body": None if payload is None else _readable(bytes(payload.body)),
        "body_size": 0 if payload is None else len(bytes(payload.body)),
        "is_cut": payload is not None and len(bytes(payload.body)) > BODY_SHOWN,
        "last": last,
        "recompute": ""
        if last is None
        else signature_recipe(message_id_text(found.message_id.bytes), last.signed_at),
    }
    return render(request, "deliveries/delivery.html", context)


@require_safe
@member_page
def delivery_body(request: PageRequest, actor: Actor, delivery: int) -> HttpResponse:  # noqa: ARG001
    """Answer with the exact bytes of a body, to save. Raises Http404."""
    found = access.delivery(actor, delivery)
    payload = Payload.objects.filter(message_id=found.message_id, day=found.day).first()
    if payload is None:
        raise Http404
    # Never as what it says it is: a browser would run a page that a publisher sent.
    response = HttpResponse(bytes(payload.body), content_type="application/octet-stream")
    name = message_id_text(found.message_id.bytes)
    response["Content-Disposition"] = f'attachment; filename="{name}.body"'
    return response


@require_POST
@role_page(access.WEBHOOKS)
def delivery_replay(request: PageRequest, actor: Actor, delivery: int) -> HttpResponse:
    """Send it again now, under the same message id. Raises Http404."""
    found = access.delivery(actor, delivery, access.WEBHOOKS)
    to = reverse("delivery", args=[found.pk])
    said = "It is sent again now: load the page again to see what came of it."
    return perform(request, lambda: replay_delivery(actor, found), said=said, to=to)


def _attempts(delivery: Delivery) -> list[Attempt]:
    """The last tries, the latest first."""
    tries = Attempt.objects.filter(delivery_id=delivery.pk, day=delivery.day)
    # Ids are handed out by the dozen to each connection: they say nothing of the order.
    return list(tries.order_by("-number", "-at")[:TRIES_SHOWN])


def _shown(delivery: Delivery, attempt: Attempt, payload: Payload | None) -> ShownTry:
    sent = None if payload is None else _sent(delivery, attempt, payload)
    answer = None if attempt.response_body is None else _readable(bytes(attempt.response_body), "replace")
    return ShownTry(
        attempt,
        failure=failure_text(attempt),
        request="" if sent is None else head_of(sent),
        response_body=answer,
        error="" if attempt.error is None else public_class(ErrorClass(attempt.error)).replace("_", " "),
        phases=tuple(_phases(attempt)),
    )


def _phases(attempt: Attempt) -> Iterator[Phase]:
    """Those that were needed and reached; a connection that stood already needs few."""
    for name, ms in (
        ("Name look-up", attempt.dns_ms),
        ("Connecting", attempt.connect_ms),
        ("TLS", attempt.tls_ms),
        ("First byte after", attempt.first_byte_ms),
        ("All of it", attempt.total_ms),
    ):
        if ms is not None:
            yield Phase(name, ms)


def _sent(delivery: Delivery, attempt: Attempt, payload: Payload) -> Request | None:
    """The request of a try; None: its endpoint's URL or headers can be read no more."""
    try:
        return sent_request(delivery, attempt, payload)
    except SluiceError:
        return None


def _readable(body: bytes, errors: str = "strict") -> str | None:
    """The beginning of a body as text; None: it is no UTF-8."""
    try:
        whole = body.decode("utf-8", errors)
    except UnicodeDecodeError:
        return None
    return whole[:BODY_SHOWN]
