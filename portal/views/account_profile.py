"""`/profile`: who one is, and where one belongs."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods

from gateway.models import User
from gateway.users import change_user
from portal.forms.account import ProfileForm
from portal.page_requests import PageRequest
from portal.views.actions import show_form


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def profile(request: PageRequest) -> HttpResponse:
    """Show the profile, and change the name in it."""
    user = request.user
    assert isinstance(user, User), "only who signed in comes here"  # noqa: S101
    form = ProfileForm(request.POST if request.method == "POST" else None, initial={"name": user.name})
    if form.is_bound and form.attempt(lambda values: change_user(user, values)):
        messages.success(request, "Saved.")
        return redirect("profile")
    return show_form(request, "account/profile.html", form)
