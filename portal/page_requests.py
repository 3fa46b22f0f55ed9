"""What every page knows of its request: who reads and for which organization, its id, a nonce for its scripts."""

import functools
import secrets
import uuid
from collections.abc import Callable, Sequence
from typing import Any, Final, cast
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase
from django_htmx.middleware import HtmxDetails

from gateway.actor import Actor
from gateway.models import Membership, Role, User
from portal.navigation import navigation

CHOICE: Final = "organization"
"""Where the session keeps which organization somebody who belongs to several chose: its primary key."""
_EXEMPT: Final = ("/admin/", "/api/")
"""Django admin and the API's documentation bring scripts of their own, which no nonce of ours names."""
_NONCE_BYTES: Final = 16
_POLICY: Final = (
    "default-src 'none'; script-src 'nonce-{nonce}'; style-src 'self'; img-src {images}; font-src 'self'; "
    "connect-src {connections}; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


class PageRequest(HttpRequest):
    """A request as `describe_reader` leaves it."""

    csp_nonce: str
    request_id: str
    """32 hex digits, in the header X-Request-Id, on pages of errors and in the log."""
    htmx: HtmxDetails
    memberships: Callable[[], Sequence[Membership]]
    """The reader's, in active organizations. Asks the database once at most."""
    reader: Callable[[], Actor | None]
    """Who reads; None: nobody signed in, or somebody without an organization. Asks once, with `memberships`."""


def describe_reader(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """Middleware: make a PageRequest of each request, and send the pages' Content-Security-Policy (CSP level 3)."""

    def respond(request: HttpRequest) -> HttpResponseBase:
        page = cast("PageRequest", request)
        page.csp_nonce = secrets.token_urlsafe(_NONCE_BYTES)
        page.request_id = uuid.uuid4().hex
        page.memberships = functools.cache(lambda: memberships_of_user(page.user))
        page.reader = functools.cache(lambda: _actor(page.memberships(), page.session.get(CHOICE)))
        response = get_response(page)
        response.headers.setdefault("X-Request-Id", page.request_id)
        if not page.path.startswith(_EXEMPT):
            response["Content-Security-Policy"] = content_policy(page.csp_nonce)
        return response

    return respond


def content_policy(nonce: str) -> str:
    """Return the Content-Security-Policy of a page: the console reads the gateway, publishers' pages show images."""
    gateway = urlsplit(settings.GATEWAY_URL)
    secure = "s" if gateway.scheme == "https" else ""
    connections = ("'self'", f"{gateway.scheme}://{gateway.netloc}", f"ws{secure}://{gateway.netloc}")
    images = ("'self'", *settings.IMAGE_ORIGINS)
    return _POLICY.format(nonce=nonce, images=" ".join(images), connections=" ".join(connections))


def reader(request: HttpRequest) -> dict[str, Any]:
    """Context processor: `reader`, `memberships` and `navigation`, where a request came far enough to have them."""
    if not hasattr(request, "reader"):
        return {"reader": None}
    page = cast("PageRequest", request)
    return {
        "reader": page.reader,
        "memberships": page.memberships,
        "navigation": lambda: navigation(page.reader(), page.path),
    }


def memberships_of_user(user: User | AnonymousUser) -> Sequence[Membership]:
    """Return where a signed-in user belongs, in active organizations, oldest first."""
    if not isinstance(user, User):
        return ()
    found = Membership.objects.filter(user=user, organization__is_active=True)
    return tuple(found.select_related("organization", "user").order_by("pk"))


def _actor(memberships: Sequence[Membership], chosen: int | None) -> Actor | None:
    """Who reads: a member of the chosen organization, else of the first."""
    by_organization = {membership.organization_id: membership for membership in reversed(memberships)}
    first = memberships[0] if memberships else None
    membership = by_organization.get(chosen or 0, first)
    if membership is None:
        return None
    return Actor(membership.user, membership.organization, Role(membership.role))


def member(request: PageRequest) -> Actor:
    """Return who reads a page of an organization. Raises PermissionDenied."""
    actor = request.reader()
    if actor is None:
        raise PermissionDenied("You belong to no active organization: ask an owner of one to add you.")
    return actor
