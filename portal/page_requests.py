"""What every page knows of its request: who reads, and a nonce for its scripts."""

import functools
import secrets
from collections.abc import Callable
from typing import Any, Final, cast

from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase

from gateway.actor import Actor
from gateway.models import Membership, Role, User

_EXEMPT: Final = ("/admin/", "/api/")
"""Django admin and the API's documentation bring scripts of their own, which no nonce of ours names."""
_NONCE_BYTES: Final = 16
_POLICY: Final = (
    "default-src 'none'; script-src 'nonce-{nonce}'; style-src 'self'; img-src 'self'; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


class PageRequest(HttpRequest):
    """A request as `describe_reader` leaves it."""

    csp_nonce: str
    reader: Callable[[], Actor | None]
    """Who reads; None: nobody signed in, or somebody without an organization. Asks the database once at most."""


def describe_reader(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """Middleware: make a PageRequest of each request, and send the pages' Content-Security-Policy (CSP level 3)."""

    def respond(request: HttpRequest) -> HttpResponseBase:
        page = cast("PageRequest", request)
        page.csp_nonce = secrets.token_urlsafe(_NONCE_BYTES)
        page.reader = functools.cache(lambda: actor_of_user(page.user))
        response = get_response(page)
        if not page.path.startswith(_EXEMPT):
            response["Content-Security-Policy"] = _POLICY.format(nonce=page.csp_nonce)
        return response

    return respond


def reader(request: HttpRequest) -> dict[str, Any]:
    """Context processor: `reader`, where a request came far enough to have one."""
    return {"reader": getattr(request, "reader", None)}


def actor_of_user(user: User | AnonymousUser) -> Actor | None:
    """Return who a signed-in user is in their first active organization; None: in none."""
    if not isinstance(user, User):
        return None
    memberships = Membership.objects.filter(user=user, organization__is_active=True)
    membership = memberships.select_related("organization").order_by("pk").first()
    return None if membership is None else Actor(user, membership.organization, Role(membership.role))


def member(request: PageRequest) -> Actor:
    """Return who reads a page of an organization. Raises PermissionDenied."""
    actor = request.reader()
    if actor is None:
        raise PermissionDenied("You belong to no active organization: ask an owner of one to add you.")
    return actor
