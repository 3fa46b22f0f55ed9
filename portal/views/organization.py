"""`/organization`: what it is called, who belongs to it, and what was done in it."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from gateway import organizations
from gateway.actor import Actor
from gateway.invitations import open_invitations
from gateway.models import Membership
from portal import access
from portal.audit_trail import audit_of, trail, trail_of
from portal.forms.organization import OrganizationForm, RoleForm
from portal.page_lists import list_page
from portal.page_requests import PageRequest
from portal.views.actions import Confirmation, confirm, show_form
from portal.views.guards import member_page, role_page


@require_safe
@member_page
def organization(request: PageRequest, actor: Actor) -> HttpResponse:
    """Show the organization with its members, and to who may invite, the open invitations."""
    members = Membership.objects.filter(organization=actor.organization).select_related("user")
    is_managed = access.allows(actor, access.ORGANIZATION)
    context = {
        "page": list_page(request, members, order=("pk",)),
        "is_managed": is_managed,
        "invitations": open_invitations(actor.organization) if is_managed else (),
    }
    return render(request, "organization/members.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@role_page(access.ORGANIZATION)
def organization_name(request: PageRequest, actor: Actor) -> HttpResponse:
    """Rename it."""
    data = request.POST if request.method == "POST" else None
    form = OrganizationForm(data, initial={"name": actor.organization.name})
    if form.is_bound and form.attempt(lambda values: organizations.change_organization(actor, values)):
        messages.success(request, f"It is called {form.cleaned_data['name']} now.")
        return redirect("organization")
    return show_form(request, "organization/name.html", form)


@require_http_methods(["GET", "HEAD", "POST"])
@role_page(access.ORGANIZATION)
def member(request: PageRequest, actor: Actor, member: int) -> HttpResponse:
    """Show a member, and give them another role. Raises Http404, PermissionDenied."""
    row = access.membership(actor, member)
    data = request.POST if request.method == "POST" else None
    form = RoleForm(actor, data, initial={"role": row.role})
    if form.is_bound and form.attempt(lambda values: organizations.change_member(actor, row, values["role"])):
        messages.success(request, f"{row.user} is {row.get_role_display().lower()} from now on.")
        return redirect("organization")
    return show_form(
        request, "organization/member.html", form, {"member": row, "trail": trail_of(actor, row)}
    )


@require_http_methods(["GET", "HEAD", "POST"])
@role_page(access.ORGANIZATION)
def member_removal(request: PageRequest, actor: Actor, member: int) -> HttpResponse:
    """Remove a member, once their address is typed. Raises Http404, PermissionDenied."""
    row = access.membership(actor, member)
    asked = Confirmation(
        title=f"Remove {row.user}?",
        text=f"They see nothing of {actor.organization} any more, and management keys that act as them stop working.",
        action="Remove",
        back=reverse("member", args=[row.pk]),
        name=row.user.email,
    )
    said = f"{row.user} does not belong to {actor.organization} any more."
    return confirm(
        request,
        asked,
        lambda: organizations.remove_member(actor, row),
        said=said,
        to=reverse("organization"),
    )


@require_safe
@role_page(access.ORGANIZATION)
def audit(request: PageRequest, actor: Actor) -> HttpResponse:
    """List what was done in the organization, newest first."""
    page = list_page(request, audit_of(actor))
    return render(
        request, "organization/audit.html", {"page": page, "entries": list(trail(actor, page.rows))}
    )
