"""`/management-keys`: how an organization's programs call the management API."""

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from gateway.actor import Actor
from gateway.management_keys import IssuedManagementKey, issue_management_key, revoke_management_key
from gateway.models import ManagementKey, User
from portal import access
from portal.forms.organization import ManagementKeyForm
from portal.key_outlook import key_state
from portal.page_lists import list_page
from portal.page_requests import PageRequest
from portal.shown_once import ShownOnce, show_once, take_shown_once
from portal.views.actions import Confirmation, confirm, show_form
from portal.views.guards import role_page


@require_safe
@never_cache
@role_page(access.ORGANIZATION)
def management_keys(request: PageRequest, actor: Actor) -> HttpResponse:
    """List the keys, and once, after it was made, the text of a new one."""
    own = ManagementKey.objects.filter(organization=actor.organization).select_related("user")
    page, now = list_page(request, own), timezone.now()
    context = {
        "page": page,
        "keys": [(row, key_state(row, now)) for row in page.rows],
        "shown": take_shown_once(request),
    }
    return render(request, "organization/management_keys.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@role_page(access.ORGANIZATION)
def new_management_key(request: PageRequest, actor: Actor) -> HttpResponse:
    """Make a key that acts as who makes it."""
    form = ManagementKeyForm(request.POST if request.method == "POST" else None)
    done = form.attempt(lambda _: _issue(actor, form)) if form.is_bound else None
    if done is None:
        return show_form(request, "organization/new_management_key.html", form)
    text = "It is kept as a digest only: copy it now, nobody can show it to you again."
    show_once(request, ShownOnce(f"The new key of {done.value.management_key.name}", done.value.key, text))
    return redirect("management-keys")


@require_http_methods(["GET", "HEAD", "POST"])
@role_page(access.ORGANIZATION)
def management_key_revocation(request: PageRequest, actor: Actor, management_key: int) -> HttpResponse:
    """Revoke a key, once its name is typed. Raises Http404, PermissionDenied."""
    row = access.management_key(actor, management_key)
    asked = Confirmation(
        title=f"Revoke {row.name}?",
        text=f"What calls with the key {row.prefix}… is answered 401 from the next call on.",
        action="Revoke",
        back=reverse("management-keys"),
        name=row.name,
    )
    said = f"{row.name} is revoked."
    return confirm(request, asked, lambda: revoke_management_key(actor, row), said=said, to=asked.back)


def _issue(actor: Actor, form: ManagementKeyForm) -> IssuedManagementKey:
    assert isinstance(actor.user, User), "pages are read in person"  # noqa: S101
    values = form.cleaned_data
    return issue_management_key(
        actor, user=actor.user, name=values["name"], scopes=values["scopes"], expires_at=form.expires_at
    )
