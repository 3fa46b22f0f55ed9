"""Actions that nobody can take back: admin asks before it does them."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Final

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from portal.admin.audited import AuditedAdmin

MOST_NAMED: Final = 20
"""Rows that the question names; the others are counted."""

Action = Callable[[Any, HttpRequest, "QuerySet[Any]"], HttpResponse | None]


def irreversible(action: Action) -> Action:
    """Show what an action is about to be done to, and do it once that is confirmed."""

    @wraps(action)
    def asked(page: AuditedAdmin, request: HttpRequest, rows: "QuerySet[Any]") -> HttpResponse | None:
        if "confirmed" in request.POST:
            return action(page, request, rows)
        return _question(page, request, rows)

    return asked


def _question(page: AuditedAdmin, request: HttpRequest, rows: "QuerySet[Any]") -> HttpResponse:
    name = request.POST["action"]
    title, count = page.get_actions(request)[name][2], rows.count()
    context = {
        **page.admin_site.each_context(request),
        "title": title,
        "verb": title.partition(":")[0],
        "opts": page.opts,
        "action": name,
        "rows": rows[:MOST_NAMED],
        "count": count,
        "more": max(0, count - MOST_NAMED),
        "selected": request.POST.getlist("_selected_action"),
        "select_across": request.POST.get("select_across", ""),
    }
    return TemplateResponse(request, "admin/confirm_action.html", context)
