"""Invitations: from the organization's side, and from that of who follows the link in the mail."""

from http import HTTPStatus

from allauth.decorators import rate_limit
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from gateway.actor import Actor
from gateway.errors import RefusedError
from gateway.invitations import accept_invitation, check_acceptable, invitation_of, revoke_invitation
from gateway.models import Invitation, User
from portal import access
from portal.forms.domain_form import failed_call_text
from portal.forms.organization import InvitationForm
from portal.invitation_mail import invite_by_mail
from portal.page_requests import CHOICE, PageRequest
from portal.views.actions import perform, show_form
from portal.views.guards import role_page


@require_http_methods(["GET", "HEAD", "POST"])
@role_page(access.ORGANIZATION)
@rate_limit(action="invite")  # type: ignore[untyped-decorator]  # allauth has no annotations
def new_invitation(request: PageRequest, actor: Actor) -> HttpResponse:
    """Ask somebody to join."""
    form = InvitationForm(actor, request.POST if request.method == "POST" else None)
    if form.is_bound and form.attempt(lambda values: invite_by_mail(actor, **values)):
        messages.success(request, f"The invitation is on its way to {form.cleaned_data['email']}.")
        return redirect("organization")
    return show_form(request, "organization/invite.html", form)


@require_POST
@role_page(access.ORGANIZATION)
def invitation_revocation(request: PageRequest, actor: Actor, invitation: int) -> HttpResponse:
    """Take an invitation back. Raises Http404, PermissionDenied."""
    row = access.invitation(actor, invitation)
    said = f"The link that {row.email} was sent opens nothing any more."
    return perform(request, lambda: revoke_invitation(actor, row), said=said, to=reverse("organization"))


@require_safe
@never_cache
def invitation(request: PageRequest, token: str) -> HttpResponse:
    """Show who invites and what comes next: signing up, signing in or accepting. Raises Http404."""
    found = _found(token)
    try:
        check_acceptable(found)
    except RefusedError as error:
        context = {"invitation": found, "refusal": failed_call_text(error)}
        return render(request, "organization/invitation_ended.html", context, status=HTTPStatus.GONE)
    context = {
        "invitation": found,
        "token": token,
        "is_known": User.objects.filter(email__iexact=found.email).exists(),
        "is_theirs": getattr(request.user, "email", "").lower() == found.email,
    }
    return render(request, "organization/invitation.html", context)


@require_POST
@login_required
def invitation_acceptance(request: PageRequest, token: str) -> HttpResponse:
    """Join, and see the organization from now on. Raises Http404."""
    assert isinstance(request.user, User), "only who signed in comes here"  # noqa: S101
    try:
        membership = accept_invitation(request.user, token)
    except Invitation.DoesNotExist:
        raise Http404 from None
    except RefusedError as error:
        messages.error(request, failed_call_text(error))
        return redirect("invitation", token=token)
    request.session[CHOICE] = membership.organization_id
    messages.success(request, f"You belong to {membership.organization} now, as {membership.role}.")
    return redirect("apps")


def _found(token: str) -> Invitation:
    try:
        return invitation_of(token)
    except Invitation.DoesNotExist:
        raise Http404 from None
