"""`/apps/<id>/settings`: an app's name and description, and its end."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from gateway.actor import Actor
from gateway.applications import change_app
from portal import access
from portal.forms.apps import AppForm, values_of
from portal.page_requests import PageRequest
from portal.views.actions import Confirmation, confirm, show_form
from portal.views.app_frame import app_frame
from portal.views.guards import role_page
from webhooks.endpoints import delete_app


@require_http_methods(["GET", "HEAD", "POST"])
@role_page(access.APPS)
def app_settings(request: PageRequest, actor: Actor, app: int) -> HttpResponse:
    """Change name or description. Raises Http404."""
    found = access.app(actor, app, access.APPS)
    form = AppForm(request.POST if request.method == "POST" else None, initial=values_of(found))
    if form.is_bound and form.attempt(lambda values: change_app(actor, found, values)):
        messages.success(request, "Saved.")
        return redirect("app-settings", found.pk)
    found.refresh_from_db()  # a name that was refused is in the form alone
    return show_form(request, "apps/settings.html", form, app_frame(actor, found))


@require_http_methods(["GET", "HEAD", "POST"])
@role_page(access.APPS)
def app_delete(request: PageRequest, actor: Actor, app: int) -> HttpResponse:
    """Delete an app, by typing its name. Raises Http404."""
    found = access.app(actor, app, access.APPS)
    asked = Confirmation(
        title=f"Delete {found.name}?",
        text="Its API keys stop working at once, its subscriptions end, and its webhook endpoints are deleted with "
        "what was not delivered yet. This cannot be undone.",
        action="Delete the app",
        back=reverse("app-settings", args=[found.pk]),
        name=found.name,
    )
    said = f"{found.name} is deleted."
    return confirm(request, asked, lambda: delete_app(actor, found), said=said, to=reverse("apps"))
