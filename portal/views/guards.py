"""Who may open a page: decorators that hand its view the Actor who reads, and the choice among organizations."""

import functools
from collections.abc import Callable
from http import HTTPStatus
from typing import Concatenate, ParamSpec, TypeVar, cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from gateway.actor import Actor
from portal import access
from portal.access import Permission
from portal.page_requests import CHOICE, PageRequest, member

_Arguments = ParamSpec("_Arguments")
_Answer = TypeVar("_Answer", bound=HttpResponseBase)
_MemberView = Callable[Concatenate[PageRequest, Actor, _Arguments], _Answer]
_View = Callable[Concatenate[HttpRequest, _Arguments], HttpResponseBase]


def role_page(permission: Permission) -> "Callable[[_MemberView[_Arguments, _Answer]], _View[_Arguments]]":
    """Decorate a view `(request, actor, ...)` for those members who have the permission.

    Who did not sign in is sent to do so; who belongs to no organization or lacks the role is answered 403.
    """

    def decorate(view: "_MemberView[_Arguments, _Answer]") -> "_View[_Arguments]":
        @login_required
        @functools.wraps(view)
        def guarded(request: HttpRequest, *args: _Arguments.args, **kwargs: _Arguments.kwargs) -> _Answer:
            page = cast("PageRequest", request)
            actor = member(page)
            access.require(actor, permission)
            return view(page, actor, *args, **kwargs)

        return _unless_a_part_is_asked(cast("_View[_Arguments]", guarded))

    return decorate


def _unless_a_part_is_asked(view: "_View[_Arguments]") -> "_View[_Arguments]":
    """Answer htmx 401 where a page would lead to sign-in: that page would be put into this one."""

    @functools.wraps(view)
    def answered(
        request: HttpRequest, *args: _Arguments.args, **kwargs: _Arguments.kwargs
    ) -> HttpResponseBase:
        if cast("PageRequest", request).htmx and not request.user.is_authenticated:
            return HttpResponse(status=HTTPStatus.UNAUTHORIZED)
        return view(request, *args, **kwargs)

    return cast("_View[_Arguments]", answered)


def member_page(view: "_MemberView[_Arguments, _Answer]") -> "_View[_Arguments]":
    """Decorate a view for every member, whatever their role."""
    return role_page(access.READ)(view)


def publisher_page(view: "_MemberView[_Arguments, _Answer]") -> "_View[_Arguments]":
    """Decorate a view for those who publish: publishers, admins and owners."""
    return role_page(access.PRODUCTS)(view)


@require_POST
@login_required
def choose_organization(request: PageRequest) -> HttpResponse:
    """Read and act for another of one's organizations from now on: its primary key in `organization`.

    Raises Http404 for one that the reader does not belong to.
    """
    chosen = {str(one.organization_id): one.organization for one in request.memberships()}
    organization = chosen.get(request.POST.get("organization", ""))
    if organization is None:
        raise Http404
    request.session[CHOICE] = organization.pk
    messages.success(request, f"You now see {organization}.")
    return redirect("catalogue")
